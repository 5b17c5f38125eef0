//! The payment companies, played so that nothing has to be remembered: what becomes of a payment is
//! decided by its reference and the seed, the same in every life of the program. What they did is
//! written to a file that no crash of the program touches.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use anyhow::{Context, Result};
use async_trait::async_trait;
use bando_domain::{AccountId, Currency, Money, PaymentFailure, Phone};
use bando_gateways::{
    Account, Asks, Authenticity, BadSetting, Charge, DARAJA_PROFILE, Found, Gateway, Gateways,
    Message, MessageError, Movement, MovementKind, NoStatement, Notification, Outcome,
    PESAPAL_PROFILE, Paid, Profile, Recovered, Reference, Refund, Search, Sent, Span, Start,
    TestReport, TestResult, Verdict, WAVE_PROFILE, Word,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The names of the companies: unsigned messages, signed ones, and "ask me".
pub(crate) const NAMES: [&str; 3] = ["mpesa", "wave", "pesapal"];

static UNSIGNED: LazyLock<Profile> = LazyLock::new(|| in_shillings(&DARAJA_PROFILE));
static SIGNED: LazyLock<Profile> = LazyLock::new(|| in_shillings(&WAVE_PROFILE));
static POLLED: LazyLock<Profile> = LazyLock::new(|| in_shillings(&PESAPAL_PROFILE));

fn in_shillings(profile: &Profile) -> Profile {
    Profile {
        currencies: &[Currency::Kes],
        statement: true,
        ..profile.clone()
    }
}

/// The header that only the company itself can write.
pub(crate) const SIGNATURE: &str = "x-signature";

/// Something a company did, or was told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Entry {
    /// The business was founded, with these members.
    Founded {
        owner: AccountId,
        manager: AccountId,
    },
    /// A payer was asked, on this link.
    Asked {
        gateway: String,
        reference: String,
        minor: i64,
        phone: String,
        callback: String,
    },
    /// A payer paid by hand.
    ByHand {
        receipt: String,
        minor: i64,
        phone: String,
        reference: String,
    },
    /// Money of a payment went back to its payer.
    Sent {
        gateway: String,
        reference: String,
        receipt: String,
        minor: i64,
        result: String,
    },
    /// The program answered a message with success: it must have it.
    Answered { digest: String },
}

/// The file of what happened.
#[derive(Clone, Debug)]
pub(crate) struct Book {
    path: PathBuf,
    file: Arc<Mutex<File>>,
}

impl Book {
    /// Opens it; it is made if there is none.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self {
            path: path.to_owned(),
            file: Arc::new(Mutex::new(file)),
        })
    }

    /// Adds a line. The page cache survives the death of a process.
    #[expect(
        clippy::expect_used,
        reason = "a proof without its book proves nothing"
    )]
    pub(crate) fn add(&self, entry: &Entry) {
        let mut line = serde_json::to_string(entry).unwrap_or_default();
        line.push('\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes())
            .expect("the book can be written");
    }

    /// All lines.
    pub(crate) fn read(&self) -> Result<Vec<Entry>> {
        let text = std::fs::read_to_string(&self.path)?;
        text.lines()
            .map(|line| serde_json::from_str(line).context("a line of the book"))
            .collect()
    }
}

/// What becomes of a payment: decided by its reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Paid,
    Short,
    Over,
    Declined,
}

/// The same for the same seed and reference.
pub(crate) fn fate(seed: u64, reference: &str) -> Fate {
    match roll(seed, reference) % 20 {
        0..=13 => Fate::Paid,
        14 => Fate::Short,
        15 => Fate::Over,
        _ => Fate::Declined,
    }
}

/// What arrives of this amount, if anything.
pub(crate) fn arriving(fate: Fate, minor: i64) -> Option<i64> {
    match fate {
        Fate::Paid => Some(minor),
        Fate::Short => Some(minor - 100),
        Fate::Over => Some(minor + 300),
        Fate::Declined => None,
    }
}

/// The receipt of the money of a reference.
pub(crate) fn receipt(reference: &str) -> String {
    let digest = Sha256::digest(reference.as_bytes());
    let alphabet = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let letters = digest[..8]
        .iter()
        .map(|byte| char::from(alphabet[usize::from(byte % 32)]));
    format!("R{}9", letters.collect::<String>())
}

fn roll(seed: u64, text: &str) -> u64 {
    let digest = Sha256::new()
        .chain_update(seed.to_le_bytes())
        .chain_update(text.as_bytes())
        .finalize();
    digest[..8]
        .iter()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// A message as these companies write them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Told {
    Payment {
        reference: String,
        paid: Option<(String, i64)>,
    },
    Movement {
        receipt: String,
        minor: i64,
        phone: String,
        reference: String,
    },
    Look {
        reference: String,
    },
    Sent {
        conversation: String,
        done: bool,
    },
}

/// One company.
pub(crate) struct Company {
    profile: &'static Profile,
    seed: u64,
    book: Book,
}

/// All of them.
pub(crate) fn companies(seed: u64, book: &Book) -> Gateways {
    [&*UNSIGNED, &*SIGNED, &*POLLED]
        .map(|profile| Company {
            profile,
            seed,
            book: book.clone(),
        })
        .into_iter()
        .map(|company| Arc::new(company) as Arc<dyn Gateway>)
        .collect()
}

impl Company {
    /// One company is enough for that: the money is in one place.
    fn is_paid_by_hand(&self) -> bool {
        self.profile.name == NAMES[0]
    }

    fn currency(&self) -> Currency {
        self.profile.currencies[0]
    }

    fn reference(reference: &str) -> Reference {
        Reference {
            merchant_request_id: reference.to_owned(),
            checkout_request_id: format!("co-{reference}"),
        }
    }

    fn asked(&self, reference: &str) -> Option<i64> {
        let entries = self.book.read().ok()?;
        entries.into_iter().rev().find_map(|entry| match entry {
            Entry::Asked {
                reference: asked,
                minor,
                ..
            } if asked == reference => Some(minor),
            _ => None,
        })
    }

    fn paid(&self, reference: &str, minor: i64) -> Paid {
        Paid {
            // As Daraja's query, it does not tell.
            receipt: (self.profile.asks == Asks::Redirect).then(|| receipt(reference)),
            amount: Some(Money::from_minor(minor, self.currency())),
            ..Paid::default()
        }
    }

    /// Sends money back. Who signs also knows a repetition when it sees one, as Wave does.
    fn send(&self, refund: &Refund) -> Sent {
        let entry = Entry::Sent {
            gateway: self.profile.name.to_owned(),
            reference: refund.reference.clone(),
            receipt: refund.receipt.clone().unwrap_or_default(),
            minor: refund.amount.minor(),
            result: refund.result_url.clone(),
        };
        let again = self.book.read().unwrap_or_default().contains(&entry);
        if !(again && self.profile.word == Word::Signed) {
            self.book.add(&entry);
        }
        match roll(self.seed, &refund.reference) % 4 {
            0 => Sent::Unknown {
                why: "no answer".into(),
            },
            1 => Sent::Accepted {
                conversation_id: conversation(&refund.reference),
            },
            _ => Sent::Done {
                receipt: Some(receipt(&refund.reference)),
            },
        }
    }

    /// What of the book moved in this company's account.
    fn movement_of(&self, entry: Entry) -> Option<Movement> {
        match entry {
            Entry::Asked {
                gateway,
                reference,
                minor,
                phone,
                ..
            } if gateway == self.profile.name => {
                let minor = arriving(fate(self.seed, &reference), minor)?;
                let mut movement =
                    self.movement(receipt(&reference), minor, &phone, reference.clone());
                movement.checkout_request_id = Some(format!("co-{reference}"));
                Some(movement)
            }
            Entry::ByHand {
                receipt,
                minor,
                phone,
                reference,
            } if self.is_paid_by_hand() => Some(self.movement(receipt, minor, &phone, reference)),
            Entry::Sent {
                gateway,
                reference,
                receipt: of,
                minor,
                ..
            } if gateway == self.profile.name => Some(Movement {
                kind: MovementKind::Reversal,
                ..self.movement(receipt(&reference), minor, "", of)
            }),
            _ => None,
        }
    }
}

/// How a company calls an order to send money.
pub(crate) fn conversation(reference: &str) -> String {
    format!("cv-{reference}")
}

#[async_trait]
impl Gateway for Company {
    fn profile(&self) -> &'static Profile {
        self.profile
    }

    fn check(&self, _: &Account) -> Result<(), BadSetting> {
        Ok(())
    }

    async fn start(&self, _: &Account, charge: &Charge) -> Start {
        self.book.add(&Entry::Asked {
            gateway: self.profile.name.to_owned(),
            reference: charge.reference.clone(),
            minor: charge.amount.minor(),
            phone: charge.phone.digits().to_owned(),
            callback: charge.callback_url.clone(),
        });
        match roll(self.seed ^ 1, &charge.reference) % 10 {
            0 => Start::Unknown {
                why: "no answer".into(),
            },
            _ => Start::Accepted {
                reference: Self::reference(&charge.reference),
                redirect: (self.profile.asks == Asks::Redirect)
                    .then(|| "https://pay.example/1".to_owned()),
            },
        }
    }

    async fn recover(&self, _: &Account, charge: &Charge) -> Recovered {
        match self.asked(&charge.reference) {
            Some(_) => Recovered::Found {
                reference: Self::reference(&charge.reference),
                redirect: None,
            },
            None => Recovered::NotThere,
        }
    }

    async fn query(&self, _: &Account, reference: &Reference) -> Verdict {
        let name = &reference.merchant_request_id;
        let Some(minor) = self.asked(name) else {
            return Verdict::Pending {
                why: "not known".into(),
            };
        };
        match arriving(fate(self.seed, name), minor) {
            Some(minor) => Verdict::Paid(self.paid(name, minor)),
            None => Verdict::Failed {
                failure: PaymentFailure::Cancelled,
                code: "1032".into(),
                message: "declined".into(),
            },
        }
    }

    async fn find(&self, _: &Account, search: &Search) -> Found {
        let entries = self.book.read().unwrap_or_default();
        let found = entries.into_iter().find_map(|entry| match entry {
            Entry::ByHand {
                receipt,
                minor,
                phone,
                reference,
            } if receipt == search.receipt && self.is_paid_by_hand() => {
                Some(self.movement(receipt, minor, &phone, reference))
            }
            _ => None,
        });
        found.map_or(Found::NotThere, Found::Movement)
    }

    fn authenticate(&self, _: &Account, message: &Message<'_>) -> Authenticity {
        if self.profile.word != Word::Signed {
            return Authenticity::Unsigned;
        }
        let is_signed = message.headers.iter().any(|(name, _)| name == SIGNATURE);
        if is_signed {
            Authenticity::Signed
        } else {
            Authenticity::Forged("no signature")
        }
    }

    fn read_message(&self, body: &[u8]) -> Result<Notification, MessageError> {
        let word: Told = serde_json::from_slice(body)
            .map_err(|error| MessageError::Malformed(error.to_string()))?;
        Ok(match word {
            Told::Payment { reference, paid } => Notification::Payment {
                reference: Self::reference(&reference),
                outcome: match paid {
                    Some((receipt, minor)) => Outcome::Paid(Paid {
                        receipt: Some(receipt),
                        amount: Some(Money::from_minor(minor, self.currency())),
                        ..Paid::default()
                    }),
                    None => Outcome::Failed {
                        failure: PaymentFailure::Cancelled,
                        code: "1032".into(),
                        message: "declined".into(),
                    },
                },
            },
            Told::Look { reference } => Notification::Payment {
                reference: Self::reference(&reference),
                outcome: Outcome::Undecided {
                    code: "IPNCHANGE".into(),
                    message: String::new(),
                },
            },
            Told::Movement {
                receipt,
                minor,
                phone,
                reference,
            } => Notification::Movement(self.movement(receipt, minor, &phone, reference)),
            Told::Sent { conversation, done } => Notification::Sent {
                outcome: if done {
                    Sent::Done { receipt: None }
                } else {
                    Sent::Refused {
                        code: "1".into(),
                        message: "no".into(),
                    }
                },
                conversation_id: conversation,
            },
        })
    }

    async fn refund(&self, _: &Account, refund: &Refund) -> Sent {
        self.send(refund)
    }

    async fn statement(&self, _: &Account, _: &Span) -> Result<Vec<Movement>, NoStatement> {
        let entries = self.book.read().unwrap_or_default();
        let movements = entries.into_iter().filter_map(|e| self.movement_of(e));
        Ok(movements.collect())
    }

    async fn test(&self, _: &Account) -> TestReport {
        TestReport {
            sign_in: TestResult::Passed,
            shortcode: TestResult::Passed,
        }
    }
}

impl Company {
    fn movement(&self, receipt: String, minor: i64, phone: &str, reference: String) -> Movement {
        Movement {
            kind: MovementKind::Payment,
            receipt,
            amount: Money::from_minor(minor, self.currency()),
            fee: None,
            at: None,
            phone: Phone::from_international(phone),
            payer: None,
            reference: Some(reference),
            account: None,
            checkout_request_id: None,
        }
    }
}
