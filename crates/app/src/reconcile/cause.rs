//! Why a statement and our books disagree, and what can be done about it.

use bando_store::{Difference, DifferenceKind, DifferenceState};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why the two disagree: what the kind of a difference leaves open.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Cause {
    /// Nobody was asked for this money, as far as we know.
    Unasked {
        /// What the payer typed.
        reference: Option<String>,
    },
    /// A message told of this money, and nobody could prove it.
    Unproved {
        /// The arrival.
        arrival: Uuid,
    },
    /// A message told of this money, and then it was said not to be there.
    Refuted {
        /// The arrival.
        arrival: Uuid,
    },
    /// The payment it is for is not settled here.
    Unsettled {
        /// The payment's status: `pending`, `failed`, `expired`, `cancelled`.
        status: String,
        /// How the two were brought together.
        by: Match,
    },
    /// A payment of ours that the gateway does not list.
    PaymentUnlisted,
    /// Money that we believed to have arrived and that the gateway does not list.
    ArrivalUnlisted {
        /// The arrival.
        arrival: Uuid,
    },
    /// The gateway says something else of a payment.
    Payment,
    /// The gateway says something else of money that arrived by itself.
    Arrival {
        /// The arrival.
        arrival: Uuid,
    },
    /// The gateway says something else of money that we sent.
    Refund {
        /// The refund.
        refund: Uuid,
    },
    /// The same of a payout.
    Payout {
        /// The payout.
        payout: Uuid,
    },
    /// The gateway took a fee for something that is not in our books.
    FeeAlone,
    /// We settled without being told the receipt; the statement tells it.
    ReceiptTold {
        /// How the two were brought together.
        by: Match,
    },
    /// The statement has this receipt so many times.
    Repeated {
        /// How often.
        times: u64,
    },
    /// A payment and an arrival are the same money.
    Both {
        /// The arrival.
        arrival: Uuid,
    },
    /// Money of a payment of ours went back outside of Bando.
    SentBack,
    /// Money went back, and nobody knows of which payment.
    SentBackUnknown,
    /// Money was sent outside of Bando.
    SentOut,
    /// It moved in another account.
    Elsewhere {
        /// Which.
        account: String,
    },
}

/// How a line of a statement and a payment were brought together that share no receipt.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// By the gateway's own name for the payment.
    Name,
    /// By what the payer was told to write, and the time.
    Reference,
    /// By phone, amount and time.
    Phone,
    /// By an amount that at that time only the two of them have.
    Amount,
}

/// What can be done about a difference.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mend {
    /// Take the money in: it finds its payment, a plan, the payer's wallet or a case.
    TakeIn,
    /// Settle the payment: the money is there.
    Settle,
    /// Keep the receipt that the statement tells.
    FillReceipt,
    /// Book the fee as the gateway has it.
    BookFee,
    /// Book the rest: too much goes into the payer's wallet, too little is lost.
    BookDifference,
    /// Book that the money went back.
    BookReversal,
    /// Book that money left the account for something else.
    BookOut,
    /// Give up what is not there: it is booked as lost, or what did not leave as still there.
    WriteOff,
    /// Have somebody look into it: a case with a number.
    OpenCase,
    /// Let it be.
    Dismiss,
}

impl Mend {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::TakeIn,
        Self::Settle,
        Self::FillReceipt,
        Self::BookFee,
        Self::BookDifference,
        Self::BookReversal,
        Self::BookOut,
        Self::WriteOff,
        Self::OpenCase,
        Self::Dismiss,
    ];

    /// Its name in forms and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TakeIn => "take_in",
            Self::Settle => "settle",
            Self::FillReceipt => "fill_receipt",
            Self::BookFee => "book_fee",
            Self::BookDifference => "book_difference",
            Self::BookReversal => "book_reversal",
            Self::BookOut => "book_out",
            Self::WriteOff => "write_off",
            Self::OpenCase => "open_case",
            Self::Dismiss => "dismiss",
        }
    }

    /// The one with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mend| mend.name() == name)
    }

    /// Whether only an owner may.
    pub const fn needs_owner(self) -> bool {
        matches!(self, Self::WriteOff | Self::Dismiss)
    }
}

/// A difference with its cause and what can be done about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Disagreement {
    /// The difference. Mended by nobody means: by itself.
    pub difference: Difference,
    /// Why.
    pub cause: Cause,
    /// What can be done, best first; nothing once it is decided.
    pub mends: Vec<Mend>,
}

impl Disagreement {
    /// Reads a difference as it is stored.
    pub(crate) fn of(difference: Difference) -> Self {
        let cause = read(&difference);
        let mends = match difference.state {
            DifferenceState::Open => offered(difference.kind, &cause),
            DifferenceState::Mended | DifferenceState::Dismissed => Vec::new(),
        };
        Self {
            difference,
            cause,
            mends,
        }
    }

    /// What may be done about it without asking anybody: where nothing is guessed and nothing is
    /// given away that was not paid for.
    pub(crate) fn safe_mend(&self) -> Option<Mend> {
        let mend = self.mends.first().copied()?;
        let is_safe = match (mend, &self.cause) {
            (Mend::Settle, Cause::Unsettled { by, .. }) => *by != Match::Amount,
            (Mend::FillReceipt, Cause::ReceiptTold { .. } | Cause::Refund { .. })
            | (Mend::BookFee, Cause::Payment | Cause::Arrival { .. }) => true,
            _ => false,
        };
        is_safe.then_some(mend)
    }
}

/// A cause as it is stored beside its difference.
pub(crate) fn written(cause: &Cause) -> Option<String> {
    serde_json::to_string(cause).ok()
}

fn read(difference: &Difference) -> Cause {
    let stored = difference.detail.as_deref().map(serde_json::from_str);
    match stored {
        Some(Ok(cause)) => cause,
        _ => Cause::Unasked { reference: None },
    }
}

/// What can be done about a difference of this kind, best first.
fn offered(kind: DifferenceKind, cause: &Cause) -> Vec<Mend> {
    let best: &[Mend] = match (kind, cause) {
        (DifferenceKind::NotHere, _) => &[Mend::TakeIn],
        (DifferenceKind::Status, _) => &[Mend::Settle],
        (DifferenceKind::NoReceipt | DifferenceKind::Receipt, _) => &[Mend::FillReceipt],
        (DifferenceKind::Fee, Cause::FeeAlone) => &[Mend::BookOut],
        (DifferenceKind::Fee, _) => &[Mend::BookFee],
        (DifferenceKind::Amount, Cause::Payment | Cause::Arrival { .. })
        | (DifferenceKind::Twice, _) => &[Mend::BookDifference],
        (DifferenceKind::Reversal, Cause::SentBack) => &[Mend::BookReversal],
        (DifferenceKind::Reversal | DifferenceKind::PayoutNotHere, _) => &[Mend::BookOut],
        (
            DifferenceKind::NotThere
            | DifferenceKind::RefundNotThere
            | DifferenceKind::PayoutNotThere,
            _,
        ) => &[Mend::OpenCase, Mend::WriteOff, Mend::Dismiss],
        (
            DifferenceKind::Amount
            | DifferenceKind::Currency
            | DifferenceKind::Duplicate
            | DifferenceKind::WrongAccount,
            _,
        ) => &[],
    };
    let mut mends = best.to_vec();
    for more in [Mend::OpenCase, Mend::Dismiss] {
        if !mends.contains(&more) {
            mends.push(more);
        }
    }
    mends
}
