//! Tests of the crate as others use it.

mod api;
mod console;
mod hooks;
mod look;
mod portal;
mod samples;
