//! What a bus remembers, page by page: events stand in the order in which they came to be on the disk.

use std::time::Duration;

use trainyard_domain::Timestamp;
use trainyard_store::{Error as StoreError, Store, Stretch};

use super::{
    Error,
    recent::{Recent, trail},
};

/// A page has so many events at most.
const LONGEST_PAGE: usize = 10_000;
/// Events that were told at the same time come to the disk in any order: one that stands before another was told later
/// by less than that.
const AT_ONCE: Duration = Duration::from_secs(60);

/// The last events of a bus. Each is known by its place in the bus's trail.
pub(super) struct Past {
    store: Store,
    trail: String,
    most: u64,
}

impl Past {
    pub(super) fn new(store: &Store, place: &str, most: usize) -> Self {
        Self { store: store.clone(), trail: trail(place), most: most as u64 }
    }

    /// A page from that place back, the latest event first; those only that were told at `since` or later. And where the
    /// next page begins.
    pub(super) async fn back(
        &self,
        from: u64,
        (since, limit): (Option<Timestamp>, usize),
    ) -> Result<(Vec<(u64, Recent)>, Option<u64>), Error> {
        let limit = limit.clamp(1, LONGEST_PAGE);
        let stretch = self.store.trail_back(&self.trail, from, limit + 1).await?;
        let gone = self.gone(&stretch);
        let (mut page, next) = self.page(stretch, limit);
        let next = next.filter(|next| *next > gone);
        let late = |at: Timestamp| since.is_none_or(|since| at >= since);
        let next = next.filter(|_| page.last().is_none_or(|(_, last)| late(last.at.plus(AT_ONCE))));
        page.retain(|(_, recent)| late(recent.at));
        Ok((page, next))
    }

    /// A page from that place on, and where the next page begins.
    pub(super) async fn forth(
        &self,
        from: u64,
        limit: usize,
    ) -> Result<(Vec<(u64, Recent)>, Option<u64>), StoreError> {
        let stretch = self.store.trail(&self.trail, from, limit + 1).await?;
        Ok(self.page(stretch, limit))
    }

    /// The first so many of these, and what comes after them. Those that are too many and not yet gone are left out.
    fn page(&self, stretch: Stretch, limit: usize) -> (Vec<(u64, Recent)>, Option<u64>) {
        let (gone, mut records) = (self.gone(&stretch), stretch.records);
        let next = records.get(limit).map(|(place, _)| *place);
        records.truncate(limit);
        let kept = records.into_iter().filter(|(place, _)| *place > gone);
        let page = kept.filter_map(|(place, record)| Some((place, self.read(place, &record)?)));
        (page.collect(), next)
    }

    /// The last place of those that are too many.
    fn gone(&self, stretch: &Stretch) -> u64 {
        stretch.end.saturating_sub(self.most)
    }

    /// One that cannot be read is told of, and left out.
    fn read(&self, place: u64, record: &str) -> Option<Recent> {
        let unread = |error: serde_json::Error| {
            let (kind, scope, id) = ("history".to_owned(), self.trail.clone(), place.to_string());
            self.store.report(&StoreError::Poisoned { kind, scope, id, reason: error.to_string() });
        };
        serde_json::from_str(record).map_err(unread).ok()
    }
}
