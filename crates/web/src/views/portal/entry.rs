//! Pages where the customer types something, asks something, or is told that something went wrong.

use super::Page;
use crate::i18n::Lang;
use crate::views::{Field, Tone};
use askama::Template;

/// "Type the code of your voucher or ticket."
#[derive(Clone, Debug, Template)]
#[template(path = "portal/voucher.html")]
pub struct VoucherEntry {
    /// Frame and addresses.
    pub page: Page,
    /// The code as typed.
    pub code: Field,
}

/// "Paste the message about your payment."
#[derive(Clone, Debug, Template)]
#[template(path = "portal/paid.html")]
pub struct AlreadyPaid {
    /// Frame and addresses.
    pub page: Page,
    /// The message or receipt code as typed.
    pub message: Field,
    /// Nothing was found: somebody looks for it.
    pub case: Option<CaseNumber>,
}

/// What a customer is told whose money a person looks for.
#[derive(Clone, Copy, Debug)]
pub struct CaseNumber {
    /// What to name it by.
    pub number: u64,
    /// Within how many hours somebody has looked.
    pub hours: u64,
}

/// The questions people ask.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/help.html")]
pub struct Help {
    /// Frame and addresses.
    pub page: Page,
}

/// Anything that has no page of its own: not found, too many tries, a fault on our side.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/message.html")]
pub struct Message {
    /// Frame and addresses.
    pub page: Page,
    /// Bad for a fault, info for a dead end.
    pub tone: Tone,
    /// What happened, in a few words.
    pub title: String,
    /// What to do about it.
    pub text: String,
    /// The button: label and address.
    pub action: Option<(String, String)>,
}

/// A page that belongs to no provider: the way in, and addresses that nothing is at.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/plain.html")]
pub struct Plain {
    /// The reader's language.
    pub t: Lang,
    /// What this is, in a few words.
    pub title: String,
    /// What to do about it.
    pub text: String,
    /// Where to go: label and address.
    pub action: Option<(String, String)>,
}
