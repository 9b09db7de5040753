//! Listing objects.

use trainyard_domain::AccountId;
use trainyard_store::{Entry, List, Range};

use super::{Artifacts, Error, Object};

/// A question for objects.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    /// What their keys begin with.
    pub prefix: String,
    /// Keys with this after the prefix stand together as one folder.
    pub delimiter: Option<String>,
    /// Only keys after this one. If it is a folder's name, only what comes after the folder.
    pub after: Option<String>,
    /// Go on after a page. Counts before `after`.
    pub cursor: Option<String>,
    /// At most so many entries.
    pub limit: usize,
}

/// One page, ordered by the keys' bytes.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Objects and folders.
    pub entries: Vec<ListEntry>,
    /// For the next page.
    pub next: Option<String>,
}

/// One entry of a listing.
#[derive(Clone, Debug)]
pub enum ListEntry {
    /// An object.
    Object(Box<Object>),
    /// What all keys in a folder begin with.
    Folder(String),
}

impl ListEntry {
    /// The key, or the folder's beginning of keys.
    pub fn name(&self) -> &str {
        match self {
            Self::Object(object) => &object.key,
            Self::Folder(name) => name,
        }
    }
}

impl Artifacts {
    /// One page of a bucket's objects.
    pub async fn list(&self, account: &AccountId, bucket: &str, query: ListQuery) -> Result<Listing, Error> {
        self.bucket(account, bucket).await?;
        let Some(range) = range(&query) else { return Ok(Listing { entries: Vec::new(), next: None }) };
        let list = List::in_scope(bucket).within(range).limit(query.limit).after(query.cursor);
        let Some(delimiter) = &query.delimiter else {
            let page = self.ground.store.list(list).await?;
            let entries = page.items.into_iter().map(|held| ListEntry::Object(Box::new(held.value)));
            return Ok(Listing { entries: entries.collect(), next: page.next });
        };
        let page = self.ground.store.folders(list, &query.prefix, delimiter).await?;
        let entries = page.entries.into_iter().map(|entry| match entry {
            Entry::Document(held) => ListEntry::Object(Box::new(held.value)),
            Entry::Folder(name) => ListEntry::Folder(name),
        });
        Ok(Listing { entries: entries.collect(), next: page.next })
    }
}

/// Which keys are asked for; `None` if there can be none.
fn range(query: &ListQuery) -> Option<Range> {
    let range = Range { after: query.after.clone(), ..Range::prefix(&query.prefix) };
    let (Some(after), Some(delimiter)) = (&query.after, &query.delimiter) else { return Some(range) };
    let inside = after.strip_prefix(query.prefix.as_str());
    let is_folder =
        inside.is_some_and(|rest| rest.find(delimiter.as_str()) == rest.len().checked_sub(delimiter.len()));
    if is_folder && !delimiter.is_empty() { range.past(after) } else { Some(range) }
}
