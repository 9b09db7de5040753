//! Events of the last time are told again, with the mark of a replay: rules see them once more, and nobody else.
//!
//! An archive keeps events as long as its owner wants, and has replays of its own; this is for what happened just now.

use std::collections::BTreeSet;

use trainyard_domain::{
    Principal, Scope, Timestamp,
    event::{Replay, Way},
};
use trainyard_lang::matcher;
use trainyard_store::Changes;

use super::{Bus, Error, Recent, matching::compile, tell};
use crate::audit;

/// Which events are told again.
#[derive(Clone, Debug, Default)]
pub struct AgainSpec {
    /// The bus, by name or ARN; none means the default one.
    pub bus: Option<String>,
    /// These only, by their ids.
    pub ids: BTreeSet<String>,
    /// Those only that were told then or later.
    pub since: Option<Timestamp>,
    /// Those only that match it.
    pub pattern: Option<String>,
    /// What the replay is called: rules see it as `replay-name`. The same one does nothing twice.
    pub name: Option<String>,
}

/// What was told again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    /// What the replay is called.
    pub name: String,
    /// How many events there were.
    pub count: usize,
}

/// So many are read, and told in one commit.
const AT_ONCE: usize = 100;

impl Bus {
    /// Tells them again, the oldest first. What a replay had told is not told again. When it returns, they are on disk.
    pub async fn tell_again(&self, scope: &Scope, by: &Principal, spec: AgainSpec) -> Result<Again, Error> {
        if spec.ids.is_empty() && spec.since.is_none() {
            return Err(Error::Invalid("say which events: by their ids, or since when".to_owned()));
        }
        let name = spec.name.clone().unwrap_or_else(|| format!("recent-{}", self.ground.uuid()));
        let events = self.wanted(scope, &spec).await?;
        let bus = self.describe_bus(scope, spec.bus.as_deref()).await?.arn();
        for some in events.chunks(AT_ONCE) {
            let mut changes = Changes::new();
            for recent in some {
                let replay = Some(Replay { name: name.clone(), rules: Vec::new() });
                let mut event = recent.event.clone();
                event.way = Way { replay, ..event.way };
                tell(&mut changes, &event)?;
            }
            audit::note(&mut changes, &self.ground, by, "trainyard:ReplayEvents", &bus)?;
            self.ground.store.commit(changes).await?;
        }
        Ok(Again { name, count: events.len() })
    }

    /// The events, the oldest first.
    async fn wanted(&self, scope: &Scope, spec: &AgainSpec) -> Result<Vec<Recent>, Error> {
        let pattern = spec.pattern.as_deref().map(compile).transpose().map_err(Error::Pattern)?;
        let fits = |recent: &Recent| {
            let event = &recent.event;
            event.way.replay.is_none()
                && (spec.ids.is_empty() || spec.ids.contains(&event.id))
                && pattern.as_ref().is_none_or(|pattern| {
                    matcher::matches(pattern, &event.envelope().to_string()).unwrap_or(false)
                })
        };
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let (page, next) = self.recent(scope, spec.bus.as_deref(), (spec.since, AT_ONCE), after).await?;
            found.extend(page.into_iter().filter(fits));
            after = next;
            let all = !spec.ids.is_empty() && found.len() == spec.ids.len();
            if after.is_none() || all {
                break;
            }
        }
        let missing = spec.ids.iter().find(|id| found.iter().all(|recent| recent.event.id != **id));
        if let Some(id) = missing {
            return Err(Error::Invalid(format!(
                "the event {id} is none of the last ones of the bus that are wanted"
            )));
        }
        found.reverse();
        Ok(found)
    }
}
