//! The codec against the RFCs' examples, packets that others made, and every kind of nonsense.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod corpus;
mod property;
mod rfc2865;
