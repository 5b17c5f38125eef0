//! What Daraja's result codes mean.
//!
//! The same codes come as numbers in callbacks and as strings in query answers, and some are not
//! numbers at all (`E3008`): they are compared as text. `ResultDesc` is not a contract (one code
//! comes with several texts), so only the code decides.

use bando_domain::PaymentFailure::{
    self, Cancelled, GatewayBusy, InsufficientFunds, LimitExceeded, NoAnswer, PayerNotAllowed,
    PromptExpired, PromptOpen, PromptUndelivered, ProviderMisconfigured, WrongPin,
};

/// What a result code decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResultMeaning {
    /// The money moved. Only `0` says so.
    Paid,
    /// Nothing is decided yet, or the code is ambiguous or unknown.
    Pending,
    /// No money for this prompt.
    Failed(PaymentFailure),
}

impl ResultMeaning {
    /// The meaning of a code; [`ResultMeaning::Pending`] when it is not in the table.
    pub fn of(code: &str) -> Self {
        TABLE
            .iter()
            .find(|(known, ..)| *known == code)
            .map_or(Self::Pending, |(_, meaning, _)| *meaning)
    }
}

/// What the code means in our words, where we know it: for the provider, beside what Daraja said.
pub(crate) fn explanation(code: &str) -> Option<&'static str> {
    TABLE
        .iter()
        .find(|(known, ..)| *known == code)
        .map(|(.., words)| *words)
}

use ResultMeaning::{Failed, Paid, Pending};

/// Code, meaning, and our words for it.
#[rustfmt::skip]
const TABLE: &[(&str, ResultMeaning, &str)] = &[
    // The money.
    ("0",          Paid,                           "Paid"),
    // Undecided: asked again until something else is said.
    ("4999",       Pending,                        "Still being processed"),
    ("17",         Pending,                        "Internal failure at M-Pesa; the money may have moved"),
    ("15",         Pending,                        "Taken for a repetition; the first one decides"),
    ("19",         Pending,                        "Messages out of order at M-Pesa"),
    ("500",        Pending,                        "Internal failure at M-Pesa"),
    ("100000000",  Pending,                        "M-Pesa is overloaded"),
    ("100000001",  Pending,                        "M-Pesa is overloaded"),
    ("100000011",  Pending,                        "M-Pesa is overloaded"),
    ("00.002.1001", Pending,                       "M-Pesa is under maintenance"),
    // The payer's wallet.
    ("1",          Failed(InsufficientFunds),      "Not enough money in the wallet, Fuliza included"),
    ("5",          Failed(InsufficientFunds),      "The wallet would fall below its minimum"),
    ("2",          Failed(LimitExceeded),          "Below the smallest amount"),
    ("3",          Failed(LimitExceeded),          "Above the largest amount"),
    ("4",          Failed(LimitExceeded),          "Over the payer's daily limit"),
    ("8",          Failed(LimitExceeded),          "Over the largest balance"),
    ("6",          Failed(PayerNotAllowed),        "The payer is not known to M-Pesa"),
    ("11",         Failed(PayerNotAllowed),        "The payer's account is not active"),
    ("13",         Failed(PayerNotAllowed),        "The payer's account was not found"),
    ("2006",       Failed(PayerNotAllowed),        "A rule of the payer's account forbids it"),
    ("2040",       Failed(PayerNotAllowed),        "The payer is not registered with M-Pesa"),
    ("E3008",      Failed(PayerNotAllowed),        "The payer has a bad debt"),
    // The payer's answer.
    ("1032",       Failed(Cancelled),              "Cancelled on the phone, or left until it closed"),
    ("2001",       Failed(WrongPin),               "Wrong PIN"),
    ("1037",       Failed(NoAnswer),               "No answer: phone off, prompt ignored, or an old SIM (dial *234# to update it)"),
    ("1019",       Failed(PromptExpired),          "The prompt expired"),
    ("1031",       Failed(PromptExpired),          "The PIN did not come in time"),
    ("1001",       Failed(PromptOpen),             "Another prompt is open on this phone; wait a minute or two"),
    // The way to the phone.
    ("1025",       Failed(PromptUndelivered),      "The prompt could not be sent"),
    ("9999",       Failed(PromptUndelivered),      "The prompt could not be sent"),
    ("1036",       Failed(PromptUndelivered),      "The phone network did not take the prompt"),
    ("26",         Failed(GatewayBusy),            "M-Pesa is busy; try again in half a minute"),
    ("2026",       Failed(GatewayBusy),            "The session with M-Pesa ran out"),
    // The provider's set-up.
    ("7",          Failed(ProviderMisconfigured),  "The shortcode is not known to M-Pesa"),
    ("12",         Failed(ProviderMisconfigured),  "The shortcode's account is not active"),
    ("14",         Failed(ProviderMisconfigured),  "The shortcode's account was not found"),
    ("18",         Failed(ProviderMisconfigured),  "The initiator's credentials were refused"),
    ("20",         Failed(ProviderMisconfigured),  "The initiator is not known"),
    ("21",         Failed(ProviderMisconfigured),  "The initiator may not do this"),
    ("22",         Failed(ProviderMisconfigured),  "Something is missing in the request"),
    ("24",         Failed(ProviderMisconfigured),  "A mandatory parameter is missing"),
    ("25",         Failed(ProviderMisconfigured),  "A parameter is invalid"),
    ("29",         Failed(ProviderMisconfigured),  "The command is invalid"),
    ("1101",       Failed(ProviderMisconfigured),  "The text of the prompt is too long"),
    ("1102",       Failed(ProviderMisconfigured),  "The text of the prompt is too long"),
    ("2008",       Failed(ProviderMisconfigured),  "Not authenticated"),
    ("2028",       Failed(ProviderMisconfigured),  "The shortcode is not assigned this product"),
    ("8006",       Failed(ProviderMisconfigured),  "The security credential is locked"),
    ("SFC_IC0003", Failed(ProviderMisconfigured),  "The operator does not exist"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_zero_is_money() {
        let paid: Vec<_> = TABLE.iter().filter(|(_, m, _)| *m == Paid).collect();
        assert_eq!(paid.len(), 1);
        for near in ["", "00", " 0", "0.0", "-0", "O", "null"] {
            assert_eq!(ResultMeaning::of(near), Pending, "{near:?}");
        }
    }

    #[test]
    fn each_code_is_listed_once() {
        for (i, (code, ..)) in TABLE.iter().enumerate() {
            assert!(TABLE[..i].iter().all(|(other, ..)| other != code), "{code}");
        }
    }

    #[test]
    fn the_unknown_decides_nothing() {
        assert_eq!(ResultMeaning::of("7777"), Pending);
        assert_eq!(ResultMeaning::of("e3008"), Pending);
    }
}
