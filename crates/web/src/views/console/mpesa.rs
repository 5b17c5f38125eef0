//! M-Pesa settings and the test of the connection.

use super::{Check, Page};
use crate::views::{Choice, Field, Notice};
use askama::Template;

/// The provider's Daraja settings. Saved secrets are never shown: an empty field keeps them.
///
/// Fields: `environment` (`sandbox`/`production`), `kind` (`paybill`/`till`), `shortcode`, `till`,
/// `consumer_key`, `consumer_secret`, `passkey`, `enabled`. The test is a second
/// button of the same form (`formaction` `/console/mpesa/test`): it saves, then tests.
#[derive(Clone, Debug, Template)]
#[template(path = "console/mpesa.html")]
pub struct MpesaSettings {
    /// Frame.
    pub page: Page,
    /// `sandbox`, `production`, or the base URL of a simulator.
    pub environment: Vec<Choice>,
    /// `paybill`, `till`.
    pub kind: Vec<Choice>,
    /// The Paybill, or the store (head office) number of a till.
    pub shortcode: Field,
    /// The till number; empty for a Paybill.
    pub till: Field,
    /// Whether keys are saved: empty fields then keep them.
    pub saved: bool,
    /// The app's consumer key; its value is always empty.
    pub consumer_key: Field,
    /// The app's consumer secret; its value is always empty.
    pub consumer_secret: Field,
    /// The Lipa na M-Pesa passkey; its value is always empty.
    pub passkey: Field,
    /// Whether customers may pay with it.
    pub enabled: bool,
    /// What the last test found.
    pub test: Option<TestResult>,
}

impl MpesaSettings {
    /// The secret fields: name, label, content.
    fn keys(&self) -> [(&'static str, &'static str, &Field); 3] {
        let t = self.page.t;
        [
            ("consumer_key", t.mpesa_consumer_key(), &self.consumer_key),
            (
                "consumer_secret",
                t.mpesa_consumer_secret(),
                &self.consumer_secret,
            ),
            ("passkey", t.mpesa_passkey(), &self.passkey),
        ]
    }
}

/// What testing the connection found.
#[derive(Clone, Debug)]
pub struct TestResult {
    /// In one sentence.
    pub verdict: Notice,
    /// What was tried, in order: keys, passkey and number, our callback address.
    pub checks: Vec<Check>,
}
