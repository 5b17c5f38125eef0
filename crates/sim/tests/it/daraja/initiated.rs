//! Transaction Status, Reversal, B2C and Account Balance, and what can happen to their results.

use std::time::Duration;

use bando_domain::{Currency, Money};
use bando_sim::daraja::{CERTIFICATE, Delivery, HandPayment, OrderScript, PushFault};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::pkcs8::DecodePublicKey as _;
use rsa::{Pkcs1v15Encrypt, RsaPublicKey};
use serde_json::{Value, json};
use x509_cert::Certificate;
use x509_cert::der::{DecodePem as _, Encode as _};

use super::{PHONE, Stage, phone};

/// What the initiator's password looks like on the wire.
fn credential(password: &str) -> String {
    let certificate = Certificate::from_pem(CERTIFICATE).expect("a certificate");
    let key = certificate.tbs_certificate.subject_public_key_info;
    let key = RsaPublicKey::from_public_key_der(&key.to_der().expect("der")).expect("a key");
    let sealed = key.encrypt(
        &mut rsa::rand_core::OsRng,
        Pkcs1v15Encrypt,
        password.as_bytes(),
    );
    STANDARD.encode(sealed.expect("sealed"))
}

impl Stage {
    fn order(&self, command: &str) -> Value {
        json!({
            "Initiator": "api174379", "InitiatorName": "api174379",
            "SecurityCredential": credential("Initiator174379!"), "CommandID": command,
            "PartyA": "174379", "IdentifierType": "4", "Remarks": "a test",
            "ResultURL": self.callback_url, "QueueTimeOutURL": self.callback_url,
        })
    }

    fn reversal(&self, receipt: &str, amount: u32) -> Value {
        let mut order = self.order("TransactionReversal");
        order["TransactionID"] = json!(receipt);
        order["Amount"] = json!(amount);
        order["ReceiverParty"] = json!("174379");
        order["RecieverIdentifierType"] = json!("11");
        order
    }

    fn payout(&self, name: &str, amount: u32) -> Value {
        let mut order = self.order("BusinessPayment");
        order["OriginatorConversationID"] = json!(name);
        order["Amount"] = json!(amount);
        order["PartyB"] = json!(PHONE);
        order["Occassion"] = json!("");
        order
    }

    async fn reverse(&self, receipt: &str, amount: u32) -> (u16, Value) {
        let order = self.reversal(receipt, amount);
        self.post("/mpesa/reversal/v1/request", &order).await
    }

    async fn pay_out(&self, name: &str, amount: u32) -> (u16, Value) {
        let order = self.payout(name, amount);
        self.post("/mpesa/b2c/v3/paymentrequest", &order).await
    }

    async fn ask(&self, receipt: &str) -> (u16, Value) {
        let mut order = self.order("TransactionStatusQuery");
        order["TransactionID"] = json!(receipt);
        order["Occasion"] = json!("");
        self.post("/mpesa/transactionstatus/v1/query", &order).await
    }

    async fn results(&self, count: usize) -> Vec<Value> {
        let received = self.callbacks(count).await;
        let result =
            |text: &str| serde_json::from_str::<Value>(text).expect("json")["Result"].clone();
        received.iter().map(|(_, text)| result(text)).collect()
    }

    async fn paid(&self) -> String {
        let payment = HandPayment {
            phone: PHONE.into(),
            shortcode: "174379".into(),
            bill_ref_number: "K7P2M4".into(),
            amount_minor: 5_000,
        };
        self.sim.pay_by_hand(&payment).await.expect("paid")
    }
}

fn value<'a>(result: &'a Value, key: &str) -> &'a Value {
    let list = result["ResultParameters"]["ResultParameter"].as_array();
    let item = list.expect("a list").iter().find(|item| item["Key"] == key);
    &item.expect(key)["Value"]
}

#[tokio::test]
async fn an_order_is_acknowledged_in_the_portals_words() {
    let stage = Stage::new().await;
    let (status, body) = stage.ask("NLJ7RT61SV").await;
    assert_eq!(status, 200);
    assert_eq!(body["ResponseCode"], "0");
    assert_eq!(
        body["ResponseDescription"],
        "Accept the service request successfully."
    );
    assert!(body["OriginatorConversationID"].is_string());
    let id = body["ConversationID"].as_str().expect("an id");
    assert!(id.starts_with("AG_20261120_") && id.len() == 32, "{id}");
    assert_eq!(stage.results(1).await[0]["ConversationID"], id);
}

#[tokio::test]
async fn a_status_query_tells_of_every_movement_with_its_hazards() {
    let stage = Stage::new().await;
    let receipt = stage.paid().await;
    stage.ask(&receipt).await;
    let result = stage.results(1).await.remove(0);
    assert_eq!(result["ResultCode"], 0, "a number");
    let items = result["ResultParameters"]["ResultParameter"]
        .as_array()
        .expect("items");
    let count = |key: &str| items.iter().filter(|item| item["Key"] == key).count();
    assert_eq!(count("DebitPartyName"), 2, "a key given twice");
    let reason = items
        .iter()
        .find(|item| item["Key"] == "TransactionReason")
        .expect("it");
    assert!(reason.get("Value").is_none(), "a key without a value");
    assert!(
        result["ReferenceData"]["ReferenceItem"].is_array(),
        "a list here"
    );
    assert!(
        result["TransactionID"]
            .as_str()
            .is_some_and(|id| id.ends_with("0000000"))
    );
    assert_eq!(value(&result, "ReceiptNo"), &json!(receipt));
    assert_eq!(value(&result, "Amount"), &json!(50.0));
    assert_eq!(value(&result, "TransactionStatus"), "Completed");
    assert_eq!(value(&result, "ReasonType"), "Pay Bill Online");
    assert_eq!(
        value(&result, "FinalisedTime"),
        &json!(20_261_120_143_500_u64)
    );
    assert_eq!(value(&result, "DebitPartyName"), "0712345678 - NICHOLAS");

    stage.ask("NOSUCH0001").await;
    let result = stage.results(2).await.remove(1);
    assert_eq!(result["ResultCode"], "R000002");
    assert!(result.get("ResultParameters").is_none());
}

#[tokio::test]
async fn a_payment_is_reversed_whole_and_once() {
    let stage = Stage::new().await;
    let receipt = stage.paid().await;
    let before = stage.sim.phones().balance(&phone(PHONE));
    for (id, amount, code) in [
        (receipt.as_str(), 20, json!(25)),
        ("NOSUCH0001", 50, json!("R000002")),
        (&receipt, 50, json!(0)),
        (&receipt, 50, json!("R000001")),
    ] {
        let count = stage.results_so_far();
        assert_eq!(stage.reverse(id, amount).await.0, 200);
        let result = stage.results(count + 1).await.remove(count);
        assert_eq!(result["ResultCode"], code);
        assert!(result["ReferenceData"]["ReferenceItem"].is_object());
    }
    let books = stage.sim.books();
    assert_eq!(books.returned.len(), 1);
    assert_eq!(
        (&books.returned[0].of, books.returned[0].from.as_str()),
        (&receipt, "174379")
    );
    let result = stage.results(4).await.remove(2);
    assert_eq!(result["TransactionID"], json!(books.returned[0].receipt));
    assert_eq!(value(&result, "OriginalTransactionID"), &json!(receipt));
    let after = stage.sim.phones().balance(&phone(PHONE));
    assert_eq!(after.minor() - before.minor(), 5_000);
    stage.ask(&books.returned[0].receipt).await;
    assert_eq!(value(&stage.results(5).await[4], "ReasonType"), "Reversal");
}

impl Stage {
    fn results_so_far(&self) -> usize {
        self.received.lock().expect("lock").len()
    }
}

#[tokio::test]
async fn a_payout_has_limits_a_name_and_a_utility_account() {
    let stage = Stage::new().await;
    stage
        .sim
        .set_utility("174379", Money::from_minor(10_000, Currency::Kes));
    for (n, (amount, code)) in [(9, 2), (250_001, 3), (60, 0), (60, 1)]
        .into_iter()
        .enumerate()
    {
        assert_eq!(stage.pay_out(&format!("ours-{n}"), amount).await.0, 200);
        assert_eq!(
            stage.results(n + 1).await[n]["ResultCode"],
            code,
            "{amount}"
        );
    }
    let (status, body) = stage.pay_out("ours-2", 10).await;
    assert_eq!((status, &body["errorCode"]), (500, &json!("500.002.1001")));
    assert_eq!(body["errorMessage"], "Duplicate OriginatorConversationID.");
    let books = stage.sim.books();
    assert_eq!(books.paid_out.len(), 1);
    let paid = &books.paid_out[0];
    assert_eq!(
        (paid.to.as_str(), paid.originator_conversation_id.as_str()),
        (PHONE, "ours-2")
    );
    assert_eq!(books.utility_minor["174379"], 4_000);
    let result = stage.results(4).await.remove(2);
    assert_eq!(result["OriginatorConversationID"], "ours-2", "our own name");
    assert_eq!(value(&result, "TransactionReceipt"), &json!(paid.receipt));
    assert_eq!(value(&result, "TransactionAmount"), 60);
    assert_eq!(
        value(&result, "TransactionCompletedDateTime"),
        "20.11.2026 14:35:00"
    );
    assert_eq!(
        value(&result, "B2CUtilityAccountAvailableFunds"),
        &json!(40.0)
    );
    let mut wrong = stage.payout("ours-9", 10);
    wrong["InitiatorName"] = Value::Null;
    let (_, body) = stage.post("/mpesa/b2c/v3/paymentrequest", &wrong).await;
    assert_eq!(
        body["errorMessage"], "Bad Request - Invalid InitiatorName",
        "not Initiator"
    );
}

#[tokio::test]
async fn the_balance_is_one_line_of_bars() {
    let stage = Stage::new().await;
    stage.paid().await;
    let order = stage.order("AccountBalance");
    stage.post("/mpesa/accountbalance/v1/query", &order).await;
    let result = stage.results(1).await.remove(0);
    assert_eq!(
        value(&result, "AccountBalance"),
        "Working Account|KES|50.00|50.00|0.00|0.00&Utility Account|KES|100000.00|100000.00|0.00|0.00"
    );
}

#[tokio::test]
async fn a_wrong_initiator_is_told_only_by_the_result() {
    let stage = Stage::new().await;
    for (n, (field, value)) in [
        ("Initiator", json!("somebody")),
        ("SecurityCredential", json!(credential("guess"))),
        ("SecurityCredential", json!(STANDARD.encode([7; 256]))),
    ]
    .into_iter()
    .enumerate()
    {
        let mut order = stage.reversal("NLJ7RT61SV", 50);
        order[field] = value;
        assert_eq!(
            stage.post("/mpesa/reversal/v1/request", &order).await.0,
            200
        );
        assert_eq!(stage.results(n + 1).await[n]["ResultCode"], 2001);
    }
}

#[tokio::test]
async fn every_wrong_field_of_an_order_gets_its_own_error() {
    let stage = Stage::new().await;
    let path = "/mpesa/reversal/v1/request";
    let order = stage.reversal("NLJ7RT61SV", 50);
    for (field, value) in [
        ("Initiator", json!("")),
        ("SecurityCredential", json!("Initiator174379!")),
        ("CommandID", json!("Reversal")),
        ("ReceiverParty", json!("600000")),
        ("Remarks", json!("x")),
        ("ResultURL", json!("http://a.co.ke/mpesa/result")),
        ("QueueTimeOutURL", Value::Null),
        ("RecieverIdentifierType", json!("4")),
        ("Amount", json!("50.5")),
        ("TransactionID", Value::Null),
    ] {
        let mut wrong = order.clone();
        wrong[field] = value;
        let (status, body) = stage.post(path, &wrong).await;
        let said = format!("Bad Request - Invalid {field}");
        assert_eq!((status, &body["errorMessage"]), (400, &json!(said)));
    }
    assert_eq!(stage.sim.books().messages, []);
}

#[tokio::test]
async fn orders_and_results_are_lost_late_doubled_and_wrong_as_scripted() {
    let stage = Stage::new().await;
    let results = |results| OrderScript {
        results,
        ..OrderScript::default()
    };
    let request = |request| OrderScript {
        request,
        ..OrderScript::default()
    };
    stage.sim.script_orders([
        results(vec![]),
        results(vec![Delivery {
            after_ms: 50,
            copies: 2,
            ..Delivery::default()
        }]),
        results(vec![Delivery {
            code: Some("17".into()),
            ..Delivery::default()
        }]),
        OrderScript {
            code: Some("26".into()),
            ..OrderScript::default()
        },
        request(PushFault::Error500),
        request(PushFault::DropAfterAccept),
    ]);
    assert_eq!(stage.pay_out("lost", 10).await.0, 200);
    assert_eq!(stage.pay_out("doubled", 10).await.0, 200);
    let twice = stage.results(2).await;
    assert_eq!(twice[0], twice[1]);
    assert_eq!(stage.pay_out("lied about", 10).await.0, 200);
    assert_eq!(stage.results(3).await[2]["ResultCode"], 17);
    assert_eq!(stage.pay_out("refused", 10).await.0, 200);
    assert_eq!(stage.results(4).await[3]["ResultCode"], 26);
    assert_eq!(stage.pay_out("broken", 10).await.0, 500);
    let order = stage.payout("answer lost", 10);
    let sent = stage
        .client
        .post(format!(
            "{}/mpesa/b2c/v3/paymentrequest",
            stage.sim.base_url()
        ))
        .bearer_auth(&stage.token)
        .json(&order)
        .timeout(Duration::from_secs(1))
        .send()
        .await;
    assert!(sent.is_err(), "cut");
    assert_eq!(stage.results(5).await[4]["ResultCode"], 0);
    let names: Vec<_> = stage
        .sim
        .books()
        .paid_out
        .into_iter()
        .map(|paid| paid.originator_conversation_id)
        .collect();
    assert_eq!(names, ["lost", "doubled", "lied about", "answer lost"]);
}
