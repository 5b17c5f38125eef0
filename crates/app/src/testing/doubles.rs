//! The gateway and the routers, played.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bando_domain::SessionId;
use bando_gateways::{
    Account, BadSetting, Charge, DARAJA_PROFILE, Gateway, MessageError, Notification, Profile,
    Reference, Start, TestReport, TestResult, Verdict, read_callback,
};
use bando_store::{Router, Session};
use tokio::sync::Semaphore;

use crate::{Disconnected, RouterControl};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// M-Pesa by a script. Untold, it accepts every prompt (`ws_CO_1`, `ws_CO_2` …) and has decided
/// nothing about any payment.
#[derive(Default)]
pub struct ScriptedGateway {
    starts: Mutex<VecDeque<Start>>,
    verdicts: Mutex<HashMap<String, VecDeque<Verdict>>>,
    charges: Mutex<Vec<Charge>>,
    queries: Mutex<Vec<Reference>>,
    gate: Mutex<Option<Arc<Semaphore>>>,
}

impl ScriptedGateway {
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
        &DARAJA_PROFILE
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
            redirect: None,
        })
    }

    async fn query(&self, _: &Account, reference: &Reference) -> Verdict {
        lock(&self.queries).push(reference.clone());
        let mut verdicts = lock(&self.verdicts);
        let told = verdicts
            .get_mut(&reference.checkout_request_id)
            .and_then(|turns| {
                if turns.len() > 1 {
                    turns.pop_front()
                } else {
                    turns.front().cloned()
                }
            });
        told.unwrap_or_else(|| Verdict::Pending {
            why: "still under processing".into(),
        })
    }

    fn read_message(&self, body: &[u8]) -> Result<Notification, MessageError> {
        read_callback(body)
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
