//! The faults, and the addresses by which they are ordered.

use std::time::Duration;

use bando_sim::daraja::{Delivery, Forged, PushFault, QueryAnswer, SCENARIOS, Scenario, Settings};
use serde_json::{Value, json};

use super::{PHONE, Stage, phone};

#[tokio::test]
async fn queries_follow_their_script_then_the_truth() {
    let stage = Stage::new().await;
    use QueryAnswer::*;
    let script = vec![
        InvalidId400,
        Pending4999,
        Processing500,
        Processing200,
        SpikeArrest429,
        Busy500,
        Html502,
        Code("1032".into()),
    ];
    stage.sim.script(
        &phone(PHONE),
        Scenario {
            queries: script,
            ..Scenario::pays_after(0)
        },
    );
    let id = stage.accepted(PHONE).await;
    stage.callbacks(1).await;
    let mut seen = Vec::new();
    for _ in 0..9 {
        let (status, body) = stage.query(&id).await;
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let code = text("ResultCode").or(text("errorCode"));
        let fault = body
            .pointer("/fault/detail/errorcode")
            .and_then(Value::as_str);
        seen.push((
            status,
            code.or(fault.map(str::to_owned)).unwrap_or_default(),
        ));
    }
    let expected = [
        (400, "400.002.02"),
        (200, "4999"),
        (500, "500.001.1001"),
        (200, "500.001.1001"),
        (429, "policies.ratelimit.SpikeArrestViolation"),
        (500, "500.003.02"),
        (502, ""),
        (200, "1032"),
        (200, "0"),
    ];
    assert_eq!(
        seen,
        expected.map(|(status, code)| (status, code.to_owned()))
    );
    let (status, body) = stage.query("ws_CO_nothing").await;
    assert_eq!(
        (status, &body["errorMessage"]),
        (500, &json!("The transaction does not Exist"))
    );
}

#[tokio::test]
async fn too_many_queries_are_arrested() {
    let stage = Stage::new().await;
    stage.sim.set_settings(Settings {
        queries_per_minute: Some(5),
        ..Settings::default()
    });
    let id = stage.accepted(PHONE).await;
    let mut statuses = Vec::new();
    for _ in 0..7 {
        statuses.push(stage.query(&id).await.0);
    }
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429, 429]);
    assert_eq!(stage.sim.books().limited_queries, 2);
}

#[tokio::test]
async fn callbacks_are_lost_doubled_reordered_and_wrong_as_scripted() {
    let stage = Stage::new().await;
    let one = |code: Option<&str>, amount: Option<&str>, copies| Delivery {
        code: code.map(Into::into),
        amount: amount.map(Into::into),
        copies,
        ..Delivery::default()
    };
    let callbacks = vec![
        one(Some("1032"), None, 1),
        one(None, Some("1.00"), 1),
        one(None, None, 3),
    ];
    stage.sim.script(
        &phone(PHONE),
        Scenario {
            callbacks,
            ..Scenario::pays_after(0)
        },
    );
    let id = stage.accepted(PHONE).await;
    let texts: Vec<String> = stage
        .callbacks(5)
        .await
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    assert!(texts[0].contains(r#""ResultCode":1032"#) && !texts[0].contains("Metadata"));
    assert!(texts[1].contains(r#""Value":1.00}"#), "{}", texts[1]);
    assert!(texts[2].contains(r#""Value":50.00}"#) && texts[2] == texts[3] && texts[3] == texts[4]);
    assert_eq!(stage.sim.replay(&id, None).await, Some(200));
    assert_eq!(
        stage
            .sim
            .forge(&stage.callback_url, &Forged::default())
            .await,
        Some(200)
    );
    let texts = stage.callbacks(7).await;
    assert_eq!(texts[5].1, texts[4].1);
    let books = stage.sim.books();
    assert_eq!(
        (books.moved.len(), books.prompts[0].callbacks.len()),
        (1, 6)
    );

    stage.sim.script(
        &phone("254712345679"),
        Scenario {
            callbacks: vec![],
            ..Scenario::pays_after(0)
        },
    );
    stage.accepted("254712345679").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    stage.callbacks(7).await;
    assert_eq!(stage.sim.books().moved.len(), 2);
}

#[tokio::test]
async fn a_callback_can_come_before_the_response() {
    let stage = Stage::new().await;
    stage.sim.script(
        &phone(PHONE),
        Scenario {
            before_response: true,
            ..Scenario::pays_after(0)
        },
    );
    stage.accepted(PHONE).await;
    assert_eq!(
        stage.received.lock().expect("lock").len(),
        1,
        "already there"
    );
}

#[tokio::test]
async fn pushes_break_before_and_after_they_are_accepted() {
    let stage = Stage::new().await;
    let url = format!("{}/mpesa/stkpush/v1/processrequest", stage.sim.base_url());
    let send = async |fault: PushFault| {
        stage.sim.script(
            &phone(PHONE),
            Scenario {
                push: fault,
                ..Scenario::pays_after(0)
            },
        );
        let before = stage.sim.books().prompts.len();
        let answer = stage
            .client
            .post(&url)
            .bearer_auth(&stage.token)
            .json(&stage.push_body(PHONE))
            .timeout(Duration::from_millis(500))
            .send()
            .await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        let accepted = stage.sim.books().prompts.len() - before == 1;
        (
            answer
                .map(|a| a.status().as_u16())
                .map_err(|e| e.is_timeout()),
            accepted,
        )
    };
    assert_eq!(send(PushFault::DropAfterAccept).await, (Err(false), true));
    assert_eq!(send(PushFault::StallAfterAccept).await, (Err(true), true));
    assert_eq!(send(PushFault::SuccessWith500).await, (Ok(500), true));
    assert_eq!(send(PushFault::DropBeforeAccept).await, (Err(false), false));
    assert_eq!(send(PushFault::Error500).await, (Ok(500), false));
    assert_eq!(send(PushFault::SpikeArrest429).await, (Ok(429), false));
    assert_eq!(send(PushFault::Html503).await, (Ok(503), false));
    assert_eq!(stage.sim.books().moved.len(), 3);
}

#[tokio::test]
async fn everything_works_by_http_too() {
    let stage = Stage::new().await;
    let (status, list) = {
        let answer = stage
            .client
            .get(format!("{}/sim/scenarios", stage.sim.base_url()))
            .send()
            .await;
        let answer = answer.expect("an answer");
        (answer.status(), answer.json::<Value>().await.expect("json"))
    };
    assert!(status.is_success());
    assert_eq!(list.as_array().map(Vec::len), Some(SCENARIOS.len()));
    let script = |phone: &str, scenario: Value| json!({"phone": phone, "scenario": scenario});
    assert_eq!(
        stage
            .post("/sim/script", &script("*", json!("callback_never")))
            .await
            .0,
        200
    );
    assert_eq!(
        stage
            .post("/sim/script", &script("*", json!("nonsense")))
            .await
            .0,
        422
    );
    assert_eq!(
        stage
            .post(
                "/sim/script",
                &script("0712345678", json!({"callbacks": []}))
            )
            .await
            .0,
        200
    );
    assert_eq!(
        stage.post("/sim/script", &script("x", Value::Null)).await.0,
        400
    );

    stage.accepted(PHONE).await;
    assert_eq!(
        stage
            .post("/sim/phone/approve", &json!({"phone": "0700000001"}))
            .await
            .0,
        404
    );
    let (status, prompt) = stage
        .post("/sim/phone/approve", &json!({"phone": PHONE}))
        .await;
    assert_eq!(
        (status, &prompt["account_reference"]),
        (200, &json!("K7P2M4"))
    );
    assert_eq!(
        stage
            .post("/sim/phone/cancel", &json!({"phone": PHONE}))
            .await
            .0,
        404
    );
    tokio::time::sleep(Duration::from_millis(100)).await;
    let books: Value = stage
        .client
        .get(format!("{}/sim/books", stage.sim.base_url()))
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("json");
    assert_eq!(books["moved"][0]["amount"]["minor"], 5_000);
    assert_eq!(books["prompts"][0]["callbacks"], json!([]));
    stage.sim.shutdown().await;
}

#[tokio::test]
async fn the_same_seed_gives_the_same_ids() {
    let ids = async || {
        let stage = Stage::new().await;
        let (_, body) = stage.push(&stage.push_body(PHONE)).await;
        body["MerchantRequestID"]
            .as_str()
            .expect("an id")
            .to_owned()
    };
    let first = ids().await;
    assert_eq!(first, ids().await);
    assert_eq!(first.len(), 33);
}
