//! HTTP: portal, console, API and gateway hooks.

mod api;
pub mod assets;
pub mod charts;
mod console;
pub mod format;
mod hooks;
pub mod i18n;
mod portal;
pub mod qr;
mod server;
mod standing;
mod state;
pub mod views;

pub use api::openapi;
pub use server::{router, serve};
pub use state::{Source, Web};

/// Pages that the program adds to the web server's own.
pub type Pages = axum::Router;
