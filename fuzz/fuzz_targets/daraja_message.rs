//! Any body: read as a message of Daraja (callback, confirmation, result) without a panic, and money
//! only in amounts that can be.

#![no_main]

use bando_gateways::{Notification, Outcome, read_daraja_message};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    match read_daraja_message(body) {
        Ok(Notification::Payment { reference, outcome }) => {
            assert!(!reference.checkout_request_id.is_empty());
            if let Outcome::Paid(paid) = outcome {
                assert!(paid.amount.is_none_or(|amount| amount.is_positive()));
            }
        }
        Ok(Notification::Movement(movement) | Notification::Found(Some(movement))) => {
            assert!(movement.amount.is_positive());
            assert!(!movement.receipt.is_empty());
        }
        Ok(Notification::Sent {
            conversation_id, ..
        }) => assert!(!conversation_id.is_empty()),
        Ok(Notification::Found(None) | Notification::Nothing { .. }) | Err(_) => {}
    }
});
