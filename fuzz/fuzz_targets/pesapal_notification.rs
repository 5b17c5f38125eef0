//! Any body: read as a notification of Pesapal without a panic, never more than a hint, and answered
//! with JSON.

#![no_main]

use std::sync::{Arc, LazyLock};

use bando_domain::{Clock, Timestamp};
use bando_gateways::{Gateway, Notification, Outcome, Pesapal, Timeouts};
use libfuzzer_sys::fuzz_target;

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_700_000_000)
    }
}

static PESAPAL: LazyLock<Pesapal> =
    LazyLock::new(|| Pesapal::new(Arc::new(Still), Timeouts::default()).expect("HTTPS"));

fuzz_target!(|body: &[u8]| {
    let said = PESAPAL.acknowledgement(body);
    assert!(said.starts_with('{') && said.ends_with('}'));
    let Ok(read) = PESAPAL.read_message(body) else {
        return;
    };
    let Notification::Payment {
        reference,
        outcome: Outcome::Undecided { .. },
    } = read
    else {
        panic!("more than a hint");
    };
    assert!(!reference.merchant_request_id.is_empty());
    assert!(!reference.checkout_request_id.is_empty());
});
