//! What the payment companies did, in the same words for all of them: made from the books that their
//! simulators keep.

use bando_domain::Money;
use bando_sim::daraja::{self, MessageKind};
use bando_sim::pesapal::{self, Direction, OrderState};
use bando_sim::wave::{self, CheckoutStatus, TransactionType};

/// Everything that happened at the payment companies.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) asked: Vec<Asked>,
    pub(crate) moved: Vec<Moved>,
    pub(crate) told: Vec<Told>,
}

/// A request for money that a company took.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) gateway: &'static str,
    /// The company's name for it.
    pub(crate) reference: String,
    /// Our payment in small hex, where the company was told it.
    pub(crate) ours: Option<String>,
    /// The account number that the payer reads.
    pub(crate) label: String,
    /// Who asks.
    pub(crate) account: String,
    /// Digits; empty where the company is not told.
    pub(crate) phone: String,
    /// It is over, and no money came.
    pub(crate) is_refused: bool,
    /// How often it was asked about, where that is counted.
    pub(crate) queries: u64,
}

/// Money that came.
#[derive(Clone, Debug)]
pub(crate) struct Moved {
    pub(crate) gateway: &'static str,
    pub(crate) receipt: String,
    /// Whose it is now.
    pub(crate) account: String,
    /// The payer, in digits; empty where that is not known.
    pub(crate) from: String,
    pub(crate) amount: Money,
    /// The request that it answers; none if it was paid by hand.
    pub(crate) reference: Option<String>,
    /// It went back.
    pub(crate) returned: bool,
}

/// A message that was sent.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) gateway: &'static str,
    pub(crate) body: String,
    /// It was answered with success.
    pub(crate) is_taken: bool,
}

impl Books {
    /// The books of all three.
    pub(crate) fn of(daraja: &daraja::Books, wave: &wave::Books, pesapal: &pesapal::Books) -> Self {
        let mut books = Self::default();
        books.add_daraja(daraja);
        books.add_wave(wave);
        books.add_pesapal(pesapal);
        books
    }

    /// Whether a message of this request was answered with success.
    pub(crate) fn was_heard(&self, asked: &Asked) -> bool {
        let mut told = self.told.iter();
        told.any(|t| t.is_taken && t.gateway == asked.gateway && t.body.contains(&asked.reference))
    }

    fn add_daraja(&mut self, books: &daraja::Books) {
        let gateway = "mpesa";
        for prompt in &books.prompts {
            self.asked.push(Asked {
                gateway,
                reference: prompt.checkout_request_id.clone(),
                ours: None,
                label: prompt.account_reference.clone(),
                account: prompt.party_b.clone(),
                phone: prompt.phone.clone(),
                is_refused: prompt.code.is_some() && prompt.receipt.is_none(),
                queries: prompt.queries,
            });
            for call in &prompt.callbacks {
                self.tell(gateway, &call.body, call.status);
            }
        }
        for message in books.messages.iter() {
            // A validation is a question: it is answered, and nothing has happened yet.
            if message.kind != MessageKind::Validation {
                self.tell(gateway, &message.called.body, message.called.status);
            }
        }
        for moved in &books.moved {
            let reference = Some(moved.checkout_request_id.clone());
            self.moved.push(Moved {
                gateway,
                receipt: moved.receipt.clone(),
                account: moved.to.clone(),
                from: moved.from.clone(),
                amount: moved.amount,
                reference: reference.filter(|reference| !reference.is_empty()),
                returned: books.returned.iter().any(|back| back.of == moved.receipt),
            });
        }
    }

    fn add_wave(&mut self, books: &wave::Books) {
        let gateway = "wave";
        for session in &books.sessions {
            self.asked.push(Asked {
                gateway,
                reference: session.id.clone(),
                ours: session.client_reference.as_deref().map(hex),
                label: String::new(),
                account: session.merchant_id.clone(),
                phone: session.restrict_payer_mobile.clone().unwrap_or_default(),
                is_refused: session.checkout_status == CheckoutStatus::Expired,
                queries: 0,
            });
        }
        for event in &books.events {
            for call in &event.calls {
                self.tell(gateway, &event.body, call.status);
            }
        }
        let incoming = |t: &&wave::Transaction| {
            matches!(
                t.kind,
                TransactionType::MerchantPayment | TransactionType::ApiCheckout
            )
        };
        for moved in books.transactions.iter().filter(incoming) {
            let mut others = books.transactions.iter();
            self.moved.push(Moved {
                gateway,
                receipt: moved.id.clone(),
                account: moved.merchant_id.clone(),
                from: moved.phone.clone(),
                amount: moved.gross,
                reference: moved.session_id.clone(),
                returned: others.any(|other| other.refunds.as_ref() == Some(&moved.id)),
            });
        }
    }

    fn add_pesapal(&mut self, books: &pesapal::Books) {
        let gateway = "pesapal";
        for order in &books.orders {
            self.asked.push(Asked {
                gateway,
                reference: order.order_tracking_id.clone(),
                ours: Some(hex(&order.merchant_reference)),
                label: String::new(),
                account: order.merchant.clone(),
                phone: order.phone.clone(),
                is_refused: order.state == OrderState::Failed,
                queries: order.queries,
            });
            for call in &order.notified {
                self.tell(gateway, &call.body, call.status);
            }
        }
        for moved in books.moved.iter().filter(|m| m.direction == Direction::In) {
            let mut others = books.moved.iter();
            let order = books
                .orders
                .iter()
                .find(|order| order.order_tracking_id == moved.order_tracking_id);
            self.moved.push(Moved {
                gateway,
                receipt: moved.confirmation_code.clone(),
                account: moved.merchant.clone(),
                from: order.map(|order| order.phone.clone()).unwrap_or_default(),
                amount: moved.amount,
                reference: Some(moved.order_tracking_id.clone()),
                returned: others.any(|other| {
                    other.direction == Direction::Back
                        && other.confirmation_code == moved.confirmation_code
                }),
            });
        }
    }

    fn tell(&mut self, gateway: &'static str, body: &str, status: Option<u16>) {
        self.told.push(Told {
            gateway,
            body: body.to_owned(),
            is_taken: status.is_some_and(|status| (200..300).contains(&status)),
        });
    }
}

fn hex(reference: &str) -> String {
    reference.replace('-', "")
}
