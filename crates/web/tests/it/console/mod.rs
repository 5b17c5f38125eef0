//! The console, as a browser meets it, on both databases.

mod books;
mod cases;
mod confirming;
mod live;
mod pages;
mod plans;
mod reconciling;
mod roles;
mod routers;
mod selling;
mod sending;
mod settings;
mod signing_in;
mod stage;
mod till;
mod ways;
mod world;
