//! The customer's pages, under `/p/{provider}`. They work without scripts and without cookies: what
//! a page needs to know travels in its address.
//!
//! | address under the base | page | form fields it posts |
//! |---|---|---|
//! | `` (GET) | [`Landing`], or [`Connecting`] for a device with a live ticket | to `pay`: `plan`, `phone`, `gateway`, or `again` alone |
//! | `pay` (POST) | redirects to `pay/{token}` | |
//! | `pay/{token}` (GET) | [`Waiting`], [`Outside`], [`PayByHand`], [`Failed`] or [`Success`], whichever is true | |
//! | `pay/{token}/state` (GET) | [`WaitState`] as JSON | |
//! | `pay/{token}/events` (GET) | [`WaitState`] as server-sent events, until it is final | |
//! | `pay/{token}/again` (POST) | redirects to the page of a new payment | `by_hand` |
//! | `pay/{token}/paid` (POST) | the payer says that it is paid | `transaction` |
//! | `pay/{token}/receipt` (GET) | [`Receipt`] | |
//! | `voucher`, `code` (GET, POST) | [`VoucherEntry`] | `code` |
//! | `paid` (GET, POST) | [`AlreadyPaid`] | `message` |
//! | `reconnect` (POST) | redirects to `t/{token}/connect` | |
//! | `t/{token}` (GET) | [`Status`] | |
//! | `t/{token}/connect` (GET) | [`Connecting`] | |
//! | `t/{token}/connect` (POST) | takes a full ticket over for this device | |
//! | `t/{token}/disconnect` (POST), `t/{token}/forget` (POST) | | `device` |
//! | `w/{token}` (GET, POST) | [`Wallet`] | `plan`, `credit` |
//! | `help` (GET) | [`Help`] | |

mod entry;
mod landing;
mod payment;
mod ticket;
mod wallet;

pub use entry::{AlreadyPaid, CaseNumber, Help, Message, Plain, VoucherEntry};
pub use landing::{Again, Known, Landing, OpenPayment, PlanOption, Way};
pub use payment::{
    ByHand, ByOwner, Connect, Credit, Failed, Outside, PayByHand, Receipt, Success, WaitState,
    WaitStep, Waiting,
};
pub use ticket::{Connecting, DeviceRow, LoginPage, Status, UseHere};
pub use wallet::Wallet;

use crate::i18n::Lang;

/// What every portal page has: whose it is, in which language, and how to address its neighbours.
#[derive(Clone, Debug)]
pub struct Page {
    /// The reader's language.
    pub t: Lang,
    /// The provider's name, as customers know it.
    pub provider: String,
    /// Whom to call, as people write it there; `None` when the provider gave no number.
    pub support_phone: Option<String>,
    base: String,
    path: String,
    context: String,
}

/// A link to the same page in another language.
#[derive(Clone, Debug)]
pub struct LangLink {
    /// The language it leads to.
    pub lang: Lang,
    /// Its address.
    pub href: String,
    /// Whether it is the language of this page.
    pub current: bool,
}

impl Page {
    /// A page of the provider whose portal starts at `base` (`/p/mama-njeri`), itself at `path`
    /// below it (`pay/abc`, empty for the first page). `context` is what every address must carry
    /// on, already encoded for a query (`v=…` or the router's own parameters), without `lang`.
    #[must_use]
    pub fn new(t: Lang, provider: &str, base: &str, path: &str, context: &str) -> Self {
        Self {
            t,
            provider: provider.to_owned(),
            support_phone: None,
            base: base.to_owned(),
            path: path.to_owned(),
            context: context.to_owned(),
        }
    }

    /// The address of another page of this portal, in the same language, with the same context.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        self.url_in(self.t, path)
    }

    /// The same page in each language.
    #[must_use]
    pub fn languages(&self) -> Vec<LangLink> {
        let link = |lang| LangLink {
            lang,
            href: self.url_in(lang, &self.path),
            current: lang == self.t,
        };
        Lang::ALL.map(link).into()
    }

    /// The plans, also for a device that could be connected at once.
    #[must_use]
    pub fn plans_url(&self) -> String {
        format!("{}&plans=1", self.url(""))
    }

    /// This page's own address, for "check again".
    #[must_use]
    pub fn here(&self) -> String {
        self.url(&self.path)
    }

    /// The number to call, as people write it and as a link dials it (`tel:0712345678`).
    fn support(&self) -> Option<(&str, String)> {
        let phone = self.support_phone.as_deref()?;
        let digits: String = phone
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '+')
            .collect();
        Some((phone, format!("tel:{digits}")))
    }

    fn url_in(&self, lang: Lang, path: &str) -> String {
        let slash = if path.is_empty() { "" } else { "/" };
        let and = if self.context.is_empty() { "" } else { "&" };
        format!(
            "{}{slash}{path}?lang={}{and}{}",
            self.base,
            lang.code(),
            self.context
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_carry_language_and_context() {
        let page = Page::new(Lang::Sw, "Mama Njeri", "/p/mama-njeri", "pay/abc", "v=x1");
        assert_eq!(page.url(""), "/p/mama-njeri?lang=sw&v=x1");
        assert_eq!(
            page.languages()[2].href,
            "/p/mama-njeri/pay/abc?lang=fr&v=x1"
        );
        let bare = Page::new(Lang::En, "x", "/p/x", "", "");
        assert_eq!(bare.here(), "/p/x?lang=en");
    }
}
