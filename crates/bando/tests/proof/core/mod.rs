//! The use cases alone, without sockets: thousands of lives and deaths in a minute, each of them
//! decided by the seed.

pub(crate) mod companies;
mod judge;
pub(crate) mod lane;
pub(crate) mod life;
