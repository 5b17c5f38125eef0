//! RouterOS: the configuration generator.
//!
//! [`RouterSetup`] describes a hotspot router of Bando; [`RouterSetup::install_script`] writes what
//! an operator pastes into its terminal, [`removal_script`] what takes it away again. Everything is
//! plain text in, plain text out: no I/O, no clock.
//!
//! A script may be pasted any number of times. Objects with a name are found by `bando…` names,
//! the others by comments `bando:…`; nothing else on the router is touched, but for the few single
//! settings that `docs/router.md` lists. Every text that comes from a person passes through
//! [`Quoted`], so that no name or secret can become a command.

mod address;
mod error;
mod install;
mod login_page;
mod quoted;
mod remove;
mod script;
mod setup;

pub use address::{Host, Network};
pub use error::SetupError;
pub use login_page::login_page;
pub use quoted::Quoted;
pub use remove::removal_script;
pub use setup::{
    GardenHost, Identity, Interface, Portal, RadiusServer, RouterOs, RouterSetup, SharedSecret,
};
