//! Any header and body, parted by the first line break: read as a webhook of Wave without a panic,
//! never signed, and money only where all of it is told.

#![no_main]

use std::sync::{Arc, LazyLock};

use bando_domain::{Clock, Money, Secret, Timestamp};
use bando_gateways::{
    Account, Authenticity, Gateway, Message, Notification, Outcome, Timeouts, Wave,
    read_wave_message,
};
use libfuzzer_sys::fuzz_target;

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW
    }
}

static WAVE: LazyLock<Wave> =
    LazyLock::new(|| Wave::new(Arc::new(Still), Timeouts::default()).expect("HTTPS"));

static ACCOUNT: LazyLock<Account> = LazyLock::new(|| Account {
    secrets: [("webhook_secret".to_owned(), Secret::new("wave_ci_WHS_fuzz"))].into(),
    ..Account::default()
});

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|b| *b == b'\n').unwrap_or(0);
    let (header, body) = input.split_at(end);
    let header = String::from_utf8_lossy(header).into_owned();
    let message = Message {
        headers: &[("wave-signature".to_owned(), header)],
        body,
        received_at: NOW,
    };
    let said = WAVE.authenticate(&ACCOUNT, &message);
    assert!(matches!(said, Authenticity::Forged(_)));
    match read_wave_message(body) {
        Ok(Notification::Payment { reference, outcome }) => {
            assert!(!reference.checkout_request_id.is_empty());
            if let Outcome::Paid(paid) = outcome {
                assert!(paid.amount.is_some_and(Money::is_positive));
                assert!(paid.receipt.is_some_and(|receipt| !receipt.is_empty()));
            }
        }
        Ok(Notification::Movement(movement)) => {
            assert!(movement.amount.is_positive() && !movement.receipt.is_empty());
        }
        _ => {}
    }
});
