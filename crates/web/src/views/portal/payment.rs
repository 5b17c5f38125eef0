//! The pages of one purchase: it has one address, which shows whichever of these is true.

use super::Page;
use crate::i18n::{PaymentProblem, Remedy};
use crate::views::Notice;
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

/// "Check your phone and enter your M-Pesa PIN."
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
    /// What happened.
    pub problem: PaymentProblem,
    /// How to pay without the prompt, if the provider's till takes it.
    pub by_hand: Option<ByHand>,
}

impl Failed {
    fn again_url(&self) -> String {
        self.page.url(&format!("pay/{}/again", self.token))
    }

    /// The best remedy that is possible here.
    fn remedy(&self) -> Remedy {
        match self.problem.remedy() {
            Remedy::PayByHand if self.by_hand.is_none() => Remedy::TryAgain,
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
