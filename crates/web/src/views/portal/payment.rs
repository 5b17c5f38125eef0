//! The pages of one purchase: it has one address, which shows whichever of these is true.

use super::Page;
use crate::i18n::{PaymentProblem, Remedy};
use crate::views::{Field, Notice};
use askama::Template;
use serde::Serialize;

/// How far a payment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitStep {
    /// We are asking the gateway to send the prompt.
    Asking,
    /// The prompt is on the phone.
    PromptSent,
    /// The PIN came, or the time is up: the gateway is being asked what happened.
    Checking,
    /// Paid; the device is being let in.
    Connecting,
}

/// "Check your phone and enter your PIN."
#[derive(Clone, Debug, Template)]
#[template(path = "portal/waiting.html")]
pub struct Waiting {
    /// Frame and addresses.
    pub page: Page,
    /// Names the purchase in its address.
    pub token: String,
    /// The plan's name.
    pub plan: String,
    /// What it costs.
    pub price: String,
    /// The number the prompt went to, masked.
    pub phone: String,
    /// Whose PIN it asks for.
    pub gateway: String,
    /// How far it has come.
    pub step: WaitStep,
    /// Seconds until the prompt is dead; 0 when it is.
    pub seconds_left: u32,
    /// Seconds a prompt lives.
    pub seconds_total: u32,
    /// How to pay without the prompt, if the provider's till takes it.
    pub by_hand: Option<ByHand>,
}

impl Waiting {
    fn state_url(&self) -> String {
        self.page.url(&format!("pay/{}/state", self.token))
    }

    fn events_url(&self) -> String {
        self.page.url(&format!("pay/{}/events", self.token))
    }

    fn state_name(&self) -> &'static str {
        Self::state(self.step)
    }

    /// How much of the ring is still there, from 0 to 100.
    fn ring(&self) -> u32 {
        self.seconds_left.min(self.seconds_total) * 100 / self.seconds_total.max(1)
    }
}

/// What `pay/{token}/state` answers while the page waits.
#[derive(Clone, Debug, Serialize)]
pub struct WaitState {
    /// A new value means that the page shows something else now: load it again.
    pub state: String,
    /// Seconds until the prompt is dead.
    pub seconds_left: u32,
}

impl Waiting {
    /// The value of [`WaitState::state`] that means "as this page shows it". Finished payments
    /// answer anything else (`done`).
    #[must_use]
    pub const fn state(step: WaitStep) -> &'static str {
        match step {
            WaitStep::Asking => "asking",
            WaitStep::PromptSent => "prompt-sent",
            WaitStep::Checking => "checking",
            WaitStep::Connecting => "connecting",
        }
    }
}

/// The lines to type into the M-Pesa menu.
#[derive(Clone, Debug)]
pub struct ByHand {
    /// Whether `number` is a Buy Goods till (no account) or a Paybill.
    pub till: bool,
    /// The Paybill or till number.
    pub number: String,
    /// The account, for a Paybill.
    pub account: Option<String>,
    /// The amount as typed on the phone: `50`.
    pub amount: String,
}

/// "Pay by hand": the numbers, and the money is waited for.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/by_hand.html")]
pub struct PayByHand {
    /// Frame and addresses.
    pub page: Page,
    /// Names the purchase in its address.
    pub token: String,
    /// The plan's name.
    pub plan: String,
    /// What it costs.
    pub price: String,
    /// What to type.
    pub hand: ByHand,
}

impl PayByHand {
    /// The value of [`WaitState::state`] that means "as this page shows it".
    pub const STATE: &str = "by-hand";

    fn state_url(&self) -> String {
        self.page.url(&format!("pay/{}/state", self.token))
    }

    fn events_url(&self) -> String {
        self.page.url(&format!("pay/{}/events", self.token))
    }
}

/// "Open Wave": the payment is made on a page of the gateway.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/outside.html")]
pub struct Outside {
    /// Frame and addresses.
    pub page: Page,
    /// The result of what was just done.
    pub notice: Option<Notice>,
    /// Names the purchase in its address.
    pub token: String,
    /// The plan's name.
    pub plan: String,
    /// What is to be paid, which may differ a little from the plan's price.
    pub price: String,
    /// The gateway.
    pub gateway: String,
    /// Its page; none while it is not known.
    pub href: Option<String>,
    /// Whether the browser goes there by itself.
    pub auto: bool,
    /// The browser is the small window that opens on joining a Wi-Fi, in which apps do not open.
    pub small_window: bool,
    /// The gateway's page knows nothing of the payment: the payer says when it is done.
    pub confirmed: Option<ByOwner>,
}

/// A payment that the owner has to confirm.
#[derive(Clone, Debug)]
pub struct ByOwner {
    /// The transaction number as typed.
    pub transaction: Field,
}

impl Outside {
    /// The value of [`WaitState::state`] that means "as this page shows it".
    #[must_use]
    pub const fn state(is_known: bool) -> &'static str {
        if is_known { "outside" } else { "outside-soon" }
    }

    fn state_name(&self) -> &'static str {
        Self::state(self.href.is_some())
    }

    fn state_url(&self) -> String {
        self.page.url(&format!("pay/{}/state", self.token))
    }

    fn events_url(&self) -> String {
        self.page.url(&format!("pay/{}/events", self.token))
    }

    fn paid_url(&self) -> String {
        self.page.url(&format!("pay/{}/paid", self.token))
    }

    /// Where the page goes by itself.
    fn goes_to(&self) -> Option<&str> {
        self.href.as_deref().filter(|_| self.auto)
    }
}

/// What happened, and the one button that helps.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/failed.html")]
pub struct Failed {
    /// Frame and addresses.
    pub page: Page,
    /// Names the purchase in its address.
    pub token: String,
    /// The plan's name.
    pub plan: String,
    /// What it costs.
    pub price: String,
    /// The number that was asked, masked.
    pub phone: String,
    /// How it was to be paid.
    pub gateway: String,
    /// What happened.
    pub problem: PaymentProblem,
    /// Whether it can be paid without a prompt.
    pub by_hand: bool,
    /// What is in the payer's wallet, if anything.
    pub credit: Option<Credit>,
}

/// Credit of the customer, and where to use it.
#[derive(Clone, Debug)]
pub struct Credit {
    /// How much.
    pub amount: String,
    /// The wallet's page.
    pub href: String,
}

impl Failed {
    fn again_url(&self) -> String {
        self.page.url(&format!("pay/{}/again", self.token))
    }

    /// The best remedy that is possible here.
    fn remedy(&self) -> Remedy {
        match self.problem.remedy() {
            Remedy::PayByHand if !self.by_hand => Remedy::TryAgain,
            remedy => remedy,
        }
    }
}

/// Paid: online, the code, and what one may want next.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/success.html")]
pub struct Success {
    /// Frame and addresses.
    pub page: Page,
    /// A message, when something is to be said besides ("this device was added").
    pub notice: Option<Notice>,
    /// Names the purchase in its address.
    pub payment: String,
    /// Names the ticket in the address of its status page.
    pub ticket: String,
    /// The plan's name.
    pub plan: String,
    /// `18:42`, `tomorrow 12:00`; `None` when the time starts with first use and it is not used yet.
    pub until: Option<String>,
    /// The ticket's code, without spaces.
    pub code: String,
    /// The device address that is the ticket's own, if it was bought away from the hotspot.
    pub mac: Option<String>,
    /// What is in the payer's wallet, if anything.
    pub credit: Option<Credit>,
    /// The address in the QR code, drawn by [`crate::qr::svg`].
    pub qr_svg: String,
    /// How this device gets online.
    pub connect: Connect,
    /// How many devices the plan allows.
    pub device_limit: u64,
}

/// How the device gets online once there is a ticket.
#[derive(Clone, Debug)]
pub enum Connect {
    /// The router has let it in.
    Online {
        /// Where the customer was going; only an http or https address.
        continue_to: Option<String>,
    },
    /// The browser must hand the ticket to the router.
    Login {
        /// The router's login address with name, password and where to go then. A link and not a
        /// form: browsers warn of forms that leave https for http, and routers take both.
        href: String,
        /// Whether the page goes there by itself.
        auto: bool,
    },
    /// Bought away from the hotspot: use the code or the QR code there.
    Elsewhere,
}

impl Success {
    fn online(&self) -> bool {
        matches!(self.connect, Connect::Online { .. })
    }

    /// Where the page goes by itself.
    fn auto_login(&self) -> Option<&str> {
        match &self.connect {
            Connect::Login { href, auto: true } => Some(href),
            _ => None,
        }
    }

    fn receipt_url(&self) -> String {
        self.page.url(&format!("pay/{}/receipt", self.payment))
    }

    fn status_url(&self) -> String {
        self.page.url(&format!("t/{}", self.ticket))
    }

    fn spaced_code(&self) -> String {
        crate::format::code(&self.code)
    }
}

/// A receipt, for the screen and for paper.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/receipt.html")]
pub struct Receipt {
    /// Frame and addresses.
    pub page: Page,
    /// Our number.
    pub number: String,
    /// When it was paid, in full.
    pub paid_at: String,
    /// The plan's name.
    pub plan: String,
    /// What was paid.
    pub amount: String,
    /// The payer, masked, if they gave a phone.
    pub phone: Option<String>,
    /// How: `M-Pesa`.
    pub method: String,
    /// The gateway's receipt, when it told us.
    pub gateway_receipt: Option<String>,
    /// The ticket's code, without spaces.
    pub code: String,
    /// Where "back" leads.
    pub back_href: String,
}

impl Receipt {
    fn spaced_code(&self) -> String {
        crate::format::code(&self.code)
    }
}
