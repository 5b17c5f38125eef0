//! One way to pay: what it is like, its settings, the test of the connection.

use super::{Check, Fact, Form, Page};
use crate::views::{Notice, Tone};
use askama::Template;

/// A provider's account with one gateway. Saved secrets are never shown: an empty field keeps them.
///
/// The form has a field for each of the gateway's settings, by their names, and `enabled`. The test is
/// its second button: it saves, then tests.
#[derive(Clone, Debug, Template)]
#[template(path = "console/way.html")]
pub struct Way {
    /// Frame.
    pub page: Page,
    /// The gateway's name for people.
    pub title: String,
    /// Where it stands.
    pub state: (Tone, String),
    /// What needs a look.
    pub notices: Vec<Notice>,
    /// What the last test found.
    pub test: Option<TestResult>,
    /// The settings.
    pub form: Form,
    /// What differs from other gateways.
    pub facts: Vec<Fact>,
    /// The address that the gateway's portal may want to hear.
    pub message_url: Option<String>,
}

/// What testing the connection found.
#[derive(Clone, Debug)]
pub struct TestResult {
    /// In one sentence.
    pub verdict: Notice,
    /// What was tried, in order: keys, account, our callback address.
    pub checks: Vec<Check>,
}
