//! The documentation page: the API's description for people. Rendered once; needs no script.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::header;
use serde_json::Value;
use utoipa::openapi::OpenApi;

use super::problem::Kind;
use crate::assets;

/// Renders the page; a handler answers with a copy.
pub(crate) fn page(description: &OpenApi) -> Page {
    let spec = serde_json::json!(description);
    let page = Reference {
        intro: text(&spec["info"]["description"]),
        sections: sections(&spec),
        schemas: schemas(&spec),
        problems: Kind::ALL,
    };
    // The template is checked when it is compiled, and writing to memory does not fail.
    Page(page.render().unwrap_or_default())
}

/// The rendered page.
#[derive(Clone)]
pub(crate) struct Page(String);

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_SECURITY_POLICY, assets::csp(None)),
            (header::CACHE_CONTROL, "public, max-age=300".to_owned()),
        ];
        (headers, Html(self.0)).into_response()
    }
}

#[derive(Template)]
#[template(path = "api/docs.html")]
struct Reference {
    intro: String,
    sections: Vec<Section>,
    schemas: Vec<Shape>,
    problems: [Kind; Kind::ALL.len()],
}

/// The operations of one tag.
struct Section {
    name: String,
    about: String,
    operations: Vec<Operation>,
}

struct Operation {
    method: String,
    path: String,
    summary: String,
    about: String,
    needs_token: bool,
    parameters: Vec<Member>,
    body: Option<Kinds>,
    answers: Vec<Answer>,
}

/// A response by its status.
struct Answer {
    status: String,
    about: String,
    kind: Option<Kinds>,
}

/// A named shape of bodies and answers.
struct Shape {
    name: String,
    about: String,
    members: Vec<Member>,
}

/// A parameter, or a member of an object.
struct Member {
    name: String,
    /// Where a parameter stands: `path`, `query`; empty for members.
    place: String,
    kind: Kinds,
    required: bool,
    about: String,
}

/// What a value is, in words, and the shape it links to.
struct Kinds {
    words: String,
    shape: Option<String>,
}

fn sections(spec: &Value) -> Vec<Section> {
    let operations = |tag: &str| {
        let paths = spec["paths"].as_object().into_iter().flatten();
        paths
            .flat_map(|(path, item)| {
                let methods = item.as_object().into_iter().flatten();
                methods.map(move |(method, operation)| (path, method, operation))
            })
            .filter(|(_, _, operation)| operation["tags"][0] == tag)
            .map(|(path, method, operation)| self::operation(spec, path, method, operation))
            .collect()
    };
    list(&spec["tags"])
        .map(|tag| Section {
            operations: operations(&text(&tag["name"])),
            name: text(&tag["name"]),
            about: text(&tag["description"]),
        })
        .collect()
}

fn operation(spec: &Value, path: &str, method: &str, operation: &Value) -> Operation {
    let parameters = list(&operation["parameters"]).map(|parameter| Member {
        name: text(&parameter["name"]),
        place: text(&parameter["in"]),
        kind: kinds(&parameter["schema"]),
        required: parameter["required"] == true,
        about: about(parameter)
            .or_else(|| about(&parameter["schema"]))
            .unwrap_or_default(),
    });
    let responses = operation["responses"].as_object().into_iter().flatten();
    let answers = responses.map(|(status, response)| {
        let shared = response["$ref"]
            .as_str()
            .and_then(|to| to.strip_prefix('#'));
        let response = shared.and_then(|to| spec.pointer(to)).unwrap_or(response);
        Answer {
            status: status.clone(),
            about: text(&response["description"]),
            kind: content(response).map(kinds),
        }
    });
    Operation {
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        about: text(&operation["description"]),
        needs_token: !operation["security"].is_null(),
        parameters: parameters.collect(),
        body: content(&operation["requestBody"]).map(kinds),
        answers: answers.collect(),
    }
}

/// The schema of a body or response, whatever its media type.
fn content(of: &Value) -> Option<&Value> {
    of["content"].as_object()?.values().next()?.get("schema")
}

fn schemas(spec: &Value) -> Vec<Shape> {
    let schemas = spec["components"]["schemas"].as_object();
    let shape = |(name, schema): (&String, &Value)| {
        let required = |member: &str| list(&schema["required"]).any(|r| r == member);
        let properties = schema["properties"].as_object().into_iter().flatten();
        let members = properties.map(|(member, schema)| Member {
            name: member.clone(),
            place: String::new(),
            kind: kinds(schema),
            required: required(member),
            about: about(schema).unwrap_or_default(),
        });
        Shape {
            name: name.clone(),
            about: text(&schema["description"]),
            members: members.collect(),
        }
    };
    schemas.into_iter().flatten().map(shape).collect()
}

fn kinds(schema: &Value) -> Kinds {
    if let Some(shape) = schema["$ref"].as_str() {
        let name = shape.rsplit('/').next().unwrap_or(shape).to_owned();
        return Kinds {
            words: name.clone(),
            shape: Some(name),
        };
    }
    let choices = list(&schema["oneOf"]).chain(list(&schema["anyOf"]));
    let mut choices: Vec<Kinds> = choices.map(kinds).collect();
    if !choices.is_empty() {
        let words: Vec<&str> = choices.iter().map(|kind| kind.words.as_str()).collect();
        return Kinds {
            words: words.join(" or "),
            shape: choices.iter_mut().find_map(|kind| kind.shape.take()),
        };
    }
    if schema["type"] == "array" {
        let items = kinds(&schema["items"]);
        return Kinds {
            words: format!("list of {}", items.words),
            shape: items.shape,
        };
    }
    let names: Vec<String> = list(&schema["enum"]).map(text).collect();
    let types: Vec<String> = match &schema["type"] {
        Value::Array(types) => types.iter().map(text).collect(),
        one => vec![text(one)],
    };
    let words = match (names.is_empty(), schema["format"].as_str()) {
        (false, _) => names.join(" | "),
        (true, Some(format)) => format!("{} ({format})", types.join(" or ")),
        (true, None) => types.join(" or "),
    };
    Kinds { words, shape: None }
}

/// What a value is for; of one that may be null, what it is for otherwise.
fn about(value: &Value) -> Option<String> {
    let own = value["description"]
        .is_string()
        .then(|| text(&value["description"]));
    own.or_else(|| list(&value["oneOf"]).find_map(about))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A text of the description, without its marks for code.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().replace('`', "")
}
