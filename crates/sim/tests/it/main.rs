//! The simulators against the captures they were built from.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

mod daraja;
mod mikrotik;
mod momo;
mod pesapal;
mod support;
mod wave;
