//! What Daraja's answers mean for a payment: the rules, without any network.
//!
//! One rule above all: only what is certain is final. `500.001.1001` alone has six meanings.

use bando_domain::PaymentFailure;

use super::callback::is_id;
use super::reply::Reply;
use super::result::{ResultMeaning, explanation};
use crate::gateway::{Paid, Reference, Start, TestResult, Verdict};

/// The code that means anything from "wrong credentials" to "being processed".
const CATCH_ALL: &str = "500.001.1001";

/// What an answer to a push means.
pub(crate) fn push(reply: &Reply) -> Start {
    if let Some(reference) = accepted(reply) {
        return Start::Accepted {
            reference,
            redirect: None,
        };
    }
    match refusal(reply) {
        Some(failure) => Start::Refused {
            failure,
            code: code_of(reply),
            message: reply.summary(),
        },
        None => Start::Unknown {
            why: reply.summary(),
        },
    }
}

/// The ids of an accepted push, whatever the HTTP status: they are worth more than it.
fn accepted(reply: &Reply) -> Option<Reference> {
    if reply.field("ResponseCode")? != "0" || reply.error().is_some() {
        return None;
    }
    Some(Reference {
        merchant_request_id: reply.field("MerchantRequestID").filter(|id| is_id(id))?,
        checkout_request_id: reply.field("CheckoutRequestID").filter(|id| is_id(id))?,
    })
}

/// Why there was certainly no prompt; none when there may have been one.
fn refusal(reply: &Reply) -> Option<PaymentFailure> {
    if reply.too_often().is_some() {
        return Some(PaymentFailure::GatewayBusy);
    }
    let Some(error) = reply.error() else {
        return is_client_error(reply.status).then_some(PaymentFailure::ProviderMisconfigured);
    };
    let said = error.message.to_ascii_lowercase();
    let says = |word: &str| said.contains(word);
    if error.code == CATCH_ALL {
        return if says("lock subscriber") {
            Some(PaymentFailure::PromptOpen)
        } else if says("merchant") || says("credentials") {
            Some(PaymentFailure::ProviderMisconfigured)
        } else {
            None
        };
    }
    if !is_client_error(error.class().unwrap_or(reply.status)) {
        return None;
    }
    Some(if says("invalid phonenumber") || says("invalid partya") {
        PaymentFailure::PayerNotAllowed
    } else if says("invalid amount") {
        PaymentFailure::LimitExceeded
    } else {
        PaymentFailure::ProviderMisconfigured
    })
}

/// What an answer to a query for `checkout_request_id` means.
pub(crate) fn query(reply: &Reply, checkout_request_id: &str) -> Verdict {
    if let Some(retry_after) = reply.too_often() {
        return Verdict::RateLimited { retry_after };
    }
    let pending = || Verdict::Pending {
        why: reply.summary(),
    };
    let unreachable = || Verdict::Unreachable {
        why: reply.summary(),
    };
    if let Some(error) = reply.error() {
        let about_this_payment = error.code == CATCH_ALL
            || error
                .message
                .to_ascii_lowercase()
                .contains("checkoutrequestid");
        return if about_this_payment {
            pending()
        } else {
            unreachable()
        };
    }
    let Some(code) = reply.field("ResultCode") else {
        return unreachable();
    };
    let about_another = reply
        .field("CheckoutRequestID")
        .is_some_and(|id| id != checkout_request_id);
    if !reply.is_success() || about_another || reply.field("ResponseCode").as_deref() != Some("0") {
        return pending();
    }
    match ResultMeaning::of(&code) {
        ResultMeaning::Paid => Verdict::Paid(Paid::default()),
        ResultMeaning::Pending => pending(),
        ResultMeaning::Failed(failure) => Verdict::Failed {
            failure,
            message: message_of(reply, &code),
            code,
        },
    }
}

/// What the answer to a query for a payment that never was says about shortcode and passkey.
pub(crate) fn probe(reply: &Reply) -> TestResult {
    let why = reply.summary();
    if reply.too_often().is_some() {
        return TestResult::Unclear { why };
    }
    let Some(error) = reply.error() else {
        return TestResult::Unclear { why };
    };
    let said = error.message.to_ascii_lowercase();
    if said.contains("does not exist") && !said.contains("merchant")
        || said.contains("checkoutrequestid")
    {
        return TestResult::Passed;
    }
    if said.contains("merchant") || said.contains("credentials") {
        return TestResult::Failed {
            why: format!(
                "{why}. Check shortcode and passkey (for a till, the store number goes with the passkey), and that both are of the same environment"
            ),
        };
    }
    if reply.is_bad_token() || said.contains("apiproduct") {
        return TestResult::Failed {
            why: format!(
                "{why}. In the Daraja portal, tick \"Lipa na M-Pesa\" for this app; for production, finish Go Live"
            ),
        };
    }
    if is_client_error(error.class().unwrap_or(reply.status)) {
        return TestResult::Failed { why };
    }
    TestResult::Unclear { why }
}

fn code_of(reply: &Reply) -> String {
    reply
        .error()
        .map(|error| error.code)
        .or_else(|| reply.field("ResponseCode"))
        .filter(|code| !code.is_empty())
        .unwrap_or_else(|| format!("HTTP {}", reply.status))
}

fn message_of(reply: &Reply, code: &str) -> String {
    let said = reply.words("ResultDesc");
    if said.is_empty() {
        explanation(code).unwrap_or_default().to_owned()
    } else {
        said
    }
}

/// A status by which the request was turned away. 408 is not: something may have begun.
const fn is_client_error(status: u16) -> bool {
    status >= 400 && status < 500 && status != 408
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::http::Answer;

    fn reply(status: u16, body: &str) -> Reply {
        Reply::read(&Answer {
            status,
            retry_after: None,
            body: body.as_bytes().to_vec(),
        })
    }

    fn error(code: &str, message: &str) -> String {
        format!(r#"{{"requestId":"1c5b-4ba8","errorCode":"{code}","errorMessage":"{message}"}}"#)
    }

    const ACCEPTED: &str = r#"{"MerchantRequestID":"2654-4b64-97ff-b827b542881d3130",
        "CheckoutRequestID":"ws_CO_1007202409152617172396192","ResponseCode":"0",
        "ResponseDescription":"Success. Request accepted for processing"}"#;

    fn refused(status: u16, body: &str) -> Option<PaymentFailure> {
        match push(&reply(status, body)) {
            Start::Refused { failure, .. } => Some(failure),
            Start::Unknown { .. } => None,
            Start::Accepted { .. } => panic!("accepted: {body}"),
        }
    }

    #[test]
    fn a_push_is_accepted_by_zero_and_both_ids_only() {
        for status in [200, 201, 500] {
            assert!(matches!(
                push(&reply(status, ACCEPTED)),
                Start::Accepted { .. }
            ));
        }
        let number = ACCEPTED.replace(r#""0""#, "0");
        assert!(matches!(push(&reply(200, &number)), Start::Accepted { .. }));
        for broken in [
            ACCEPTED.replace("CheckoutRequestID", "Other"),
            ACCEPTED.replace(r#""0""#, r#""00""#),
            ACCEPTED.replace("ws_CO_", "<script>"),
            ACCEPTED[..60].to_owned(),
            "{}".into(),
            String::new(),
        ] {
            assert_eq!(refused(200, &broken), None, "{broken}");
        }
    }

    #[test]
    fn every_error_envelope_of_a_push() {
        use PaymentFailure::*;
        let catch_all = |said| error("500.001.1001", said);
        for (status, body, expected) in [
            (
                400,
                error("400.002.02", "Bad Request - Invalid PhoneNumber"),
                Some(PayerNotAllowed),
            ),
            (
                400,
                error("400.002.02", "Bad Request - Invalid Amount"),
                Some(LimitExceeded),
            ),
            (
                400,
                error("400.002.02", "Bad Request - Invalid CallBackURL"),
                Some(ProviderMisconfigured),
            ),
            (
                404,
                error("404.001.03", "Invalid Access Token"),
                Some(ProviderMisconfigured),
            ),
            (
                404,
                error("404.001.01", "Resource not found"),
                Some(ProviderMisconfigured),
            ),
            (
                405,
                error("405.001", "Method Not Allowed"),
                Some(ProviderMisconfigured),
            ),
            (
                500,
                catch_all("Merchant does not exist"),
                Some(ProviderMisconfigured),
            ),
            (
                500,
                catch_all("[MerchantValidate] - Wrong credentials"),
                Some(ProviderMisconfigured),
            ),
            (
                500,
                catch_all("Wrong credentials"),
                Some(ProviderMisconfigured),
            ),
            (
                500,
                catch_all(
                    "Unable to lock subscriber, a transaction is already in process for the current subscriber",
                ),
                Some(PromptOpen),
            ),
            (500, catch_all("The transaction is being processed"), None),
            (500, catch_all(""), None),
            (200, catch_all(""), None),
            (
                200,
                error("400.002.02", "Bad Request - Invalid Timestamp"),
                Some(ProviderMisconfigured),
            ),
            (500, error("500.003.1001", "Internal Server Error"), None),
            (
                500,
                error("500.003.02", "Spike Arrest Violation"),
                Some(GatewayBusy),
            ),
            (
                500,
                error("500.003.03", "Quota Violation"),
                Some(GatewayBusy),
            ),
            (429, String::new(), Some(GatewayBusy)),
            (
                403,
                "<html>Forbidden</html>".into(),
                Some(ProviderMisconfigured),
            ),
            (408, String::new(), None),
            (502, "<html>Bad Gateway</html>".into(), None),
            (302, String::new(), None),
            (200, "<html>Sign in to the network</html>".into(), None),
            (
                200,
                r#"{"ResponseCode":"1","ResponseDescription":"x"}"#.into(),
                None,
            ),
            (200, r#"{"ResponseCode":"77"}"#.into(), None),
        ] {
            assert_eq!(refused(status, &body), expected, "{status} {body}");
        }
    }

    fn asked(status: u16, body: &str) -> Verdict {
        query(&reply(status, body), "ws_CO_1")
    }

    fn result(code: &str) -> String {
        format!(
            r#"{{"ResponseCode":"0","ResponseDescription":"The service request has been accepted successsfully","MerchantRequestID":"m","CheckoutRequestID":"ws_CO_1","ResultCode":"{code}","ResultDesc":"d"}}"#
        )
    }

    #[test]
    fn a_query_is_final_only_when_it_is_certain() {
        assert_eq!(asked(200, &result("0")), Verdict::Paid(Paid::default()));
        assert!(matches!(
            asked(200, &result("1032")),
            Verdict::Failed {
                failure: PaymentFailure::Cancelled,
                ..
            }
        ));
        let not_final = [
            (200, result("4999")),
            (200, result("7777")),
            (200, result("")),
            (500, result("0")),
            (200, result("0").replace("ws_CO_1", "ws_CO_2")),
            (
                200,
                result("0").replace(r#""ResponseCode":"0""#, r#""ResponseCode":"1""#),
            ),
            (
                500,
                error("500.001.1001", "The transaction is being processed"),
            ),
            (200, error("500.001.1001", "")),
            (500, error("500.001.1001", "The transaction does not Exist")),
            (
                400,
                error("400.002.02", "Bad Request - Invalid CheckoutRequestID"),
            ),
        ];
        for (status, body) in not_final {
            assert!(
                matches!(asked(status, &body), Verdict::Pending { .. }),
                "{status} {body}"
            );
        }
    }

    #[test]
    fn what_is_no_answer_is_unreachable() {
        for (status, body) in [
            (502, "<html>".to_owned()),
            (200, String::new()),
            (200, "[]".into()),
            (404, error("404.001.03", "Invalid Access Token")),
            (400, error("400.002.02", "Bad Request - Invalid Password")),
        ] {
            assert!(
                matches!(asked(status, &body), Verdict::Unreachable { .. }),
                "{status} {body}"
            );
        }
    }

    #[test]
    fn too_often_in_all_its_forms() {
        let fault = r#"{"fault":{"faultstring":"Spike arrest violation. Allowed rate : x","detail":{"errorcode":"policies.ratelimit.SpikeArrestViolation"}}}"#;
        for (status, body) in [
            (429, fault.to_owned()),
            (429, String::new()),
            (500, fault.to_owned()),
            (500, error("500.003.02", "Spike Arrest Violation")),
        ] {
            assert_eq!(
                asked(status, &body),
                Verdict::RateLimited {
                    retry_after: Duration::from_secs(15)
                },
                "{status} {body}"
            );
        }
    }

    #[test]
    fn a_probe_tells_wrong_credentials_from_an_unknown_payment() {
        let probed = |status, code: &str, said: &str| probe(&reply(status, &error(code, said)));
        assert_eq!(
            probed(500, "500.001.1001", "The transaction does not Exist"),
            TestResult::Passed
        );
        assert_eq!(
            probed(400, "400.002.02", "Bad Request - Invalid CheckoutRequestID"),
            TestResult::Passed
        );
        for said in [
            "Merchant does not exist",
            "[MerchantValidate] - Wrong credentials",
        ] {
            assert!(matches!(
                probed(500, "500.001.1001", said),
                TestResult::Failed { .. }
            ));
        }
        assert!(matches!(probe(&reply(502, "")), TestResult::Unclear { .. }));
    }

    proptest! {
        #[test]
        fn money_needs_every_sign_to_agree(
            status in prop::sample::select(vec![200_u16, 201, 302, 400, 404, 429, 500, 502]),
            fields in prop::collection::btree_map(
                prop::sample::select(vec![
                    "ResponseCode", "ResultCode", "CheckoutRequestID", "errorCode", "fault", "x",
                ]),
                prop_oneof![
                    Just(json!("0")), Just(json!(0)), Just(json!(0.0)), Just(json!(null)),
                    Just(json!("ws_CO_1")), Just(json!("500.001.1001")), Just(json!({})),
                    Just(json!("4999")), Just(json!(true)), Just(json!("")), Just(json!("1032")),
                ],
                0..6,
            ),
        ) {
            let zero = |name| fields.get(name).is_some_and(|v| *v == json!("0") || *v == json!(0));
            let names_error = fields.get("errorCode").is_some_and(|v| v.is_string() || v.is_number())
                || fields.contains_key("fault");
            let same = fields
                .get("CheckoutRequestID")
                .is_none_or(|v| *v == json!("ws_CO_1") || !(v.is_string() || v.is_number()));
            let expected = (200..300).contains(&status)
                && zero("ResultCode") && zero("ResponseCode") && same && !names_error;
            let verdict = asked(status, &json!(fields).to_string());
            prop_assert_eq!(verdict == Verdict::Paid(Paid::default()), expected);
        }
    }
}
