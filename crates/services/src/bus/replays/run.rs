//! A replay's turns: one page of events each.

use std::{error::Error as StdError, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use trainyard_domain::Scope;
use trainyard_store::{Changes, Expect, Held, List, Noun, Range, WorkItem};

use super::{Replay, ReplayState};
use crate::{
    bus::{
        Archive, Bus, EVENTS,
        archives::{Kept, place},
        route::AT_ONCE,
        tell,
    },
    work::{Outcome, Worker},
};

/// The topic of replays that go on, by scope and name.
const REPLAYS: &str = "replays";
/// What was told just before a replay is in the archive by then. AWS asks its users to wait ten minutes.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html>
const SETTLED: Duration = Duration::from_secs(2);
/// A bus that is never idle holds up a replay for so long.
const PATIENCE: Duration = Duration::from_secs(60);
/// So many events are told in one commit.
const PAGE: usize = 100;
/// While so many wait to be matched, a replay tells no more.
const CROWD: usize = 2 * PAGE;
/// How soon it is looked at again then.
const SOON: Duration = Duration::from_millis(100);

#[derive(Serialize, Deserialize)]
struct Which {
    scope: Scope,
    name: String,
}

/// The first turn.
pub(super) fn first(replay: &Replay) -> WorkItem {
    WorkItem { due: replay.started.plus(SETTLED), ..next(replay) }
}

/// The next turn.
pub(in crate::bus) fn next(replay: &Replay) -> WorkItem {
    let body = serde_json::json!({"scope": replay.scope, "name": replay.name});
    WorkItem::now(REPLAYS, format!("{}/{}", replay.scope, replay.name), body.to_string())
}

/// Tells what is in archives again.
pub(in crate::bus) struct Replayer(pub(in crate::bus) Bus);

#[async_trait]
impl Worker for Replayer {
    const TOPIC: &'static str = REPLAYS;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn StdError + Send + Sync>> {
        let Which { scope, name } = serde_json::from_str(&item.body)?;
        let store = &self.0.ground.store;
        let Some(Held { version, value: mut replay }) =
            store.get::<Replay>(&scope.to_string(), &name).await?
        else {
            return Ok(Outcome::Finished(Changes::new()));
        };
        let mut changes = Changes::new();
        match replay.state {
            ReplayState::Cancelling => replay.end(ReplayState::Cancelled, self.0.ground.now()),
            ReplayState::Starting | ReplayState::Running if self.is_crowded(&replay).await? => {
                return Ok(Outcome::Later(SOON));
            }
            ReplayState::Starting | ReplayState::Running => self.turn(&mut replay, &mut changes).await?,
            ReplayState::Completed | ReplayState::Cancelled | ReplayState::Failed => {
                return Ok(Outcome::Finished(changes));
            }
        }
        // If it was cancelled meanwhile, all of this is refused, and the next turn ends it.
        changes.put(&replay, Expect::Version(version))?;
        Ok(Outcome::Finished(changes))
    }
}

impl Replayer {
    /// Whether the events that wait to be matched come first: all of them before a replay begins, so that they are in
    /// the archive, and later what would make room for more.
    async fn is_crowded(&self, replay: &Replay) -> Result<bool, trainyard_store::Error> {
        let now = self.0.ground.now();
        let most = match replay.state {
            ReplayState::Starting if now.since(replay.started) < PATIENCE => 1,
            _ => CROWD,
        };
        Ok(self.0.ground.store.due(EVENTS, now, most).await?.len() >= most)
    }

    /// Tells the next page of events.
    async fn turn(&self, replay: &mut Replay, changes: &mut Changes) -> Result<(), trainyard_store::Error> {
        let now = self.0.ground.now();
        let (store, scope) = (&self.0.ground.store, replay.scope.to_string());
        let archive = store.get::<Archive>(&scope, replay.archive_name()).await?;
        if archive.is_none_or(|held| held.value.id != replay.archive_id) {
            replay.end(ReplayState::Failed, now);
            replay.reason = Some(format!("Archive {} does not exist.", replay.archive_name()));
            return Ok(());
        }
        let range = Range {
            from: Some(place(replay.from)),
            after: replay.told.clone(),
            before: Some(place(replay.until)),
        };
        let page = List::in_scope(&replay.archive_id).within(range).limit(PAGE);
        let page = store.list::<Kept>(page).await?;
        let mut more = page.next.is_some();
        for Held { value, .. } in page.items {
            if changes.bytes() >= AT_ONCE {
                more = true;
                break;
            }
            replay.told = Some(value.id());
            replay.last = Some(value.event.time);
            tell(changes, &replay.again(Arc::unwrap_or_clone(value.event)))?;
        }
        replay.state = ReplayState::Running;
        if more {
            changes.schedule(next(replay));
        } else {
            replay.end(ReplayState::Completed, now);
        }
        Ok(())
    }
}
