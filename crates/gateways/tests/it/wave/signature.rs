//! Who wrote a message: the table of everything a forger, a proxy or a clock can do to it.

use std::sync::{Arc, OnceLock};

use bando_domain::{Secret, Timestamp};
use bando_gateways::{Account, Authenticity, Gateway as _, Message, Timeouts, Wave};
use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::prelude::*;
use sha2::Sha256;

use super::with;
use crate::support::HandClock;

/// Made by us from Wave's description, by hand; the reference's vector.
const VECTOR: &str = "5e82cd67c3bbf789fc011fda65ce562a27ecf0322a06607c6214b1b208e3bd36";
const WEBHOOK_SECRET: &str = "wave_sn_WHS_testsecret";
const BODY: &str = r#"{"id":"EV_test","type":"checkout.session.completed","data":{"id":"cos-test","client_reference":"ORD-1","amount":"1000","currency":"XOF","checkout_status":"complete","payment_status":"succeeded","transaction_id":"T_TEST"}}"#;
const SIGNED_AT: i64 = 1_700_000_000;

/// One client for all cases: making one reads the system's certificates.
fn wave() -> &'static Wave {
    static WAVE: OnceLock<Wave> = OnceLock::new();
    WAVE.get_or_init(|| {
        Wave::new(Arc::new(HandClock::new()), Timeouts::default()).expect("a client")
    })
}

fn account(secret: &str) -> Account {
    Account {
        secrets: [
            ("api_key".to_owned(), Secret::new("wave_sn_prod_x")),
            ("webhook_secret".to_owned(), Secret::new(secret)),
        ]
        .into(),
        ..Account::default()
    }
}

fn mac(secret: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key");
    mac.update(text.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn judge(header: &str, body: &str, after: i64) -> Authenticity {
    let headers = [("wave-signature".to_owned(), header.to_owned())];
    let message = Message {
        headers: &headers,
        body: body.as_bytes(),
        received_at: Timestamp::from_seconds(SIGNED_AT + after),
    };
    wave().authenticate(&account(WEBHOOK_SECRET), &message)
}

#[test]
fn the_vector_is_signed() {
    let header = format!("t={SIGNED_AT},v1={VECTOR}");
    assert_eq!(judge(&header, BODY, 0), Authenticity::Signed);
}

#[test]
fn good_signatures() {
    let wrong = mac("another", &format!("{SIGNED_AT}{BODY}"));
    for (what, header, after) in [
        ("at once", format!("t={SIGNED_AT},v1={VECTOR}"), 0),
        ("300 s later", format!("t={SIGNED_AT},v1={VECTOR}"), 300),
        ("30 s ahead", format!("t={SIGNED_AT},v1={VECTOR}"), -30),
        (
            "rotation, first",
            format!("t={SIGNED_AT},v1={VECTOR},v1={wrong}"),
            0,
        ),
        (
            "rotation, second",
            format!("t={SIGNED_AT},v1={wrong},v1={VECTOR}"),
            0,
        ),
        ("spaced", format!("t={SIGNED_AT}, v1={VECTOR}"), 0),
        (
            "a scheme to come",
            format!("t={SIGNED_AT},v2=ab,v1={VECTOR}"),
            0,
        ),
        (
            "capitals",
            format!("t={SIGNED_AT},v1={}", VECTOR.to_uppercase()),
            0,
        ),
    ] {
        assert_eq!(judge(&header, BODY, after), Authenticity::Signed, "{what}");
    }
}

#[test]
fn forged_signatures() {
    let good = format!("t={SIGNED_AT},v1={VECTOR}");
    let value: serde_json::Value = serde_json::from_str(BODY).expect("json");
    let reserialised = value.to_string();
    assert_ne!(reserialised, BODY, "the keys are ordered otherwise");
    let wrong_key = format!(
        "t={SIGNED_AT},v1={}",
        mac("another", &format!("{SIGNED_AT}{BODY}"))
    );
    let dotted = mac(WEBHOOK_SECRET, &format!("{SIGNED_AT}.{BODY}"));
    let dotted = format!("t={SIGNED_AT},v1={dotted}");
    let later = SIGNED_AT + 1;
    for (what, header, body, after) in [
        ("wrong key", wrong_key.clone(), BODY, 0),
        (
            "body alone",
            format!("t={SIGNED_AT},v1={}", mac(WEBHOOK_SECRET, BODY)),
            BODY,
            0,
        ),
        ("a dot between", dotted, BODY, 0),
        ("body written anew", good.clone(), &reserialised, 0),
        (
            "body with a blank more",
            good.clone(),
            &format!("{BODY} "),
            0,
        ),
        ("body empty", good.clone(), "", 0),
        (
            "amount changed",
            good.clone(),
            &BODY.replace("1000", "9000"),
            0,
        ),
        ("301 s old", good.clone(), BODY, 301),
        ("31 s of the future", good.clone(), BODY, -31),
        ("time changed", format!("t={later},v1={VECTOR}"), BODY, 0),
        ("no time", format!("v1={VECTOR}"), BODY, 0),
        (
            "two times",
            format!("t={SIGNED_AT},t={SIGNED_AT},v1={VECTOR}"),
            BODY,
            0,
        ),
        ("a time that is none", format!("t=now,v1={VECTOR}"), BODY, 0),
        ("an empty time", format!("t=,v1={VECTOR}"), BODY, 0),
        (
            "a negative time",
            format!("t=-{SIGNED_AT},v1={VECTOR}"),
            BODY,
            0,
        ),
        (
            "a time past all",
            format!("t=99999999999999999999,v1={VECTOR}"),
            BODY,
            0,
        ),
        ("no signature", format!("t={SIGNED_AT}"), BODY, 0),
        ("an empty signature", format!("t={SIGNED_AT},v1="), BODY, 0),
        (
            "half a signature",
            format!("t={SIGNED_AT},v1={}", &VECTOR[..32]),
            BODY,
            0,
        ),
        (
            "not hex",
            format!("t={SIGNED_AT},v1={}", "zz".repeat(32)),
            BODY,
            0,
        ),
        (
            "another scheme",
            format!("t={SIGNED_AT},v0={VECTOR}"),
            BODY,
            0,
        ),
        ("nothing", String::new(), BODY, 0),
        (
            "the secret itself",
            format!("Bearer {WEBHOOK_SECRET}"),
            BODY,
            0,
        ),
    ] {
        let said = judge(&header, body, after);
        assert!(matches!(said, Authenticity::Forged(_)), "{what}: {said:?}");
    }
}

#[test]
fn headers_that_are_missing_or_twice() {
    let judge = |account: &Account, headers: &[(&str, String)]| {
        let headers: Vec<(String, String)> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let message = Message {
            headers: &headers,
            body: BODY.as_bytes(),
            received_at: Timestamp::from_seconds(SIGNED_AT),
        };
        wave().authenticate(account, &message) == Authenticity::Signed
    };
    let signature = ("wave-signature", format!("t={SIGNED_AT},v1={VECTOR}"));
    let bearer = ("authorization", format!("Bearer {WEBHOOK_SECRET}"));
    let signing = account(WEBHOOK_SECRET);
    let shared = with(account(WEBHOOK_SECRET), "webhook_strategy", "shared_secret");
    assert!(judge(&signing, &[signature.clone(), bearer.clone()]));
    assert!(!judge(&signing, &[]), "missing");
    assert!(
        !judge(&signing, std::slice::from_ref(&bearer)),
        "the weaker way is not enough"
    );
    assert!(
        !judge(&signing, &[signature.clone(), signature.clone()]),
        "twice"
    );
    assert!(judge(&shared, std::slice::from_ref(&bearer)));
    assert!(!judge(&shared, std::slice::from_ref(&signature)));
    assert!(!judge(
        &shared,
        &[("authorization", format!("Basic {WEBHOOK_SECRET}"))]
    ));
    assert!(!judge(
        &shared,
        &[("authorization", "Bearer wave_sn_WHS_testsecre".into())]
    ));
    assert!(!judge(&shared, &[("authorization", "Bearer ".into())]));
    let none = Account::default();
    assert!(
        !judge(&none, &[signature, bearer]),
        "an account without a secret"
    );
}

proptest! {
    #[test]
    fn nobody_signs_by_chance(
        header in "(t=[0-9]{0,12})?,?(v1=[0-9a-f]{0,64})?(,v1=[0-9a-f]{64})?|\\PC{0,40}",
        body in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let headers = [
            ("wave-signature".to_owned(), header.clone()),
            ("authorization".to_owned(), header),
        ];
        let message = Message {
            headers: &headers,
            body: &body,
            received_at: Timestamp::from_seconds(SIGNED_AT),
        };
        for account in [
            account(WEBHOOK_SECRET),
            with(account(WEBHOOK_SECRET), "webhook_strategy", "shared_secret"),
        ] {
            let said = wave().authenticate(&account, &message);
            prop_assert!(matches!(said, Authenticity::Forged(_)));
        }
    }
}
