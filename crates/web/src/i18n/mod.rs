//! Every sentence a person reads, in English, Swahili and French.
//!
//! A sentence is a method of [`Lang`]: `lang.pay()`, `lang.pay_amount("KES 50")`. The three
//! translations stand side by side in the `messages!` tables of this folder, so a missing one does
//! not compile, and a wrong number of arguments does not either.

mod console;
mod console_books;
mod console_cases;
mod console_money;
mod console_setup;
mod console_ui;
mod console_ways;
mod demo;
mod portal;
mod problems;
mod units;

use bando_domain::Language;

pub use problems::{AccessProblem, PaymentProblem, Remedy};

/// A language the product speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// English, used when nothing better is known.
    #[default]
    En,
    /// Swahili.
    Sw,
    /// French.
    Fr,
}

impl Lang {
    /// All languages, in the order they are offered.
    pub const ALL: [Self; 3] = [Self::En, Self::Sw, Self::Fr];

    /// The BCP 47 code: for `lang=` in HTML and in our addresses.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Sw => "sw",
            Self::Fr => "fr",
        }
    }

    /// The language's own name for itself.
    #[must_use]
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Sw => "Kiswahili",
            Self::Fr => "Français",
        }
    }

    /// Reads a code such as `sw` or `fr-CI`; only the first two letters count.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let main = code.split(['-', '_']).next().unwrap_or_default().trim();
        Self::ALL
            .into_iter()
            .find(|lang| lang.code().eq_ignore_ascii_case(main))
    }

    /// The first language of an `Accept-Language` header that we speak (quality values are
    /// ignored: browsers send them in falling order).
    #[must_use]
    pub fn from_accept_language(header: &str) -> Option<Self> {
        header
            .split(',')
            .filter_map(|part| part.split(';').next())
            .find_map(Self::parse)
    }

    /// Chooses between the form for one and the form for many, as this language counts.
    fn plural<'a>(self, n: u64, one: &'a str, many: &'a str) -> &'a str {
        let singular = match self {
            Self::En | Self::Sw => n == 1,
            Self::Fr => n <= 1,
        };
        if singular { one } else { many }
    }
}

impl From<Language> for Lang {
    fn from(language: Language) -> Self {
        match language {
            Language::En => Self::En,
            Language::Sw => Self::Sw,
            Language::Fr => Self::Fr,
        }
    }
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::En => Self::En,
            Lang::Sw => Self::Sw,
            Lang::Fr => Self::Fr,
        }
    }
}

/// A table of sentences: `key: "English" / "Swahili" / "French";`.
///
/// `key(name)` takes an argument that the sentences show as `{name}`; `key[n]` counts, with the form
/// for one and the form for many (`"{n} device" | "{n} devices"`).
macro_rules! messages {
    ($( $key:ident $(( $($arg:ident),+ ))? $([ $n:ident ])? :
        $en:literal $(| $en2:literal)? / $sw:literal $(| $sw2:literal)? / $fr:literal $(| $fr2:literal)? ; )+) => {
        impl $crate::i18n::Lang {
            $( messages!(@method $key $(( $($arg),+ ))? $([ $n ])? :
                $en $(| $en2)? / $sw $(| $sw2)? / $fr $(| $fr2)?); )+
        }

        /// Every sentence of this table, for the tests: its key, then English, Swahili, French.
        #[cfg(test)]
        pub(super) const TABLE: &[(&str, &[&[&str]; 3])] = &[
            $( (stringify!($key), &[&[$en $(, $en2)?], &[$sw $(, $sw2)?], &[$fr $(, $fr2)?]]) ),+
        ];
    };
    (@method $key:ident : $en:literal / $sw:literal / $fr:literal) => {
        #[doc = $en]
        #[must_use]
        pub const fn $key(self) -> &'static str {
            match self { Self::En => $en, Self::Sw => $sw, Self::Fr => $fr }
        }
    };
    (@method $key:ident ( $($arg:ident),+ ) : $en:literal / $sw:literal / $fr:literal) => {
        #[doc = $en]
        #[must_use]
        pub fn $key(self, $($arg: impl std::fmt::Display),+) -> String {
            match self { Self::En => format!($en), Self::Sw => format!($sw), Self::Fr => format!($fr) }
        }
    };
    (@method $key:ident [ $n:ident ] :
        $en:literal | $en2:literal / $sw:literal | $sw2:literal / $fr:literal | $fr2:literal) => {
        #[doc = $en2]
        #[must_use]
        pub fn $key(self, $n: impl std::borrow::Borrow<u64>) -> String {
            let n = *$n.borrow();
            let form = match self {
                Self::En => self.plural(n, $en, $en2),
                Self::Sw => self.plural(n, $sw, $sw2),
                Self::Fr => self.plural(n, $fr, $fr2),
            };
            form.replace(concat!("{", stringify!($n), "}"), &$crate::format::whole(self, n))
        }
    };
}
use messages;

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in braces of a sentence, sorted.
    fn arguments(sentence: &str) -> Vec<&str> {
        let mut names: Vec<&str> = sentence
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    #[test]
    fn every_sentence_is_whole_in_every_language() {
        let tables = [
            console::TABLE,
            console_books::TABLE,
            console_cases::TABLE,
            console_money::TABLE,
            console_setup::TABLE,
            console_ui::TABLE,
            console_ways::TABLE,
            demo::TABLE,
            portal::TABLE,
            problems::TABLE,
            units::TABLE,
        ];
        for (key, languages) in tables.into_iter().flatten() {
            let expected = arguments(languages[0][0]);
            for form in languages.iter().flat_map(|forms| forms.iter()) {
                assert!(!form.trim().is_empty(), "{key} has an empty translation");
                assert_eq!(
                    arguments(form),
                    expected,
                    "{key}: arguments differ in {form:?}"
                );
                assert!(!form.contains("Oops"), "{key} says Oops");
                assert!(
                    !form.contains('\''),
                    "{key}: write the apostrophe as ’ in {form:?}"
                );
            }
        }
    }

    #[test]
    fn a_header_names_the_first_language_we_speak() {
        assert_eq!(
            Lang::from_accept_language("de-DE,fr-CI;q=0.8,en;q=0.5"),
            Some(Lang::Fr)
        );
        assert_eq!(Lang::from_accept_language("SW"), Some(Lang::Sw));
        assert_eq!(Lang::from_accept_language("*"), None);
    }

    #[test]
    fn numbers_agree_with_their_nouns() {
        assert_eq!(Lang::En.devices(1), "1 device");
        assert_eq!(Lang::En.devices(2), "2 devices");
        assert_eq!(Lang::Sw.devices(1), "kifaa 1");
        assert_eq!(Lang::Sw.devices(3), "vifaa 3");
        assert_eq!(Lang::Fr.devices(0), "0 appareil");
    }
}
