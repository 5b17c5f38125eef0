//! A form: its fields, what was typed, what is wrong with it, its buttons.

use askama::Template;

use crate::views::{Choice, Field};

/// A form that posts to `action`.
#[derive(Clone, Debug, Template)]
#[template(path = "console/form.html")]
pub struct Form {
    /// Its name among the forms of a page: ids begin with it, and it sends it as `form`.
    pub id: &'static str,
    /// What it is for.
    pub title: String,
    /// What to know before sending it.
    pub text: String,
    /// What is wrong with all of it.
    pub problem: Option<String>,
    /// Where it is sent.
    pub action: String,
    /// Its fields, in order.
    pub fields: Vec<FormField>,
    /// Its buttons, the main one first.
    pub buttons: Vec<Button>,
    /// Whether only its title shows until it is opened.
    pub folded: bool,
}

/// A field of a form.
#[derive(Clone, Debug)]
pub struct FormField {
    /// What the form sends.
    pub name: String,
    /// What the reader sees.
    pub label: String,
    /// What to know about it.
    pub hint: String,
    /// What it takes.
    pub kind: FieldKind,
    /// What was typed, and what is wrong with it.
    pub field: Field,
}

/// What a field takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A line of text.
    Line,
    /// A number, in the unit that stands before it.
    Number(String),
    /// A phone number.
    Phone,
    /// Several lines of text.
    Long,
    /// A line that is never shown again; an empty one keeps what is saved.
    Secret {
        /// Whether there is something to keep.
        saved: bool,
    },
    /// One of these.
    OneOf(Vec<Choice>),
    /// On or off.
    Switch,
    /// A file.
    File,
    /// Nothing to see.
    Hidden,
}

/// A button of a form.
#[derive(Clone, Debug)]
pub struct Button {
    /// What it does.
    pub label: String,
    /// How it looks: empty for the main one, `quiet`, `bad`.
    pub class: &'static str,
    /// What it sends: a name and a value.
    pub sends: Option<(&'static str, String)>,
    /// Where it sends the form, if elsewhere.
    pub action: Option<String>,
}

impl Form {
    /// A form without fields.
    #[must_use]
    pub fn new(id: &'static str, title: impl Into<String>, action: impl Into<String>) -> Self {
        Self {
            id,
            title: title.into(),
            text: String::new(),
            problem: None,
            action: action.into(),
            fields: Vec::new(),
            buttons: Vec::new(),
            folded: false,
        }
    }

    /// With something to know before sending it.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// With one more field.
    #[must_use]
    pub fn field(mut self, field: FormField) -> Self {
        self.fields.push(field);
        self
    }

    /// With one more button.
    #[must_use]
    pub fn button(mut self, button: Button) -> Self {
        self.buttons.push(button);
        self
    }

    /// Showing only its title until it is opened.
    #[must_use]
    pub fn folded(mut self) -> Self {
        self.folded = true;
        self
    }

    /// Says what is wrong: at the field, or above all of them if it has no such field.
    pub fn refuse(&mut self, name: &str, text: String) {
        let is_meant = |f: &&mut FormField| f.name == name && f.kind != FieldKind::Hidden;
        match self.fields.iter_mut().find(is_meant) {
            Some(field) => field.field.error = Some(text),
            None => self.problem = Some(text),
        }
    }

    fn is_open(&self) -> bool {
        self.problem.is_some() || self.fields.iter().any(|f| f.field.error.is_some())
    }

    fn takes_files(&self) -> bool {
        self.fields.iter().any(|f| f.kind == FieldKind::File)
    }
}

impl FormField {
    /// An empty field.
    #[must_use]
    pub fn new(name: impl Into<String>, label: impl Into<String>, kind: FieldKind) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            hint: String::new(),
            kind,
            field: Field::default(),
        }
    }

    /// A value that is sent without being seen.
    #[must_use]
    pub fn hidden(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self::new(name, "", FieldKind::Hidden).value(value)
    }

    /// With something to know about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Filled in.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.field.value = value.into();
        self
    }

    /// What was typed comes back; of choices and switches, what was chosen.
    pub fn fill(&mut self, typed: &str) {
        match &mut self.kind {
            FieldKind::OneOf(choices) => {
                for choice in choices {
                    choice.selected = choice.value == typed;
                }
            }
            FieldKind::Hidden | FieldKind::File | FieldKind::Secret { .. } => {}
            _ => typed.clone_into(&mut self.field.value),
        }
    }

    /// The attributes of its `<input>`.
    const fn attributes(&self) -> &'static str {
        match self.kind {
            FieldKind::Number(_) => "inputmode=\"decimal\" autocomplete=\"off\" maxlength=\"16\"",
            FieldKind::Phone => {
                "type=\"tel\" inputmode=\"tel\" autocomplete=\"off\" maxlength=\"24\""
            }
            FieldKind::Secret { saved: true } => {
                "type=\"password\" autocomplete=\"off\" placeholder=\"••••••••\""
            }
            FieldKind::Secret { saved: false } => "type=\"password\" autocomplete=\"off\"",
            FieldKind::File => "type=\"file\" accept=\".csv,text/csv\" required",
            _ => "autocomplete=\"off\" maxlength=\"500\"",
        }
    }
}

impl Button {
    /// The main button.
    #[must_use]
    pub fn main(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            class: "",
            sends: None,
            action: None,
        }
    }

    /// A button beside the main one.
    #[must_use]
    pub fn quiet(label: impl Into<String>) -> Self {
        Self {
            class: "quiet",
            ..Self::main(label)
        }
    }

    /// A button that takes something away.
    #[must_use]
    pub fn bad(label: impl Into<String>) -> Self {
        Self {
            class: "bad",
            ..Self::main(label)
        }
    }

    /// Sending this besides.
    #[must_use]
    pub fn sends(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.sends = Some((name, value.into()));
        self
    }

    /// Sending the form elsewhere.
    #[must_use]
    pub fn to(mut self, action: impl Into<String>) -> Self {
        self.action = Some(action.into());
        self
    }
}
