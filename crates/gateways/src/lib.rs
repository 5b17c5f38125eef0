//! Clients of the payment companies, behind one interface.
//!
//! [`Gateway`] names what a gateway can be asked and its [`Profile`] what differs between them; one
//! module each answers it, and [`Gateways`] is the list of them. A caller keeps three rules, because
//! every gateway loses, delays and repeats messages:
//!
//! 1. The payment is stored before [`Gateway::start`] is called, and [`Start::Unknown`] is never
//!    answered with a second prompt.
//! 2. A [`Notification`] is a hint, unless [`Gateway::authenticate`] says that it is signed.
//!    [`Gateway::query`] is the proof.
//! 3. Only [`Verdict::Paid`], [`Verdict::Failed`] and [`Verdict::Reversed`] are final; everything
//!    else is asked again.

mod account;
mod daraja;
mod gateway;
mod gateways;
mod http;
mod momo;
mod pesapal;
mod text;
mod tokens;
mod wave;

pub use account::{Account, BadSetting, Environment, Setting, SettingKind};
pub use daraja::{
    C2bRejection, C2bValidation, DARAJA_PROFILE, Daraja, DarajaAccount, MAX_STATEMENT_FILE,
    ResultMeaning, Shortcode, StatementFileError, UrlProblem, check_callback_url,
    read_c2b_validation, read_callback, read_daraja_message, read_mpesa_statement,
};
pub use gateway::{
    Asks, Authenticity, Charge, Found, Gateway, Message, MessageError, MessageUrls, Movement,
    MovementKind, NoStatement, Notification, Outcome, Paid, Payout, Profile, Recovered, Reference,
    Refund, Refunds, Registered, Search, Sent, Span, Start, StatementError, TestReport, TestResult,
    Verdict, Word,
};
pub use gateways::Gateways;
pub use http::{SetupError, Timeouts};
pub use momo::{MOMO_PROFILE, Momo};
pub use pesapal::{
    CancelledOrder, Frequency, PESAPAL_PROFILE, Pesapal, Schedule, Subscription,
    SubscriptionCharge, SubscriptionInfo,
};
pub use wave::{
    WAVE_LINK_PROFILE, WAVE_PROFILE, Wave, WaveLink, read_wave_message, wave_payment_link,
    wave_transaction_id,
};

/// The most bytes a message of a gateway may have. Real ones have about 500.
pub const MAX_MESSAGE: usize = 16 * 1024;
