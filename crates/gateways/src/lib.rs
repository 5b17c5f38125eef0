//! Clients of the payment companies, behind one interface.
//!
//! [`Gateway`] names what a gateway can be asked; [`Daraja`] (M-Pesa in Kenya) answers it. A caller
//! keeps three rules, because every gateway loses, delays and repeats messages:
//!
//! 1. The payment is stored before [`Gateway::start`] is called, and [`Start::Unknown`] is never
//!    answered with a second prompt.
//! 2. A [`Notification`] is a hint. [`Gateway::query`] is the proof.
//! 3. Only [`Verdict::Paid`] and [`Verdict::Failed`] are final; everything else is asked again.

mod daraja;
mod gateway;
mod http;

pub use daraja::{
    Daraja, DarajaAccount, Environment, ResultMeaning, Shortcode, UrlProblem, check_callback_url,
    read_callback,
};
pub use gateway::{
    Account, CallbackError, Charge, Gateway, Notification, Outcome, Reference, Start, TestReport,
    TestResult, Verdict,
};
pub use http::{SetupError, Timeouts};
