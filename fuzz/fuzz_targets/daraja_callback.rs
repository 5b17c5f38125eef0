//! Any body: read as an STK callback without a panic, and money only where the code says so.

#![no_main]

use bando_gateways::{Outcome, read_callback};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let Ok(read) = read_callback(body) else {
        return;
    };
    assert!(!read.checkout_request_id.is_empty());
    if let Outcome::Paid { amount, .. } = read.outcome {
        assert!(amount.is_none_or(|amount| amount.is_positive()));
    }
});
