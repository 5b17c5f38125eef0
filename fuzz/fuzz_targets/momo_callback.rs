//! Any body: read as a callback of MTN MoMo without a panic, and never more than a hint.

#![no_main]

use std::sync::{Arc, LazyLock};

use bando_domain::{Clock, Timestamp};
use bando_gateways::{Gateway, Momo, Notification, Outcome, Timeouts};
use libfuzzer_sys::fuzz_target;

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_700_000_000)
    }
}

static MOMO: LazyLock<Momo> =
    LazyLock::new(|| Momo::new(Arc::new(Still), Timeouts::default()).expect("HTTPS"));

fuzz_target!(|body: &[u8]| match MOMO.read_message(body) {
    Err(_) | Ok(Notification::Nothing { .. }) => {}
    Ok(Notification::Payment {
        reference,
        outcome: Outcome::Undecided { .. },
    }) => assert_eq!(
        reference.checkout_request_id.len(),
        reference.merchant_request_id.len()
    ),
    Ok(_) => panic!("more than a hint"),
});
