//! Lists, a page at a time.

use uuid::Uuid;

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
