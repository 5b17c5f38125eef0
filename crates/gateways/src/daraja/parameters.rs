//! The parameters of a result: keys come twice or without a value, lists come as single objects.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::callback::scalar;
use crate::gateway::MessageError;

#[derive(Deserialize)]
struct ParameterList<'a> {
    #[serde(rename = "ResultParameter", borrow)]
    items: &'a RawValue,
}

/// A key with its value, if it has one.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Item<'a> {
    pub(super) key: String,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

/// `ResultParameters`, whatever their shape.
pub(super) struct Parameters(Vec<(String, Option<String>)>);

impl Parameters {
    pub(super) fn read(raw: Option<&RawValue>) -> Self {
        let list = raw.and_then(|raw| serde_json::from_str::<ParameterList<'_>>(raw.get()).ok());
        let items = list.map(|list| items(list.items)).unwrap_or_default();
        let text = |item: Item<'_>| (item.key, item.value.and_then(scalar));
        Self(items.into_iter().map(text).collect())
    }

    /// Whether a key is there, with or without a value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(known, _)| known == key)
    }

    /// All values of a key.
    pub(super) fn all(&self, key: &str) -> impl Iterator<Item = String> {
        let of_key = self.0.iter().filter(move |(known, _)| known == key);
        of_key.filter_map(|(_, value)| value.clone())
    }

    /// The value of a key that must not be given twice with different values.
    pub(super) fn text(&self, key: &'static str) -> Result<Option<String>, MessageError> {
        let mut values = self.all(key);
        let first = values.next();
        if values.all(|other| Some(&other) == first.as_ref()) {
            Ok(first)
        } else {
            Err(MessageError::BadValue(key))
        }
    }
}

/// A list of items, or a single one.
pub(super) fn items(raw: &RawValue) -> Vec<Item<'_>> {
    serde_json::from_str::<Vec<Item<'_>>>(raw.get())
        .or_else(|_| serde_json::from_str::<Item<'_>>(raw.get()).map(|item| vec![item]))
        .unwrap_or_default()
}
