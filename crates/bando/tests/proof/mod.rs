//! What the proofs share: a town with the whole program in it, its customers, and the checker.
//!
//! `it` (the flow tests), `race`, `crash` and `faults` are programs that include this module.
#![allow(dead_code, reason = "each of the programs uses its part")]

pub(crate) mod arguments;
pub(crate) mod books;
pub(crate) mod checker;
pub(crate) mod child;
pub(crate) mod clock;
pub(crate) mod core;
pub(crate) mod customer;
pub(crate) mod dice;
pub(crate) mod facts;
mod ledger;
pub(crate) mod machine;
pub(crate) mod town;
