//! The API's description: as it was when somebody last looked at it, and whole.

use std::path::Path;

use http::header;
use serde_json::Value;

use super::world::worlds;

/// Set it to write the description that the code has now.
const UPDATE: &str = "BANDO_UPDATE_SNAPSHOTS";

#[test]
fn the_description_is_the_one_that_was_agreed() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/api/openapi.json");
    let now = bando_web::openapi().to_pretty_json().expect("JSON") + "\n";
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&file, now).expect("written");
        return;
    }
    let agreed = std::fs::read_to_string(&file).unwrap_or_default();
    let different = agreed.lines().zip(now.lines()).find(|(a, b)| a != b);
    assert!(
        agreed == now,
        "the API has changed, first at {different:?}; if that is meant, run this with {UPDATE}=1"
    );
}

#[test]
fn every_operation_is_described() {
    let spec = serde_json::json!(bando_web::openapi());
    let tags: Vec<&Value> = spec["tags"]
        .as_array()
        .expect("tags")
        .iter()
        .map(|t| &t["name"])
        .collect();
    let mut ids = Vec::new();
    for (path, item) in spec["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let name = format!("{method} {path}");
            assert!(operation["summary"].is_string(), "{name}: no summary");
            assert!(tags.contains(&&operation["tags"][0]), "{name}: no tag");
            ids.push(operation["operationId"].clone());
            let responses = operation["responses"].as_object().expect("responses");
            assert!(
                responses.keys().any(|s| s.starts_with('2')),
                "{name}: no success"
            );
            for (status, response) in responses {
                if status.starts_with('2') {
                    assert!(response["description"].is_string(), "{name} {status}");
                    continue;
                }
                let to = response["$ref"].as_str().expect("a shared problem");
                let response = spec.pointer(&to[1..]).expect("a problem");
                let content = &response["content"]["application/problem+json"];
                let schema = &content["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Problem", "{name} {status}");
                assert_eq!(content["example"]["status"].to_string(), *status, "{name}");
            }
        }
    }
    let count = ids.len();
    ids.sort_by_key(Value::to_string);
    ids.dedup();
    assert_eq!(ids.len(), count, "two operations have one id");
    assert!(count >= 28, "{count} operations");
}

#[test]
fn every_reference_leads_somewhere() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                found.extend(
                    members
                        .get("$ref")
                        .and_then(Value::as_str)
                        .map(str::to_owned),
                );
                members.values().for_each(|v| references(v, found));
            }
            Value::Array(items) => items.iter().for_each(|v| references(v, found)),
            _ => {}
        }
    }
    let spec = serde_json::json!(bando_web::openapi());
    let mut found = Vec::new();
    references(&spec, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("local");
        assert!(spec.pointer(pointer).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn the_description_and_its_page_are_served() {
    for world in worlds().await {
        let spec = world.get("/api/openapi.json").await;
        assert_eq!(spec.is(200).json, serde_json::json!(bando_web::openapi()));
        assert_eq!(spec.header(header::CONTENT_TYPE), "application/json");
        for path in ["/api/docs", "/api/docs/"] {
            let page = world.get(path).await;
            assert_eq!(
                page.is(200).header(header::CONTENT_TYPE),
                "text/html; charset=utf-8"
            );
            assert!(
                page.header(header::CONTENT_SECURITY_POLICY)
                    .contains("default-src 'none'")
            );
            assert!(!page.text.contains("<script"));
            // Every operation, every shape, and what every problem's type leads to.
            for path in spec.json["paths"].as_object().expect("paths").keys() {
                assert!(page.text.contains(path.as_str()), "{path}");
            }
            for link in page.text.split("href=\"#").skip(1) {
                let anchor = link.split('"').next().unwrap_or_default();
                assert!(page.text.contains(&format!("id=\"{anchor}\"")), "#{anchor}");
            }
            for kind in ["signed-out", "not-found", "too-many", "prompt-open"] {
                assert!(page.text.contains(&format!("id=\"{kind}\"")), "{kind}");
            }
        }
    }
}
