//! The problems that operations answer with, for the API's description.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use super::problem::{Kind, MEDIA_TYPE, Problem};

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident: $($kind:ident)+;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                describe(&[$(Kind::$kind),+])
            }
        }
    )*};
}

problems! {
    /// Signing in.
    OfSignIn: Malformed SignedOut TooLarge NotJson Invalid TooMany Unavailable;
    /// Looking at lists.
    OfLists: Malformed SignedOut Forbidden NotFound Invalid Unavailable;
    /// Looking at one thing.
    OfOne: SignedOut Forbidden NotFound Unavailable;
    /// Changing something by a body.
    OfChanges: Malformed SignedOut Forbidden NotFound TooLarge NotJson Invalid Unavailable;
    /// Moving money.
    OfMoney: Malformed SignedOut Forbidden NotFound KeyInUse TooLarge NotJson Invalid Unavailable;
    /// Looking at what is sold.
    OfShop: NotFound Unavailable;
    /// Paying.
    OfPaying: Malformed NotFound Suspended PromptOpen NoGateway KeyInUse TooLarge NotJson Invalid TooMany Unavailable;
    /// Looking at a ticket by its code.
    OfCodes: Malformed NotFound Invalid TooMany Unavailable;
    /// Using a ticket by its code.
    OfUse: Malformed NotFound Refused TooLarge NotJson Invalid TooMany Unavailable;
}

/// The problems by status, as parts that all operations share.
pub(crate) fn components() -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<u16, Vec<Kind>> = BTreeMap::new();
    for kind in Kind::ALL {
        let kinds = by_status.entry(kind.status().as_u16()).or_default();
        kinds.push(kind);
    }
    by_status
        .into_iter()
        .map(|(status, kinds)| (name(status), response(&kinds).into()))
        .collect()
}

fn describe(kinds: &[Kind]) -> BTreeMap<String, RefOr<Response>> {
    kinds
        .iter()
        .map(|kind| {
            let status = kind.status();
            let shared = Ref::from_response_name(name(status.as_u16()));
            (status.as_str().to_owned(), shared.into())
        })
        .collect()
}

fn name(status: u16) -> String {
    format!("Problem{status}")
}

fn response(kinds: &[Kind]) -> Response {
    let titles: Vec<&str> = kinds.iter().map(|kind| kind.title()).collect();
    let example = |kind: &Kind| {
        let problem = Problem::new(*kind, "what happened, and what to do about it");
        serde_json::json!(problem.document())
    };
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .example(kinds.first().map(example))
        .build();
    ResponseBuilder::new()
        .description(titles.join("; or: "))
        .content(MEDIA_TYPE, content)
        .build()
}
