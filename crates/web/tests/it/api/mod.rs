//! The JSON API, on both databases.

mod bad_input;
mod buying;
mod coverage;
mod members;
mod signing_in;
mod spec;
mod world;
