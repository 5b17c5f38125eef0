//! Lists of things that are decided one by one, and the page of one of them.

use askama::Template;

use super::{Fact, Form, Page, Paging};
use crate::views::{Choice, Notice, Tone};

/// A list: filters, rows, what to do when it is empty.
#[derive(Clone, Debug, Template)]
#[template(path = "console/list.html")]
pub struct List {
    /// Frame.
    pub page: Page,
    /// The topic of the stream of changes that it is fetched again for.
    pub topic: &'static str,
    /// The page above: its name and address.
    pub up: Option<Link>,
    /// What it lists.
    pub title: &'static str,
    /// What to know about it.
    pub text: String,
    /// What can be done.
    pub links: Vec<Link>,
    /// Forms above the rows.
    pub forms: Vec<Form>,
    /// What narrows it.
    pub filters: Option<Filters>,
    /// This page's rows, newest first.
    pub rows: Vec<ListRow>,
    /// What it says without rows.
    pub empty: Empty,
    /// Older and newest rows.
    pub paging: Paging,
}

/// A thing as a row.
#[derive(Clone, Debug, Default)]
pub struct ListRow {
    /// Its page.
    pub href: String,
    /// What it is.
    pub title: String,
    /// More about it.
    pub note: String,
    /// Where it stands.
    pub state: Option<(Tone, String)>,
    /// `KES 50`.
    pub amount: String,
    /// `12:41`.
    pub when: String,
}

/// A way to another page.
#[derive(Clone, Debug)]
pub struct Link {
    /// What it says.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

impl Link {
    /// A way to another page.
    #[must_use]
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: href.into(),
        }
    }
}

/// What narrows a list, in its address.
#[derive(Clone, Debug)]
pub struct Filters {
    /// The list's own address.
    pub action: String,
    /// The search box (`q`): what was typed, and what may be.
    pub search: Option<(String, String)>,
    /// Choices.
    pub selects: Vec<Select>,
    /// Whether anything narrows it now.
    pub is_narrow: bool,
}

/// One choice of the filters.
#[derive(Clone, Debug)]
pub struct Select {
    /// Its name in the address.
    pub name: &'static str,
    /// What it chooses.
    pub label: String,
    /// What there is to choose.
    pub choices: Vec<Choice>,
}

/// What a list says when it is empty: why, and what to do next.
#[derive(Clone, Debug)]
pub struct Empty {
    /// An icon of the sprite.
    pub icon: &'static str,
    /// In a few words.
    pub title: String,
    /// What will stand here.
    pub text: String,
    /// What to do next.
    pub action: Option<Link>,
}

/// One thing: what is known of it, and the forms that decide about it.
#[derive(Clone, Debug, Template)]
#[template(path = "console/matter.html")]
pub struct Matter {
    /// Frame.
    pub page: Page,
    /// The topic of the stream of changes that its facts are fetched again for.
    pub topic: &'static str,
    /// The list it is from.
    pub up: Link,
    /// What it is.
    pub title: String,
    /// Where it stands.
    pub state: Option<(Tone, String)>,
    /// What to know or to do first.
    pub notices: Vec<Notice>,
    /// What is known of it.
    pub facts: Vec<Fact>,
    /// What can be done about it.
    pub forms: Vec<Form>,
    /// Where else to look.
    pub links: Vec<Link>,
}

impl List {
    /// The address of the whole list, if something narrows this one.
    fn narrowed(&self) -> Option<&str> {
        let filters = self.filters.as_ref().filter(|f| f.is_narrow);
        filters.map(|f| f.action.as_str())
    }
}
