//! Letting go of what an archive need not keep any longer, and of all that was in one that is gone.

use std::{error::Error as StdError, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use trainyard_domain::{Scope, Timestamp};
use trainyard_store::{Changes, Error, Expect, Held, List, Noun, Range, WorkItem};

use super::{Archive, Kept, place};
use crate::{
    bus::Bus,
    work::{Outcome, Worker},
};

/// The topic of archives to be swept, by their ids.
const ARCHIVES: &str = "archives";
/// An archive is looked at so often.
const EVERY: Duration = Duration::from_secs(3600);
/// What was being matched when an archive was removed is in it by then.
const SETTLED: Duration = Duration::from_secs(10);
const DAY: i64 = 24 * 3600 * 1000;
/// So many events are let go of in one commit.
const PAGE: usize = 500;

#[derive(Serialize, Deserialize)]
struct Which {
    scope: Scope,
    name: String,
}

/// The first look at an archive that is new, or has changed.
pub(super) fn first(archive: &Archive, now: Timestamp) -> WorkItem {
    item(archive, now)
}

/// The look at an archive that is gone.
pub(super) fn last(archive: &Archive, now: Timestamp) -> WorkItem {
    item(archive, now.plus(SETTLED))
}

fn item(archive: &Archive, due: Timestamp) -> WorkItem {
    let body = serde_json::json!({"scope": archive.scope, "name": archive.name});
    WorkItem::at(ARCHIVES, archive.id.clone(), due, body.to_string())
}

/// Sweeps archives.
pub(in crate::bus) struct Sweeper(pub(in crate::bus) Bus);

#[async_trait]
impl Worker for Sweeper {
    const TOPIC: &'static str = ARCHIVES;
    const WIDTH: usize = 2;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn StdError + Send + Sync>> {
        let Which { scope, name } = serde_json::from_str(&item.body)?;
        let held = self.0.ground.store.get::<Archive>(&scope.to_string(), &name).await?;
        let mut changes = Changes::new();
        match held.map(|held| held.value).filter(|archive| archive.id == item.id) {
            None => self.sweep(&item.id, Range::default(), |_| true).await?,
            Some(archive) if archive.retention_days > 0 => {
                self.old(&archive).await?;
                changes.schedule(super::sweep::item(&archive, self.0.ground.now().plus(EVERY)));
            }
            Some(_) => {}
        }
        Ok(Outcome::Finished(changes))
    }
}

impl Sweeper {
    /// Lets go of events that have been here for too long. Mostly an event is kept as soon as it happens, and the
    /// oldest come first; one from long ago or from days to come is not older than its keeping.
    async fn old(&self, archive: &Archive) -> Result<(), Error> {
        let now = self.0.ground.now();
        let kept = DAY.saturating_mul(archive.retention_days.into());
        let end = Timestamp(now.millis().saturating_sub(kept));
        let past = Range { before: Some(place(end)), ..Range::default() };
        let future = Range { after: Some(place(now)), ..Range::default() };
        for range in [past, future] {
            self.sweep(&archive.id, range, |event| event.since < end).await?;
        }
        Ok(())
    }

    async fn sweep(&self, archive: &str, range: Range, over: impl Fn(&Kept) -> bool) -> Result<(), Error> {
        let store = &self.0.ground.store;
        let mut after = None;
        loop {
            let list = List::in_scope(archive).within(range.clone()).limit(PAGE).after(after);
            let page = store.list::<Kept>(list).await?;
            let mut changes = Changes::new();
            for Held { version, value } in page.items.iter().filter(|held| over(&held.value)) {
                changes.delete::<Kept>(archive, &value.id(), Expect::Version(*version));
            }
            store.commit(changes).await?;
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}
