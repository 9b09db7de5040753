//! Asking for many documents of one kind, page by page.

use crate::{Held, noun::number};

/// A question for documents of one kind.
///
/// Answers are ordered by (key value, id), or by id where no key is named, and go on after a cursor: documents
/// that are added or removed between two pages neither repeat nor hide others.
#[derive(Clone, Debug)]
pub struct List {
    pub(crate) scope: Option<String>,
    pub(crate) key: Option<&'static str>,
    pub(crate) range: Range,
    pub(crate) after: Option<String>,
    pub(crate) limit: usize,
    pub(crate) descending: bool,
}

/// Which values of the key (or which ids, where no key is named) are asked for.
#[derive(Clone, Debug, Default)]
pub struct Range {
    /// At least this.
    pub from: Option<String>,
    /// Less than this.
    pub before: Option<String>,
}

/// One page of an answer.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The documents.
    pub items: Vec<Held<T>>,
    /// Give this to [`List::after`] for the next page; `None`: there is no more. Opaque, printable ASCII.
    pub next: Option<String>,
}

impl List {
    /// All documents of the kind in `scope`, at most 100 a page.
    pub fn in_scope(scope: impl ToString) -> Self {
        Self { scope: Some(scope.to_string()), ..Self::everywhere() }
    }

    /// All documents of the kind in all scopes.
    pub fn everywhere() -> Self {
        Self { scope: None, key: None, range: Range::default(), after: None, limit: 100, descending: false }
    }

    /// Only those that have this index key, ordered by its value.
    pub fn by(mut self, key: &'static str) -> Self {
        self.key = Some(key);
        self
    }

    /// Only those whose key has just this value.
    pub fn equal(mut self, key: &'static str, value: &str) -> Self {
        self.key = Some(key);
        self.range = Range { from: Some(value.to_owned()), before: Some(format!("{value}\0")) };
        self
    }

    /// Only those in the range.
    pub fn within(mut self, range: Range) -> Self {
        self.range = range;
        self
    }

    /// At most so many a page.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Goes on after a page: with its `next`.
    pub fn after(mut self, cursor: Option<String>) -> Self {
        self.after = cursor;
        self
    }

    /// From the last to the first.
    pub fn descending(mut self, descending: bool) -> Self {
        self.descending = descending;
        self
    }
}

impl Range {
    /// Values that begin with `prefix`.
    pub fn prefix(prefix: &str) -> Self {
        // The code point after the last: `char::MAX` sorts after every text in UTF-8's byte order.
        Self { from: Some(prefix.to_owned()), before: Some(format!("{prefix}{}", char::MAX)) }
    }

    /// Numbers from `from` (inclusive) to `before` (exclusive), as [`crate::Keys::add_number`] wrote them.
    pub fn numbers(from: Option<i64>, before: Option<i64>) -> Self {
        Self { from: from.map(number), before: before.map(number) }
    }
}
