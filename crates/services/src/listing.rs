//! Pages of documents that fit a filter which no index knows.

use trainyard_store::{Error, List, Noun, Store};

/// How a list is asked for.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Only those whose names contain it.
    pub name_contains: Option<String>,
    /// The oldest first.
    pub ascending: bool,
    /// At most so many.
    pub limit: usize,
    /// The page's cursor.
    pub after: Option<String>,
}

impl Listing {
    /// Whether something of this name is asked for.
    pub fn names(&self, name: &str) -> bool {
        self.name_contains.as_ref().is_none_or(|part| name.contains(part))
    }
}

/// One page of the list's documents that fit, and the next page's cursor. Pages are read on until `limit` fit or
/// there are no more, so that a page is short only at the end.
pub async fn page<T: Noun>(
    store: &Store,
    list: List,
    listing: &Listing,
    fits: impl Fn(&T) -> bool,
) -> Result<(Vec<T>, Option<String>), Error> {
    let (mut found, mut after) = (Vec::new(), listing.after.clone());
    loop {
        let missing = listing.limit.saturating_sub(found.len()).max(1);
        let list = list.clone().descending(!listing.ascending).limit(missing).after(after);
        let page = store.list::<T>(list).await?;
        found.extend(page.items.into_iter().map(|held| held.value).filter(&fits));
        after = page.next;
        if after.is_none() || found.len() >= listing.limit {
            return Ok((found, after));
        }
    }
}
