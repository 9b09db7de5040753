//! Asking for many documents of one kind, page by page.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::{Error, Held, noun::number};

/// A page is at most so long, whatever was asked for.
const LONGEST_PAGE: usize = 10_000;

/// A question for documents of one kind.
///
/// Answers are ordered by (key value, id), or by id where no key is named, and go on after a cursor: documents
/// that are added or removed between two pages neither repeat nor hide others. Text is ordered by its UTF-8 bytes.
/// Among equal key values, and where no key is named, [`List::everywhere`] goes scope by scope.
#[derive(Clone, Debug)]
pub struct List {
    pub(crate) scope: Option<String>,
    pub(crate) key: Option<&'static str>,
    pub(crate) which: Which,
    pub(crate) after: Option<String>,
    pub(crate) limit: usize,
    pub(crate) descending: bool,
    pub(crate) texts: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Which {
    Range(Range),
    Equal(String),
}

/// Which values of the key (or which ids, where no key is named) are asked for. All bounds that are set must hold.
#[derive(Clone, Debug, Default)]
pub struct Range {
    /// At least this.
    pub from: Option<String>,
    /// More than this.
    pub after: Option<String>,
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

/// One entry of a listing by folders.
#[derive(Clone, Debug)]
pub enum Entry<T> {
    /// A document that is in no folder.
    Document(Held<T>),
    /// What all of a folder's documents begin with: the prefix asked for, up to and with the delimiter after it.
    Folder(String),
}

/// One page of a listing by folders.
#[derive(Clone, Debug)]
pub struct Folders<T> {
    /// Documents and folders, in one order.
    pub entries: Vec<Entry<T>>,
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
        let which = Which::Range(Range::default());
        Self { scope: None, key: None, which, after: None, limit: 100, descending: false, texts: true }
    }

    /// Only those that have this index key, ordered by its value.
    pub fn by(mut self, key: &'static str) -> Self {
        self.key = Some(key);
        self
    }

    /// Only those whose key has just this value.
    pub fn equal(mut self, key: &'static str, value: &str) -> Self {
        self.key = Some(key);
        self.which = Which::Equal(value.to_owned());
        self
    }

    /// Only those in the range.
    pub fn within(mut self, range: Range) -> Self {
        self.which = Which::Range(range);
        self
    }

    /// At most so many a page: 1 to 10,000, less or more counts as that.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Goes on after a page: with its `next`.
    pub fn after(mut self, cursor: Option<String>) -> Self {
        self.after = cursor;
        self
    }

    /// Texts that lie beside the store are not read: empty ones are in their places. What is listed so is to be looked
    /// at, and never to be put again.
    pub fn without_texts(mut self) -> Self {
        self.texts = false;
        self
    }

    /// From the last to the first.
    pub fn descending(mut self, descending: bool) -> Self {
        self.descending = descending;
        self
    }
}

impl List {
    pub(crate) fn page(&self) -> usize {
        self.limit.clamp(1, LONGEST_PAGE)
    }

    pub(crate) fn cursor(&self) -> Result<Option<Cursor>, Error> {
        self.after.as_deref().map(Cursor::decode).transpose()
    }
}

impl Range {
    /// Values that begin with `prefix`.
    pub fn prefix(prefix: &str) -> Self {
        Self { from: Some(prefix.to_owned()), after: None, before: after_prefix(prefix) }
    }

    /// Numbers from `from` (inclusive) to `before` (exclusive), as [`crate::Keys::add_number`] wrote them.
    pub fn numbers(from: Option<i64>, before: Option<i64>) -> Self {
        Self { from: from.map(number), after: None, before: before.map(number) }
    }

    /// Of these, only those that come after all that begin with `prefix`: S3's listing goes on so after a common
    /// prefix. `None`: nothing comes after them.
    pub fn past(self, prefix: &str) -> Option<Self> {
        let from = after_prefix(prefix)?;
        let from = self.from.map_or(from.clone(), |own| own.max(from));
        Some(Self { from: Some(from), ..self })
    }
}

/// The least text that comes after all texts that begin with `prefix`.
fn after_prefix(prefix: &str) -> Option<String> {
    let mut next = prefix.to_owned();
    while let Some(last) = next.pop() {
        // Steps over the surrogates, which are no characters; the last character of all has no next.
        if let Some(following) = (last..=char::MAX).nth(1) {
            next.push(following);
            return Some(next);
        }
    }
    None
}

/// Where a page ended: all that an answer can be ordered by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    #[serde(rename = "v")]
    pub(crate) value: String,
    #[serde(rename = "s")]
    pub(crate) scope: String,
    #[serde(rename = "i")]
    pub(crate) id: String,
    /// The folder that it ended with: the next page begins after all that is in it.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub(crate) folder: Option<String>,
}

impl Cursor {
    pub(crate) fn encode(&self) -> String {
        // Text to text: this always has a JSON form.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads back what [`Cursor::encode`] wrote. It comes from outside: anything else is refused.
    fn decode(text: &str) -> Result<Self, Error> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        bytes
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| Error::Invalid("the token for the next page is not one that was given".to_owned()))
    }

    pub(crate) fn part(&self, column: &str) -> &str {
        match column {
            "value" => &self.value,
            "scope" => &self.scope,
            _ => &self.id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_a_prefix() {
        let check = |prefix: &str, expect: Option<&str>| assert_eq!(after_prefix(prefix).as_deref(), expect);
        check("a/", Some("a0"));
        check("\u{d7ff}", Some("\u{e000}"));
        check("a\u{10ffff}", Some("b"));
        check("\u{10ffff}", None);
        check("", None);
    }

    #[test]
    fn cursors_read_back_and_nothing_else_does() {
        let cursor = Cursor { value: "ü".into(), scope: "s".into(), id: "a/b".into(), folder: None };
        let text = cursor.encode();
        assert!(text.is_ascii());
        assert_eq!(Cursor::decode(&text).unwrap(), cursor);
        for wrong in ["", "x", "e30", "\u{fc}", &text[1..]] {
            assert!(matches!(Cursor::decode(wrong), Err(Error::Invalid(_))), "{wrong}");
        }
    }
}
