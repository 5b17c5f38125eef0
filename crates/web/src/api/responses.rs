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
    OfLists: SignedOut Forbidden NotFound Invalid Unavailable;
    /// Looking at one thing.
    OfOne: SignedOut Forbidden NotFound Unavailable;
    /// Changing something by a body.
    OfChanges: Malformed SignedOut Forbidden NotFound TooLarge NotJson Invalid Unavailable;
    /// Looking at what is sold.
    OfShop: NotFound Unavailable;
    /// Paying.
    OfPaying: Malformed NotFound Suspended PromptOpen NoGateway TooLarge NotJson Invalid TooMany Unavailable;
    /// Looking at a ticket by its code.
    OfCodes: NotFound Invalid TooMany Unavailable;
    /// Using a ticket by its code.
    OfUse: Malformed NotFound Refused TooLarge NotJson Invalid TooMany Unavailable;
}

fn describe(kinds: &[Kind]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<String, Vec<Kind>> = BTreeMap::new();
    for kind in kinds {
        let status = kind.status().as_str().to_owned();
        by_status.entry(status).or_default().push(*kind);
    }
    by_status
        .into_iter()
        .map(|(status, kinds)| (status, response(&kinds).into()))
        .collect()
}

fn response(kinds: &[Kind]) -> Response {
    let titles: Vec<&str> = kinds.iter().map(|kind| kind.title()).collect();
    let example = kinds.first().map(|kind| {
        let problem = Problem::new(*kind, "what happened, and what to do about it");
        serde_json::json!(problem.document())
    });
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .example(example)
        .build();
    ResponseBuilder::new()
        .description(titles.join("; or: "))
        .content(MEDIA_TYPE, content)
        .build()
}
