//! The text of a statement: one for both engines.

use std::borrow::Cow;

/// The text of a statement.
///
/// Parameters are `$1`, `$2`, …. Two comments are dialect holes: `/*for update*/` and
/// `/*skip locked*/` become `FOR UPDATE` and `FOR UPDATE SKIP LOCKED` on PostgreSQL and stay
/// comments on SQLite, where a writer is alone anyway.
///
/// A literal converts by itself. Text built at run time has to say so with [`Sql::built`], which
/// makes the few places findable: only whitelisted column names and numbered placeholders may go
/// into it, never a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sql(Cow<'static, str>);

impl Sql {
    /// A statement put together at run time from constant parts (filters, sort orders).
    pub fn built(text: String) -> Self {
        Self(Cow::Owned(text))
    }

    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text for PostgreSQL: the holes filled.
    pub(crate) fn postgres(&self) -> Cow<'_, str> {
        const HOLES: [(&str, &str); 2] = [
            ("/*skip locked*/", "FOR UPDATE SKIP LOCKED"),
            ("/*for update*/", "FOR UPDATE"),
        ];
        let mut text = Cow::Borrowed(self.as_str());
        for (hole, filling) in HOLES {
            if text.contains(hole) {
                text = Cow::Owned(text.replace(hole, filling));
            }
        }
        text
    }
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }
}
