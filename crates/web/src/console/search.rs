//! The search box above a list.

use bando_app::{Found, Page};
use bando_domain::{MacAddr, Phone};

use super::answer::Fault;
use super::fields::Fields;
use super::who::SignedInCaller;

/// Characters that a search text may have: no code, receipt, phone or address is longer.
const LONGEST: usize = 100;

/// What a search box asks a list for.
pub(super) enum Search {
    /// The one ticket or payment it names: the address of its page.
    One(String),
    /// The rows of a phone or of a device; everybody's without either.
    Rows {
        phone: Option<Phone>,
        mac: Option<MacAddr>,
    },
    /// Nothing that there is.
    Nothing,
}

impl Search {
    /// What `text` asks for.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn of(who: &SignedInCaller, text: &str) -> Result<Self, Fault> {
        let (mut phone, mut mac) = (None, None);
        if !text.is_empty() {
            match who.app.find(&who.caller, text).await? {
                Found::Ticket(id) => return Ok(Self::One(format!("/console/tickets/{id}"))),
                Found::Payment(id) => return Ok(Self::One(format!("/console/payments/{id}"))),
                Found::Phone(found) => phone = Some(found),
                Found::Mac(found) => mac = Some(found),
                Found::Nothing => return Ok(Self::Nothing),
            }
        }
        Ok(Self::Rows { phone, mac })
    }
}

/// What was typed (`?q=`).
pub(super) fn text(query: &Fields) -> String {
    query.text("q").chars().take(LONGEST).collect()
}

/// The list when there is nothing to find.
pub(super) const fn no_rows<T>() -> Page<T> {
    Page {
        rows: Vec::new(),
        next: None,
    }
}
