//! What comes next in a queue that keeps no order: the messages that have been visible for longest.

use std::collections::{HashSet, VecDeque};

use trainyard_domain::Timestamp;
use trainyard_store::{Error as StoreError, Held, List, Range, Store};

use super::message::Message;

/// So many are read at a time: small letters, so this is at most a megabyte or two.
const AHEAD: usize = 256;

/// Messages that were read and not handed out yet, and those that are being handed out.
///
/// A message is in hand from when it is taken until its new state is committed: what the store shows meanwhile is
/// older than that, and is passed over.
#[derive(Default)]
pub(super) struct Loose {
    ahead: VecDeque<Held<Message>>,
    in_hand: HashSet<u64>,
}

impl Loose {
    /// Takes at most `most` that are visible at `now`. Fewer: there are no more; then the moment when the next one will
    /// be visible is said too.
    pub(super) async fn take(
        &mut self,
        store: &Store,
        shelf: &str,
        now: Timestamp,
        most: usize,
    ) -> Result<(Vec<Held<Message>>, Option<Timestamp>), StoreError> {
        let mut taken = Vec::new();
        match self.fill(&mut taken, (store, shelf), now, most).await {
            Ok(next) => Ok((taken, next)),
            Err(error) => {
                // Nobody will put them down: they are read again.
                self.put_down(taken.iter().map(|held| held.value.place));
                self.forget();
                Err(error)
            }
        }
    }

    async fn fill(
        &mut self,
        taken: &mut Vec<Held<Message>>,
        (store, shelf): (&Store, &str),
        now: Timestamp,
        most: usize,
    ) -> Result<Option<Timestamp>, StoreError> {
        let mut all = false;
        while taken.len() < most {
            if self.ahead.is_empty() && !all {
                all = self.read(store, shelf, now).await?;
            }
            let Some(next) = self.ahead.pop_front() else {
                return next_due(store, shelf, now).await.map(Some);
            };
            if self.in_hand.insert(next.value.place) {
                taken.push(next);
            }
        }
        Ok(None)
    }

    /// Reads the next ones, and says whether these are all that are visible. Who sends another meanwhile tells of it.
    async fn read(&mut self, store: &Store, shelf: &str, now: Timestamp) -> Result<bool, StoreError> {
        let visible = Range::numbers(None, Some(now.millis().saturating_add(1)));
        let asked = List::in_scope(shelf).by("due").within(visible).limit(AHEAD + self.in_hand.len());
        let found = store.list::<Message>(asked).await?;
        let in_hand = &self.in_hand;
        self.ahead.extend(found.items.into_iter().filter(|held| !in_hand.contains(&held.value.place)));
        Ok(found.next.is_none())
    }

    /// What was taken is committed, or nothing came of it.
    pub(super) fn put_down(&mut self, places: impl IntoIterator<Item = u64>) {
        for place in places {
            self.in_hand.remove(&place);
        }
    }

    /// What was read is out of date: somebody else changed one of them.
    pub(super) fn forget(&mut self) {
        self.ahead.clear();
    }
}

/// When the next one will be visible; the end of time if there is none.
async fn next_due(store: &Store, shelf: &str, now: Timestamp) -> Result<Timestamp, StoreError> {
    let later = Range::numbers(Some(now.millis().saturating_add(1)), None);
    let asked = List::in_scope(shelf).by("due").within(later).limit(1);
    let next = store.list::<Message>(asked).await?.items;
    Ok(next.first().map_or(Timestamp(i64::MAX), |held| held.value.due))
}
