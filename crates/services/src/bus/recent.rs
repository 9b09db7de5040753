//! The last events of each bus, to be looked at, and those that come just now.
//!
//! An event is remembered in the commit in which it is matched, which is the one in which it leaves the outbox
//! ([`EVENTS`](super::EVENTS)) if it was there: so it is remembered once.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use trainyard_domain::{Event, Scope, Timestamp, event::DEFAULT_BUS};
use trainyard_store::{Changes, Error as StoreError, Expect, Keys, List, Noun};

use super::{Bus, Error, EventBus};

/// So many events of a bus are remembered, where nobody says otherwise.
pub const REMEMBERED: usize = 10_000;
/// The remembered events of a bus have so many bytes together at most.
const MOST_BYTES: u64 = 64 << 20;
/// How often is looked for what is too much.
const SWEEP: Duration = Duration::from_secs(2);
/// How often is looked for what need not be known any longer.
const HOUR: Duration = Duration::from_secs(3600);
/// So many events wait for whoever looks on; who is slower than that misses some, and is told.
const WAITING: usize = 512;

/// An event that was told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recent {
    /// Its place in the order of matching, which is unique in the server.
    pub number: u64,
    /// When it was told.
    pub at: Timestamp,
    /// What was told.
    pub event: Arc<Event>,
}

impl Noun for Recent {
    const KIND: &'static str = "recent-event";

    fn scope(&self) -> String {
        place(self.event.owner(), &self.event.bus)
    }

    fn id(&self) -> String {
        format!("{:020}", self.number)
    }

    fn keys(&self, _: &mut Keys) {}
}

/// The store's scope of a bus's last events.
pub(super) fn place(scope: &Scope, bus: &str) -> String {
    format!("{scope}/{bus}")
}

/// Who looks on, and how much is remembered.
pub(super) struct Memory {
    most: usize,
    /// The last number that was given away.
    last: AtomicU64,
    pub(super) live: broadcast::Sender<Arc<Recent>>,
    pub(super) over: CancellationToken,
}

impl Memory {
    pub(super) fn new(most: usize) -> Self {
        let (live, over) = (broadcast::Sender::new(WAITING), CancellationToken::new());
        Self { most, last: AtomicU64::new(0), live, over }
    }

    /// The next number: it follows from the time, and is greater than all before it, also than those of earlier starts.
    fn number(&self, at: Timestamp) -> u64 {
        let least = u64::try_from(at.millis()).unwrap_or(0).saturating_mul(1000);
        let next = |last: u64| (last + 1).max(least);
        let before = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        next(before.unwrap_or_else(|last| last))
    }
}

impl Bus {
    /// Remembers so many events of each bus, in place of [`REMEMBERED`].
    #[must_use]
    pub fn remembering(self, most: usize) -> Self {
        Self { memory: Arc::new(Memory::new(most)), ..self }
    }

    /// Remembers the event in these changes, which are those that follow from its match. It is to be shown when it is
    /// known to be on disk.
    pub(super) fn remember(
        &self,
        changes: &mut Changes,
        event: Arc<Event>,
    ) -> Result<Arc<Recent>, StoreError> {
        let at = self.ground.now();
        let recent = Recent { number: self.memory.number(at), at, event };
        if self.memory.most > 0 {
            changes.put(&recent, Expect::Any)?;
        }
        Ok(Arc::new(recent))
    }

    /// Shows an event to whoever looks on.
    pub(super) fn show(&self, recent: Arc<Recent>) {
        // Nobody may look on.
        let _ = self.memory.live.send(recent);
    }

    /// One page of a bus's last events, the latest first; those only that were told at `since` or later.
    pub async fn recent(
        &self,
        scope: &Scope,
        bus: Option<&str>,
        (since, limit): (Option<Timestamp>, usize),
        after: Option<String>,
    ) -> Result<(Vec<Recent>, Option<String>), Error> {
        let bus = self.describe_bus(scope, bus).await?.name;
        let list = List::in_scope(place(scope, &bus)).descending(true).limit(limit).after(after);
        let page = self.ground.store.list::<Recent>(list).await.map_err(token)?;
        let there = page.items.len();
        let wanted = |recent: &Recent| since.is_none_or(|since| recent.at >= since);
        let items: Vec<_> = page.items.into_iter().map(|held| held.value).filter(wanted).collect();
        // The latest come first: behind one that is too old all are.
        let next = page.next.filter(|_| items.len() == there);
        Ok((items, next))
    }

    /// Lets go of what is too much, again and again until `stop`; then whoever looks on is told that it is over.
    pub(super) async fn forget(&self, stop: CancellationToken) {
        let (mut looked, mut swept) = (HashMap::new(), None::<Instant>);
        loop {
            if let Err(error) = self.forget_once(&mut looked).await {
                tracing::warn!(%error, "old events cannot be let go of");
            }
            if swept.is_none_or(|swept| swept.elapsed() >= HOUR) {
                swept = Some(Instant::now());
                if let Err(error) = self.forget_told().await {
                    tracing::warn!(%error, "what was told once is still known");
                }
            }
            if stop.run_until_cancelled(tokio::time::sleep(SWEEP)).await.is_none() {
                break;
            }
        }
        self.memory.over.cancel();
    }

    /// `looked`: up to which event each bus was looked at.
    pub(super) async fn forget_once(&self, looked: &mut HashMap<String, u64>) -> Result<(), Error> {
        let store = &self.ground.store;
        let places = store.scopes::<Recent>().await?;
        looked.retain(|place, _| places.contains(place));
        for place in places {
            let last = store.list::<Recent>(List::in_scope(&place).descending(true).limit(1)).await?;
            let last = last.items.first().map_or(0, |held| held.value.number);
            // The clock may have been set back before this start.
            self.memory.last.fetch_max(last, Ordering::Relaxed);
            if looked.insert(place.clone(), last) == Some(last) {
                continue;
            }
            let mut changes = Changes::new();
            if !self.has_bus(&place).await? {
                // What was being matched when the bus was removed.
                forget_all(&mut changes, &place);
            } else if let Some(first) =
                store.first_of_last::<Recent>(&place, (self.memory.most, MOST_BYTES)).await?
            {
                changes.trim::<Recent>(&place, &first);
            }
            store.commit(changes).await?;
        }
        Ok(())
    }

    /// Whether there is a bus whose last events are there.
    async fn has_bus(&self, place: &str) -> Result<bool, StoreError> {
        // No name of a bus has a slash.
        let Some((scope, bus)) = place.rsplit_once('/') else { return Ok(true) };
        Ok(bus == DEFAULT_BUS || self.ground.store.get::<EventBus>(scope, bus).await?.is_some())
    }
}

/// Lets go of all events of a bus.
pub(super) fn forget_all(changes: &mut Changes, place: &str) {
    // Numbers are before it, all of them.
    changes.trim::<Recent>(place, ":");
}

/// A page's token that was never given is the caller's mistake.
fn token(error: StoreError) -> Error {
    match error {
        StoreError::Invalid(why) => Error::Invalid(why),
        error => error.into(),
    }
}
