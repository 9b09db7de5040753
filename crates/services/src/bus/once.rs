//! What was told for a call that may be made again after a crash, so that it is told once.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use trainyard_domain::{Event, Timestamp};
use trainyard_store::{Changes, Error, Expect, Held, Keys, List, Noun, Range, Store};

use super::{Bus, again::Retold};

/// For how long it is known what was told: a server that was down for less tells nothing twice.
pub(super) const KNOWN: Duration = Duration::from_secs(72 * 3600);
/// The index key of what is known for [`KNOWN`], by time.
pub(super) const AT: &str = "at";
/// So many are let go of in one commit.
const PAGE: usize = 1000;

/// An event that was told for such a call.
#[derive(Serialize, Deserialize)]
pub(super) struct Once {
    /// The event's id, which follows from the call.
    event: String,
    at: Timestamp,
}

impl Noun for Once {
    const KIND: &'static str = "event-told";

    fn scope(&self) -> String {
        String::new()
    }

    fn id(&self) -> String {
        self.event.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add_number(AT, self.at.millis());
    }
}

/// Those of the events that are not known to be told.
pub(super) async fn untold(store: &Store, events: &[Arc<Event>]) -> Result<Vec<Arc<Event>>, Error> {
    let ids = events.iter().map(|event| (String::new(), event.id.clone())).collect();
    let known = store.get_all::<Once>(ids).await?;
    let mut untold = Vec::new();
    for (event, known) in events.iter().zip(known) {
        if known?.is_none() {
            untold.push(Arc::clone(event));
        }
    }
    Ok(untold)
}

/// The event is known to be told, in the commit that tells it. Somebody who tells it at the same time is refused.
pub(super) fn know(changes: &mut Changes, event: &Event, at: Timestamp) -> Result<(), Error> {
    changes.put(&Once { event: event.id.clone(), at }, Expect::Absent)?;
    Ok(())
}

impl Bus {
    /// Lets go of what need not be known any longer.
    pub(super) async fn forget_told(&self) -> Result<(), Error> {
        let known = i64::try_from(KNOWN.as_millis()).unwrap_or(i64::MAX);
        let oldest = self.ground.now().millis().saturating_sub(known);
        prune::<Once>(&self.ground.store, oldest).await?;
        prune::<Retold>(&self.ground.store, oldest).await
    }
}

async fn prune<T: Noun>(store: &Store, oldest: i64) -> Result<(), Error> {
    loop {
        let old = List::everywhere().by(AT).within(Range::numbers(None, Some(oldest))).limit(PAGE);
        let items = store.list::<T>(old).await?.items;
        if items.is_empty() {
            return Ok(());
        }
        let mut changes = Changes::new();
        for Held { version, value } in items {
            changes.delete::<T>(&value.scope(), &value.id(), Expect::Version(version));
        }
        store.commit(changes).await?;
    }
}
