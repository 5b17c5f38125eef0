//! A clock and a source of randomness that a test holds in its hand, and an account to test with.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bando_domain::{Clock, Currency, Entropy, Money, Phone, Secret, Timestamp};
use bando_gateways::{Charge, Daraja, DarajaAccount, Environment, Shortcode, Timeouts};

/// Stands still.
pub(crate) struct HandClock(pub(crate) AtomicI64);

impl HandClock {
    /// 2026-11-20 14:35 in Nairobi.
    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(1_795_174_500_000))
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// The same bytes for the same seed (SplitMix64).
pub(crate) struct Seeded(pub(crate) Mutex<u64>);

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().expect("not poisoned");
        for byte in bytes {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (z ^ (z >> 31)) as u8;
        }
    }
}

/// An account whose Daraja is at `base_url`: the simulator's paybill 174379.
pub(crate) fn account(base_url: &str) -> DarajaAccount {
    DarajaAccount {
        environment: Environment::Custom(base_url.into()),
        consumer_key: "key174379".into(),
        consumer_secret: Secret::new("secret174379"),
        shortcode: "174379".into(),
        kind: Shortcode::Paybill,
        passkey: Secret::new("passkey174379"),
    }
}

/// Fifty shillings from `phone`.
pub(crate) fn charge(phone: &str, callback_url: &str) -> Charge {
    Charge {
        reference: "0193f1de-0000-7000-8000-000000000001".into(),
        return_url: "https://wifi.example.co.ke/pay/1".into(),
        account_reference: "K7P2-M4XX 99 overlong".into(),
        description: "1 hour of internet".into(),
        amount: Money::from_minor(5_000, Currency::Kes),
        phone: Phone::from_international(phone).expect("a phone"),
        callback_url: callback_url.into(),
    }
}

/// A client that waits half a second.
pub(crate) fn daraja(clock: Arc<HandClock>) -> Daraja {
    let timeouts = Timeouts {
        connect: Duration::from_millis(500),
        total: Duration::from_millis(500),
    };
    Daraja::new(clock, timeouts).expect("a client")
}
