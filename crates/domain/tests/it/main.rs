//! Rules that hold for every value, tried on many.

mod codes;
mod entitlements;
mod money;
mod phones;
mod plans;
mod states;
