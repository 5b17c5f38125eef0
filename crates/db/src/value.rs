//! Values that go into statements and come out of rows.

use uuid::Uuid;

/// One parameter of a statement, or one column of a row.
///
/// SQLite keeps `Uuid` as a 16-byte BLOB and `Bool` as INTEGER 0 or 1; [`FromValue`] turns them
/// back. Times are `Int` (milliseconds UTC), money is `Int` (minor units), JSON is `Text`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// NULL of a type that PostgreSQL infers from its place in the statement.
    Null,
    /// NULL that a `None` of a known type became: the statement's parameter types are then the
    /// same whether a value is there or not, so it cannot fail for `None` alone.
    NullOf(Kind),
    /// A BIGINT / INTEGER.
    Int(i64),
    /// A TEXT.
    Text(String),
    /// A BYTEA / BLOB.
    Bytes(Vec<u8>),
    /// A UUID / 16-byte BLOB.
    Uuid(Uuid),
    /// A BOOLEAN / INTEGER 0 or 1.
    Bool(bool),
}

/// The types a [`Value`] can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// [`Value::Int`]
    Int,
    /// [`Value::Text`]
    Text,
    /// [`Value::Bytes`]
    Bytes,
    /// [`Value::Uuid`]
    Uuid,
    /// [`Value::Bool`]
    Bool,
}

impl Value {
    /// The type, unless it is an untyped NULL.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Null => None,
            Self::NullOf(kind) => Some(*kind),
            Self::Int(_) => Some(Kind::Int),
            Self::Text(_) => Some(Kind::Text),
            Self::Bytes(_) => Some(Kind::Bytes),
            Self::Uuid(_) => Some(Kind::Uuid),
            Self::Bool(_) => Some(Kind::Bool),
        }
    }

    /// True for either kind of NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null | Self::NullOf(_))
    }

    /// What it is, without what it holds: for error messages.
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Self::Null | Self::NullOf(_) => "NULL",
            Self::Int(_) => "an integer",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Uuid(_) => "a UUID",
            Self::Bool(_) => "a boolean",
        }
    }
}

/// Types that always become a [`Value`] of one kind: what `Option<T>` needs for its NULL.
pub trait ValueKind {
    /// The kind.
    const KIND: Kind;
}

macro_rules! into_value {
    ($($type:ty => $kind:ident, |$value:ident| $inner:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                Self::$kind($inner)
            }
        }
        impl ValueKind for $type {
            const KIND: Kind = Kind::$kind;
        }
    )*};
}

into_value! {
    i64 => Int, |value| value;
    i32 => Int, |value| i64::from(value);
    i16 => Int, |value| i64::from(value);
    u32 => Int, |value| i64::from(value);
    u16 => Int, |value| i64::from(value);
    u8 => Int, |value| i64::from(value);
    bool => Bool, |value| value;
    String => Text, |value| value;
    &str => Text, |value| value.to_owned();
    &String => Text, |value| value.clone();
    Vec<u8> => Bytes, |value| value;
    &[u8] => Bytes, |value| value.to_vec();
    Uuid => Uuid, |value| value;
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(value: [u8; N]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl<const N: usize> ValueKind for [u8; N] {
    const KIND: Kind = Kind::Bytes;
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(value: &[u8; N]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl<const N: usize> ValueKind for &[u8; N] {
    const KIND: Kind = Kind::Bytes;
}

impl<T: Into<Value> + ValueKind> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::NullOf(T::KIND), Into::into)
    }
}

/// The parameters of one statement: `tx.exec(SQL, params![id, name, None::<i64>])`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] };
}

/// The same as an owned `Vec<Value>`: one row for [`Tx::exec_many`](crate::Tx::exec_many).
#[macro_export]
macro_rules! values {
    ($($value:expr),* $(,)?) => { ::std::vec![$($crate::Value::from($value)),*] };
}

/// A type that a column can be read as.
pub trait FromValue: Sized {
    /// Reads the value, or says what was expected instead.
    fn from_value(value: &Value) -> Result<Self, Expected>;
}

/// What a column should have held, e.g. `"a 32-bit integer"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected(pub &'static str);

impl FromValue for Value {
    fn from_value(value: &Value) -> Result<Self, Expected> {
        Ok(value.clone())
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Result<Self, Expected> {
        if value.is_null() {
            Ok(None)
        } else {
            T::from_value(value).map(Some)
        }
    }
}

macro_rules! from_integer {
    ($($type:ty => $expected:literal;)*) => {$(
        impl FromValue for $type {
            fn from_value(value: &Value) -> Result<Self, Expected> {
                match value {
                    Value::Int(int) => Self::try_from(*int).map_err(|_| Expected($expected)),
                    _ => Err(Expected($expected)),
                }
            }
        }
    )*};
}

from_integer! {
    i64 => "an integer";
    i32 => "a 32-bit integer";
    i16 => "a 16-bit integer";
    u64 => "an integer from 0";
    u32 => "an unsigned 32-bit integer";
    u16 => "an unsigned 16-bit integer";
    u8 => "an unsigned 8-bit integer";
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Result<Self, Expected> {
        match value {
            Value::Bool(bool) => Ok(*bool),
            Value::Int(0) => Ok(false),
            Value::Int(1) => Ok(true),
            _ => Err(Expected("a boolean")),
        }
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Result<Self, Expected> {
        match value {
            Value::Text(text) => Ok(text.clone()),
            _ => Err(Expected("text")),
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: &Value) -> Result<Self, Expected> {
        match value {
            Value::Bytes(bytes) => Ok(bytes.clone()),
            _ => Err(Expected("bytes")),
        }
    }
}

impl<const N: usize> FromValue for [u8; N] {
    fn from_value(value: &Value) -> Result<Self, Expected> {
        match value {
            Value::Bytes(bytes) => bytes
                .as_slice()
                .try_into()
                .map_err(|_| Expected("bytes of a fixed length")),
            _ => Err(Expected("bytes")),
        }
    }
}

impl FromValue for Uuid {
    fn from_value(value: &Value) -> Result<Self, Expected> {
        match value {
            Value::Uuid(uuid) => Ok(*uuid),
            Value::Bytes(bytes) => {
                Self::from_slice(bytes).map_err(|_| Expected("a UUID of 16 bytes"))
            }
            _ => Err(Expected("a UUID")),
        }
    }
}
