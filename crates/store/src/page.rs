//! Lists, a page at a time.

use std::fmt::Write;

use bando_db::{Row, Sql, Value};
use bando_domain::Timestamp;
use uuid::Uuid;

use crate::field::Field;
use crate::{Result, TenantTx};

/// Where a page begins: after the row with this id. Ids sort by time, so a list stays in order
/// while rows are added.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor(pub Uuid);

/// One page of a list, newest first.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins; none on the last.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page of `size` from `size + 1` rows that were read to learn whether there are more.
    pub(crate) fn cut(mut rows: Vec<T>, size: usize, id: impl Fn(&T) -> Uuid) -> Self {
        let more = rows.len() > size;
        rows.truncate(size);
        let next = if more {
            rows.last().map(|row| Cursor(id(row)))
        } else {
            None
        };
        Self { rows, next }
    }
}

/// The statement of a list, to which a filter adds its conditions.
pub(crate) struct List {
    text: String,
    params: Vec<Value>,
}

impl List {
    /// A list without conditions but those in its text, which ends in a WHERE with one.
    pub(crate) fn new(text: String) -> Self {
        Self {
            text,
            params: Vec::new(),
        }
    }

    /// Adds a condition if there is a value; `?` in it stands for the value, each time.
    pub(crate) fn and<T: Field>(&mut self, condition: &str, value: Option<&T>) {
        if let Some(value) = value {
            self.params.push(value.to_value());
            let place = format!("${}", self.params.len() + 1);
            let _ = write!(self.text, " AND {}", condition.replace('?', &place));
        }
    }

    /// The statement so far, and its parameters from `$2` on.
    pub(crate) fn into_parts(self) -> (String, Vec<Value>) {
        (self.text, self.params)
    }
}

impl TenantTx {
    /// Reads one page of `list` in the order of its column `key`, which `id` reads, newest first.
    pub(crate) async fn page<T>(
        &mut self,
        mut list: List,
        key: &str,
        after: Option<Cursor>,
        size: usize,
        read: impl Fn(&Row) -> Result<T>,
        id: impl Fn(&T) -> Uuid,
    ) -> Result<Page<T>> {
        list.and(&format!("{key} < ?"), after.map(|after| after.0).as_ref());
        let _ = write!(list.text, " ORDER BY {key} DESC LIMIT {}", size + 1);
        let rows = self.all(Sql::built(list.text), list.params).await?;
        let rows = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, size, id))
    }
}

/// Below every id that was made from `from` on: ids begin with their time (RFC 9562, 5.7), so that a
/// list of some days need not read those before. A minute to spare, for clocks of several nodes.
pub(crate) fn first_id(from: Timestamp) -> Uuid {
    let millis = from.minus(std::time::Duration::from_secs(60)).as_millis();
    Uuid::from_u128(u128::from(millis.max(0).unsigned_abs()) << 80)
}
