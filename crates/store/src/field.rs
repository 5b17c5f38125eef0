//! Domain types as columns.

use std::str::FromStr;

use bando_db::{FromValue, Kind, Row, Value};
use bando_domain::{
    AccountId, ArrivalId, BatchId, CaseId, Currency, CustomerId, DifferenceId, Language,
    LedgerTransferId, MacAddr, MessageId, PaymentFailure, PaymentId, PaymentStatus, PayoutId,
    Phone, PlanId, PlanTerms, ProviderId, RefundId, RouterId, SellingWindow, SessionId, ShiftId,
    Slug, StatementId, TicketId, TicketState, Timestamp,
};
use uuid::Uuid;

use crate::{Error, Result};

/// A type that is kept in one column.
pub(crate) trait Field: Sized {
    /// The column's type, for a NULL in its place.
    const KIND: Kind;
    /// What is written.
    fn to_value(&self) -> Value;
    /// Reads what was written; none if it is something else.
    fn from_value(value: &Value) -> Option<Self>;
}

/// Reads column `index` of `row`.
pub(crate) fn get<T: Field>(row: &Row, index: usize) -> Result<T> {
    let value: Value = row.get(index)?;
    T::from_value(&value).ok_or(Error::Corrupt {
        column: index,
        kind: std::any::type_name::<T>(),
    })
}

/// The parameters of a statement: `values![id, name, at]`.
macro_rules! values {
    ($($value:expr),* $(,)?) => { ::std::vec![$($crate::field::Field::to_value(&$value)),*] };
}
pub(crate) use values;

macro_rules! plain {
    ($($type:ty => $kind:ident;)*) => {$(
        impl Field for $type {
            const KIND: Kind = Kind::$kind;
            fn to_value(&self) -> Value {
                Value::from(self.clone())
            }
            fn from_value(value: &Value) -> Option<Self> {
                <$type as FromValue>::from_value(value).ok()
            }
        }
    )*};
}

plain! {
    i64 => Int;
    u32 => Int;
    bool => Bool;
    Vec<u8> => Bytes;
    [u8; 32] => Bytes;
    Uuid => Uuid;
}

/// Text as it can be kept. PostgreSQL has no place for NUL in a text, and outsiders (routers,
/// gateways) may send one: it becomes the replacement character, on both engines alike.
pub(crate) fn kept(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

impl Field for String {
    const KIND: Kind = Kind::Text;
    fn to_value(&self) -> Value {
        Value::Text(kept(self))
    }
    fn from_value(value: &Value) -> Option<Self> {
        <String as FromValue>::from_value(value).ok()
    }
}

impl Field for u64 {
    const KIND: Kind = Kind::Int;
    fn to_value(&self) -> Value {
        Value::Int(i64::try_from(*self).unwrap_or(i64::MAX))
    }
    fn from_value(value: &Value) -> Option<Self> {
        <u64 as FromValue>::from_value(value).ok()
    }
}

impl Field for Timestamp {
    const KIND: Kind = Kind::Int;
    fn to_value(&self) -> Value {
        Value::Int(self.as_millis())
    }
    fn from_value(value: &Value) -> Option<Self> {
        <i64 as FromValue>::from_value(value)
            .ok()
            .map(Self::from_millis)
    }
}

impl<T: Field> Field for Option<T> {
    const KIND: Kind = T::KIND;
    fn to_value(&self) -> Value {
        self.as_ref()
            .map_or(Value::NullOf(T::KIND), Field::to_value)
    }
    fn from_value(value: &Value) -> Option<Self> {
        if value.is_null() {
            Some(None)
        } else {
            T::from_value(value).map(Some)
        }
    }
}

impl<T: Field> Field for &T {
    const KIND: Kind = T::KIND;
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
    fn from_value(_: &Value) -> Option<Self> {
        None
    }
}

impl Field for &str {
    const KIND: Kind = Kind::Text;
    fn to_value(&self) -> Value {
        Value::Text(kept(self))
    }
    fn from_value(_: &Value) -> Option<Self> {
        None
    }
}

macro_rules! ids {
    ($($type:ident)*) => {$(
        impl Field for $type {
            const KIND: Kind = Kind::Uuid;
            fn to_value(&self) -> Value {
                Value::Uuid(self.uuid())
            }
            fn from_value(value: &Value) -> Option<Self> {
                <Uuid as FromValue>::from_value(value).ok().map(Self::from_uuid)
            }
        }
    )*};
}

ids! {
    AccountId ArrivalId BatchId CaseId CustomerId DifferenceId LedgerTransferId MessageId PaymentId
    PayoutId PlanId ProviderId RefundId RouterId SessionId ShiftId StatementId TicketId
}

/// Types kept under their own written name.
macro_rules! named {
    ($($type:ty => |$self:ident| $text:expr;)*) => {$(
        impl Field for $type {
            const KIND: Kind = Kind::Text;
            fn to_value(&self) -> Value {
                let $self = self;
                Value::Text($text)
            }
            fn from_value(value: &Value) -> Option<Self> {
                let Value::Text(text) = value else { return None };
                <$type>::from_str(text).ok()
            }
        }
    )*};
}

named! {
    Currency => |v| v.code().to_owned();
    Language => |v| v.tag().to_owned();
    MacAddr => |v| v.to_string();
    PaymentFailure => |v| v.name().to_owned();
    PaymentStatus => |v| v.name().to_owned();
    Slug => |v| v.as_str().to_owned();
    TicketState => |v| v.name().to_owned();
}

/// An enumeration that is kept, and told in the API, by its members' own words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$member_doc:meta])* $member:ident => $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $name {
            $($(#[$member_doc])* $member,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$member),*];

            /// The word in the database and the API.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$member => $word,)*
                }
            }

            /// The one with this name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|member| member.name() == name)
            }
        }

        impl crate::field::Field for $name {
            const KIND: bando_db::Kind = bando_db::Kind::Text;
            fn to_value(&self) -> bando_db::Value {
                bando_db::Value::Text(self.name().to_owned())
            }
            fn from_value(value: &bando_db::Value) -> Option<Self> {
                let bando_db::Value::Text(text) = value else { return None };
                Self::named(text)
            }
        }
    };
}
pub(crate) use words;

impl Field for Phone {
    const KIND: Kind = Kind::Text;
    fn to_value(&self) -> Value {
        Value::Text(self.digits().to_owned())
    }
    fn from_value(value: &Value) -> Option<Self> {
        let Value::Text(text) = value else {
            return None;
        };
        Phone::from_international(text)
    }
}

/// Types kept as JSON, because nothing is ever looked up by their parts.
macro_rules! json {
    ($($type:ty)*) => {$(
        impl Field for $type {
            const KIND: Kind = Kind::Text;
            fn to_value(&self) -> Value {
                Value::Text(serde_json::to_string(self).unwrap_or_default())
            }
            fn from_value(value: &Value) -> Option<Self> {
                let Value::Text(text) = value else { return None };
                serde_json::from_str(text).ok()
            }
        }
    )*};
}

json! { PlanTerms SellingWindow serde_json::Value }
