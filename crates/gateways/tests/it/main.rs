//! The clients on the wire: against the simulators, and against servers that answer oddly.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

mod daraja_money;
mod momo;
mod odd_servers;
mod pesapal;
mod simulator;
mod support;
mod wave;
