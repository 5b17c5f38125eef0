//! M-Pesa settings and the test of the connection.

use super::{Check, Page};
use crate::views::{Choice, Field, Notice};
use askama::Template;

/// The provider's Daraja settings. Saved secrets are never shown: an empty field keeps them.
///
/// Fields: `environment` (`sandbox`/`production`), `kind` (`paybill`/`till`), `shortcode`, `till`,
/// `consumer_key`, `consumer_secret`, `passkey`, `confirm` (`first`/`after`). The test is a second
/// button of the same form (`formaction` `/console/mpesa/test`): it saves, then tests.
#[derive(Clone, Debug, Template)]
#[template(path = "console/mpesa.html")]
pub struct MpesaSettings {
    /// Frame.
    pub page: Page,
    /// `sandbox`, `production`.
    pub environment: Vec<Choice>,
    /// `paybill`, `till`.
    pub kind: Vec<Choice>,
    /// The Paybill, or the store (head office) number of a till.
    pub shortcode: Field,
    /// The till number; empty for a Paybill.
    pub till: Field,
    /// The app's consumer key.
    pub consumer_key: Field,
    /// The app's consumer secret; its value is always empty.
    pub consumer_secret: Field,
    /// Whether a secret is saved.
    pub secret_saved: bool,
    /// The Lipa na M-Pesa passkey; its value is always empty.
    pub passkey: Field,
    /// Whether a passkey is saved.
    pub passkey_saved: bool,
    /// `first` (confirm, then let in), `after` (let in, then confirm).
    pub confirm: Vec<Choice>,
    /// What the last test found.
    pub test: Option<TestResult>,
}

/// What testing the connection found.
#[derive(Clone, Debug)]
pub struct TestResult {
    /// In one sentence.
    pub verdict: Notice,
    /// What was tried, in order: keys, passkey and number, our callback address.
    pub checks: Vec<Check>,
}
