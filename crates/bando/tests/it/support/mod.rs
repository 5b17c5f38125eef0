//! What the tests of the whole program share.

pub(crate) mod browser;
pub(crate) mod chromedriver;
pub(crate) mod clients;
pub(crate) mod log;
