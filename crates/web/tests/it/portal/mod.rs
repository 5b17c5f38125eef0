//! The portal as customers' browsers see it, on both databases.

mod bad_input;
pub(crate) mod browser;
mod buying;
mod credit;
mod failures;
mod pages;
mod returning;
mod tickets;
pub(crate) mod ways;
pub(crate) mod world;

/// A device with an address of its maker's.
const PHONE: &str = "A4:83:E7:1C:0B:55";
/// Another.
const LAPTOP: &str = "3C:22:FB:90:11:AA";
