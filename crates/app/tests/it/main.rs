//! The use cases, on both engines, against a gateway and routers that do as they are told. After
//! each test everything that must always hold is checked.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod access;
mod accounts;
mod allotments;
mod arrivals;
mod books;
mod by_hand;
mod cash;
mod chaos;
mod confirmations;
mod ending;
mod gateways;
mod messages;
mod outcomes;
mod payouts;
mod purchase;
mod races;
mod reconcile;
mod refund_ways;
mod refunds;
mod tenants;
mod tickets;
mod wallet;
