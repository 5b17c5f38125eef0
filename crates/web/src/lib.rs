//! HTTP: portal, console, API and gateway hooks.

pub mod assets;
pub mod charts;
pub mod format;
pub mod i18n;
pub mod qr;
pub mod views;
