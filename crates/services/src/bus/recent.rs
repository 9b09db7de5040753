//! The last events of each bus, to be looked at, and those that come just now.
//!
//! An event is remembered in the commit in which it is matched, which is the one in which it leaves the outbox
//! ([`EVENTS`](super::EVENTS)) if it was there: so it is remembered once. All that is committed at that moment is one row
//! of its bus's trail.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use trainyard_domain::{Event, Scope, Timestamp, event::DEFAULT_BUS};
use trainyard_store::{Changes, Error as StoreError, Keys, Noun, Trail};

use super::{Bus, Error, EventBus, past::Past, told::Told};

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

/// What the names of all buses' trails begin with.
const TRAILS: &str = "recent-events/";

/// An event that was told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recent<E = Arc<Event>> {
    /// Which one it is: unique in the server.
    pub number: u64,
    /// When it was told.
    pub at: Timestamp,
    /// What was told.
    pub event: E,
}

/// A bus among all.
pub(super) fn place(scope: &Scope, bus: &str) -> String {
    format!("{scope}/{bus}")
}

/// The trail of a bus's last events.
pub(super) fn trail(place: &str) -> String {
    format!("{TRAILS}{place}")
}

/// An event as it was remembered once, in a document of its own: all of them go.
#[derive(Serialize, Deserialize)]
struct Earlier {}

impl Noun for Earlier {
    const KIND: &'static str = "recent-event";

    fn scope(&self) -> String {
        String::new()
    }

    fn id(&self) -> String {
        String::new()
    }

    fn keys(&self, _: &mut Keys) {}
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
    pub(super) fn remember(&self, changes: &mut Changes, told: Told) -> Result<Arc<Recent>, StoreError> {
        let at = self.ground.now();
        let (number, Told { event, kept, .. }) = (self.memory.number(at), told);
        if self.memory.most > 0 {
            let record: Recent<&RawValue> = Recent { number, at, event: &kept };
            changes.leave(&trail(&place(event.owner(), &event.bus)), &record)?;
        }
        Ok(Arc::new(Recent { number, at, event }))
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
        let from = after.map_or(Ok(u64::MAX), |token| {
            let never =
                |_| Error::Invalid("the token for the next page is not one that was given".to_owned());
            token.parse().map_err(never)
        })?;
        let (page, next) = self.past(&place(scope, &bus)).back(from, (since, limit)).await?;
        Ok((page.into_iter().map(|(_, recent)| recent).collect(), next.map(|next| next.to_string())))
    }

    /// What is remembered of the bus at that place.
    pub(super) fn past(&self, place: &str) -> Past {
        Past::new(&self.ground.store, place, self.memory.most)
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
                if let Err(error) = self.forget_earlier().await {
                    tracing::warn!(%error, "events that were remembered earlier are still there");
                }
            }
            if stop.run_until_cancelled(tokio::time::sleep(SWEEP)).await.is_none() {
                break;
            }
        }
        self.memory.over.cancel();
    }

    /// `looked`: how each trail was when it was looked at.
    pub(super) async fn forget_once(&self, looked: &mut HashMap<String, Trail>) -> Result<(), Error> {
        let store = &self.ground.store;
        let trails = store.trails(TRAILS).await?;
        looked.retain(|name, _| trails.iter().any(|trail| trail.name == *name));
        for trail in trails {
            if looked.get(&trail.name) == Some(&trail) {
                continue;
            }
            let place = trail.name.strip_prefix(TRAILS).unwrap_or_default();
            // The clock may have been set back before this start.
            let (last, _) = self.past(place).back(u64::MAX, (None, 1)).await?;
            for (_, last) in last {
                self.memory.last.fetch_max(last.number, Ordering::Relaxed);
            }
            // What was being matched when the bus was removed is nobody's.
            let before = match self.memory.most > 0 && self.has_bus(place).await? {
                true => store.surplus(&trail.name, (self.memory.most, MOST_BYTES)).await?,
                false => Some(u64::MAX),
            };
            if let Some(before) = before {
                let mut changes = Changes::new();
                changes.shorten(&trail.name, before);
                store.commit(changes).await?;
            }
            looked.insert(trail.name.clone(), trail);
        }
        Ok(())
    }

    /// Lets go of what was remembered in the earlier form.
    pub(super) async fn forget_earlier(&self) -> Result<(), Error> {
        for place in self.ground.store.scopes::<Earlier>().await? {
            let mut changes = Changes::new();
            // Numbers are before it, all of them.
            changes.trim::<Earlier>(&place, ":");
            self.ground.store.commit(changes).await?;
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
    changes.shorten(&trail(place), u64::MAX);
}
