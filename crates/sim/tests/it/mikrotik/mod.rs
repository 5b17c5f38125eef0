//! The simulated MikroTik against a small RADIUS server.

mod accounting;
mod browser;
mod control;
mod fixture;
mod login;
