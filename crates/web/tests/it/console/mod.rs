//! The console, as a browser meets it, on both databases.

mod books;
mod live;
mod pages;
mod plans;
mod roles;
mod routers;
mod selling;
mod settings;
mod signing_in;
mod world;
