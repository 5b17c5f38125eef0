//! The gateway and the routers, played.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bando_domain::SessionId;
use bando_gateways::{
    Account, Asks, Authenticity, BadSetting, Charge, DARAJA_PROFILE, Found, Gateway, Message,
    MessageError, Movement, NoStatement, Notification, Payout, Profile, Reference, Refund, Search,
    Sent, Span, Start, StatementError, TestReport, TestResult, Verdict, Word, read_daraja_message,
    read_mpesa_statement,
};
use bando_store::{Router, Session};
use tokio::sync::Semaphore;

use crate::{Disconnected, RouterControl};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The next of the answers; the last stays.
fn next_turn<T: Clone>(turns: &mut VecDeque<T>) -> Option<T> {
    if turns.len() > 1 {
        turns.pop_front()
    } else {
        turns.front().cloned()
    }
}

/// M-Pesa by a script. Untold, it accepts every prompt (`ws_CO_1`, `ws_CO_2` …) and every order to send
/// money (`AG_1`, `AG_2` …), and has decided nothing about any payment.
#[derive(Default)]
pub struct ScriptedGateway {
    profile: Mutex<Option<&'static Profile>>,
    refunds: Mutex<Vec<Refund>>,
    payouts: Mutex<Vec<Payout>>,
    refund_answers: Mutex<VecDeque<Sent>>,
    payout_answers: Mutex<VecDeque<Sent>>,
    starts: Mutex<VecDeque<Start>>,
    finds: Mutex<HashMap<String, VecDeque<Found>>>,
    searches: Mutex<Vec<Search>>,
    words: Mutex<HashMap<Vec<u8>, Notification>>,
    verdicts: Mutex<HashMap<String, VecDeque<Verdict>>>,
    charges: Mutex<Vec<Charge>>,
    queries: Mutex<Vec<Reference>>,
    gate: Mutex<Option<Arc<Semaphore>>>,
    statements: Mutex<VecDeque<Result<Vec<Movement>, NoStatement>>>,
    spans: Mutex<Vec<Span>>,
}

impl ScriptedGateway {
    /// What the next statement that is asked for has; untold, this account gives none.
    pub fn answer_statement(&self, statement: Result<Vec<Movement>, NoStatement>) {
        lock(&self.statements).push_back(statement);
    }

    /// The times that statements were asked for.
    pub fn spans(&self) -> Vec<Span> {
        lock(&self.spans).clone()
    }

    /// Plays another gateway from now on: M-Pesa, but for what `change` changes.
    pub fn play(&self, change: impl FnOnce(&mut Profile)) {
        let mut profile = DARAJA_PROFILE.clone();
        change(&mut profile);
        *lock(&self.profile) = Some(Box::leak(Box::new(profile)));
    }

    /// What the next order to send money back comes to.
    pub fn answer_refund(&self, sent: Sent) {
        lock(&self.refund_answers).push_back(sent);
    }

    /// What the next order to pay out comes to.
    pub fn answer_payout(&self, sent: Sent) {
        lock(&self.payout_answers).push_back(sent);
    }

    /// The orders to send money back so far.
    pub fn refunds(&self) -> Vec<Refund> {
        lock(&self.refunds).clone()
    }

    /// The orders to pay out so far.
    pub fn payouts(&self) -> Vec<Payout> {
        lock(&self.payouts).clone()
    }

    fn accepted(&self) -> Sent {
        let number = lock(&self.refunds).len() + lock(&self.payouts).len();
        Sent::Accepted {
            conversation_id: format!("AG_{number}"),
        }
    }

    /// What questions about this receipt are answered, in turn; the last answer stays. Untold, the
    /// account cannot ask.
    pub fn answer_find(&self, receipt: &str, found: impl IntoIterator<Item = Found>) {
        lock(&self.finds).insert(receipt.to_owned(), found.into_iter().collect());
    }

    /// The questions asked about receipts so far.
    pub fn searches(&self) -> Vec<Search> {
        lock(&self.searches).clone()
    }

    /// What this body means from now on, of whatever gateway is played. Returns the body.
    pub fn mean<'a>(&self, body: &'a str, notification: Notification) -> &'a [u8] {
        lock(&self.words).insert(body.as_bytes().to_vec(), notification);
        body.as_bytes()
    }

    /// A body that tells of this movement.
    pub fn tell_of(&self, movement: &Movement) -> Vec<u8> {
        let body = format!("money {}", movement.receipt);
        self.mean(&body, Notification::Movement(movement.clone()));
        body.into_bytes()
    }

    /// What the next prompt that is asked for comes to.
    pub fn answer_start(&self, start: Start) {
        lock(&self.starts).push_back(start);
    }

    /// Forgets the answers to prompts that nobody has asked for yet.
    pub fn forget_starts(&self) {
        lock(&self.starts).clear();
    }

    /// What queries about this payment are answered, in turn; the last answer stays.
    pub fn answer_query(
        &self,
        checkout_request_id: &str,
        verdicts: impl IntoIterator<Item = Verdict>,
    ) {
        lock(&self.verdicts).insert(
            checkout_request_id.to_owned(),
            verdicts.into_iter().collect(),
        );
    }

    /// Holds answers to prompts back until the semaphore is given permits, one an answer. The
    /// prompts themselves are on the phones.
    pub fn hold_starts(&self) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        *lock(&self.gate) = Some(Arc::clone(&gate));
        gate
    }

    /// The prompts asked for so far.
    pub fn charges(&self) -> Vec<Charge> {
        lock(&self.charges).clone()
    }

    /// The token in the callback address of the newest prompt.
    pub fn callback_token(&self) -> String {
        let charges = lock(&self.charges);
        let url = charges.last().map(|c| c.callback_url.as_str());
        let token = url.and_then(|u| u.rsplit('/').next());
        token.unwrap_or_default().to_owned()
    }

    /// The queries made so far.
    pub fn queries(&self) -> Vec<Reference> {
        lock(&self.queries).clone()
    }

    /// How the gateway calls the `n`-th prompt, from 1.
    pub fn reference(n: usize) -> Reference {
        Reference {
            merchant_request_id: format!("m-{n}"),
            checkout_request_id: format!("ws_CO_{n}"),
        }
    }
}

#[async_trait]
impl Gateway for ScriptedGateway {
    fn profile(&self) -> &'static Profile {
        lock(&self.profile).unwrap_or(&DARAJA_PROFILE)
    }

    fn check(&self, _: &Account) -> Result<(), BadSetting> {
        Ok(())
    }

    async fn start(&self, _: &Account, charge: &Charge) -> Start {
        let number = {
            let mut charges = lock(&self.charges);
            charges.push(charge.clone());
            charges.len()
        };
        let gate = lock(&self.gate).clone();
        if let Some(gate) = gate
            && let Ok(permit) = gate.acquire().await
        {
            permit.forget();
        }
        let told = lock(&self.starts).pop_front();
        told.unwrap_or_else(|| Start::Accepted {
            reference: Self::reference(number),
            redirect: (self.profile().asks != Asks::Push)
                .then(|| format!("https://wallet.example/pay/{number}")),
        })
    }

    async fn query(&self, _: &Account, reference: &Reference) -> Verdict {
        lock(&self.queries).push(reference.clone());
        let mut verdicts = lock(&self.verdicts);
        let told = verdicts
            .get_mut(&reference.checkout_request_id)
            .and_then(next_turn);
        told.unwrap_or_else(|| Verdict::Pending {
            why: "still under processing".into(),
        })
    }

    fn read_message(&self, body: &[u8]) -> Result<Notification, MessageError> {
        match lock(&self.words).get(body) {
            Some(word) => Ok(word.clone()),
            None => read_daraja_message(body),
        }
    }

    async fn find(&self, _: &Account, search: &Search) -> Found {
        lock(&self.searches).push(search.clone());
        let mut finds = lock(&self.finds);
        let told = finds.get_mut(&search.receipt).and_then(next_turn);
        told.unwrap_or(Found::CannotAsk)
    }

    /// Good is the signature `good`.
    fn authenticate(&self, _: &Account, message: &Message<'_>) -> Authenticity {
        let signature = message.headers.iter().find(|(name, _)| name == "signature");
        let profile = self.profile();
        match signature.map(|(_, value)| value.as_str()) {
            Some("good") => Authenticity::Signed,
            None if profile.word != Word::Signed || profile.asks == Asks::Link => {
                Authenticity::Unsigned
            }
            _ => Authenticity::Forged("the signature is wrong"),
        }
    }

    async fn refund(&self, _: &Account, refund: &Refund) -> Sent {
        lock(&self.refunds).push(refund.clone());
        let told = lock(&self.refund_answers).pop_front();
        told.unwrap_or_else(|| self.accepted())
    }

    async fn pay_out(&self, _: &Account, payout: &Payout) -> Sent {
        lock(&self.payouts).push(payout.clone());
        let told = lock(&self.payout_answers).pop_front();
        told.unwrap_or_else(|| self.accepted())
    }

    async fn statement(&self, _: &Account, span: &Span) -> Result<Vec<Movement>, NoStatement> {
        lock(&self.spans).push(*span);
        let told = lock(&self.statements).pop_front();
        told.unwrap_or(Err(NoStatement::CannotAsk))
    }

    fn read_statement(&self, file: &[u8]) -> Result<Vec<Movement>, StatementError> {
        read_mpesa_statement(file).map_err(|bad| StatementError::Unreadable(bad.to_string()))
    }

    async fn test(&self, _: &Account) -> TestReport {
        TestReport {
            sign_in: TestResult::Passed,
            shortcode: TestResult::Passed,
        }
    }
}

/// A callback of Daraja that says this much money came, with this receipt.
pub fn paid_callback(reference: &Reference, shillings: &str, receipt: &str) -> Vec<u8> {
    let (merchant, checkout) = (
        &reference.merchant_request_id,
        &reference.checkout_request_id,
    );
    format!(
        r#"{{"Body":{{"stkCallback":{{"MerchantRequestID":"{merchant}","CheckoutRequestID":"{checkout}","ResultCode":0,
"ResultDesc":"The service request is processed successfully.","CallbackMetadata":{{"Item":[
{{"Name":"Amount","Value":{shillings}}},{{"Name":"MpesaReceiptNumber","Value":"{receipt}"}},
{{"Name":"TransactionDate","Value":20261120150000}},{{"Name":"PhoneNumber","Value":254712345678}}]}}}}}}}}"#
    )
    .into_bytes()
}

/// A callback of Daraja with another result code.
pub fn failed_callback(reference: &Reference, code: i32) -> Vec<u8> {
    let (merchant, checkout) = (
        &reference.merchant_request_id,
        &reference.checkout_request_id,
    );
    format!(
        r#"{{"Body":{{"stkCallback":{{"MerchantRequestID":"{merchant}","CheckoutRequestID":"{checkout}",
"ResultCode":{code},"ResultDesc":"said so"}}}}}}"#
    )
    .into_bytes()
}

/// A result of Daraja about money that was sent: code 0 says that it is there, under this receipt.
pub fn sent_result(conversation_id: &str, code: i32, receipt: &str) -> Vec<u8> {
    format!(
        r#"{{"Result":{{"ResultType":0,"ResultCode":{code},"ResultDesc":"said so","OriginatorConversationID":"o-1",
"ConversationID":"{conversation_id}","TransactionID":"{receipt}"}}}}"#
    )
    .into_bytes()
}

/// Routers by a script. Untold, they put every session off.
#[derive(Default)]
pub struct RecordingRouters {
    answers: Mutex<VecDeque<Disconnected>>,
    asked: Mutex<Vec<SessionId>>,
    gate: Mutex<Option<(SessionId, Arc<Semaphore>)>>,
}

impl RecordingRouters {
    /// What the next order comes to.
    pub fn answer(&self, answer: Disconnected) {
        lock(&self.answers).push_back(answer);
    }

    /// Holds the answer about this session back until the semaphore is given a permit.
    pub fn hold(&self, session: SessionId) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        *lock(&self.gate) = Some((session, Arc::clone(&gate)));
        gate
    }

    /// The sessions that were to be put off, in order.
    pub fn asked(&self) -> Vec<SessionId> {
        lock(&self.asked).clone()
    }
}

#[async_trait]
impl RouterControl for RecordingRouters {
    async fn disconnect(&self, _: &Router, session: &Session) -> Disconnected {
        lock(&self.asked).push(session.id);
        let gate = lock(&self.gate).clone();
        if let Some((_, gate)) = gate.filter(|(held, _)| *held == session.id)
            && let Ok(permit) = gate.acquire().await
        {
            permit.forget();
        }
        lock(&self.answers)
            .pop_front()
            .unwrap_or(Disconnected::Gone)
    }
}
