//! Events of the last time are told again, with the mark of a replay: rules see them once more, and nobody else.
//!
//! An archive keeps events as long as its owner wants, and has replays of its own; this is for what happened just now.

use std::collections::{BTreeSet, HashSet};

use serde::{Deserialize, Serialize};
use trainyard_domain::{
    Event, Principal, Scope, Timestamp,
    event::{Replay, Way},
};
use trainyard_store::{Changes, Error as StoreError, Expect, Held, Keys, Noun};

use super::{Bus, Error, Recent, matching::Fits, once, recent::place, route, tell};
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
    /// What the replay is called: rules see it as `replay-name`. The same one does nothing twice within 72 hours.
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

/// So many are read, and told in one commit, at most.
const AT_ONCE: usize = 100;

/// An event and its place in the bus's trail.
type Placed = (u64, Recent);

/// How far a replay of this kind has come. The events of one commit are told with this beside them: so a call that is
/// made again goes on where the first was cut off, and two at the same time tell each event once.
#[derive(Serialize, Deserialize)]
pub(super) struct Retold {
    /// The bus, as the store knows its last events.
    place: String,
    name: String,
    /// When it began.
    at: Timestamp,
    /// The last event that was told, by its place in the bus's trail.
    reached: u64,
    /// The last event that is to be told.
    last: u64,
    /// How many there are.
    count: usize,
}

impl Noun for Retold {
    const KIND: &'static str = "events-retold";

    fn scope(&self) -> String {
        self.place.clone()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add_number(once::AT, self.at.millis());
    }
}

impl Bus {
    /// Tells them again, the oldest first. What a replay had told is not told again. When it returns, they are on disk.
    /// With a name that was used within 72 hours on this bus it tells what was left out when that was cut off, and
    /// otherwise nothing.
    pub async fn tell_again(&self, scope: &Scope, by: &Principal, spec: AgainSpec) -> Result<Again, Error> {
        if spec.ids.is_empty() && spec.since.is_none() {
            return Err(Error::Invalid("say which events: by their ids, or since when".to_owned()));
        }
        let name = spec.name.clone().unwrap_or_else(|| format!("recent-{}", self.ground.uuid()));
        let bus = self.describe_bus(scope, spec.bus.as_deref()).await?;
        let (place, mut events) = (place(scope, &bus.name), None);
        loop {
            let held = self.ground.store.get::<Retold>(&place, &name).await?;
            if let Some(over) = held.as_ref().filter(|held| held.value.reached >= held.value.last) {
                return Ok(Again { name, count: over.value.count });
            }
            if events.is_none() {
                events = Some(self.wanted(&place, &spec).await?);
            }
            let events = events.as_deref().unwrap_or_default();
            let (expect, retold) = match held {
                Some(Held { version, value }) => (Expect::Version(version), value),
                None => (Expect::Absent, self.begun((&place, &name), events)),
            };
            let from = events.partition_point(|(at, _)| *at <= retold.reached);
            let until = events.partition_point(|(at, _)| *at <= retold.last);
            if from >= until {
                return Ok(Again { name, count: retold.count });
            }
            let mut changes = retold_in(&events[from..until], retold, expect)?;
            if expect == Expect::Absent {
                audit::note(&mut changes, &self.ground, by, "trainyard:ReplayEvents", bus.arn())?;
            }
            match self.ground.store.commit(changes).await {
                // Somebody else tells the same at this moment: how far that has come is looked at again.
                Ok(()) | Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn begun(&self, (place, name): (&str, &str), events: &[Placed]) -> Retold {
        Retold {
            place: place.to_owned(),
            name: name.to_owned(),
            at: self.ground.now(),
            reached: 0,
            last: events.last().map_or(0, |(at, _)| *at),
            count: events.len(),
        }
    }

    /// The events, the oldest first, each once.
    async fn wanted(&self, place: &str, spec: &AgainSpec) -> Result<Vec<Placed>, Error> {
        let mut pattern = spec.pattern.as_deref().map(Fits::new).transpose()?;
        let (mut missing, mut seen) = (spec.ids.clone(), HashSet::new());
        let mut fits = |(_, recent): &Placed| {
            let event = &recent.event;
            event.way.replay.is_none()
                && (spec.ids.is_empty() || spec.ids.contains(&event.id))
                && pattern.as_mut().is_none_or(|pattern| pattern.takes(event))
                && seen.insert(event.telling())
        };
        let (mut found, mut from, past) = (Vec::new(), Some(u64::MAX), self.past(place));
        while let Some(at) = from.filter(|_| spec.ids.is_empty() || !missing.is_empty()) {
            let (page, next) = past.back(at, (spec.since, AT_ONCE)).await?;
            for placed in page.into_iter().filter(&mut fits) {
                missing.remove(&placed.1.event.id);
                found.push(placed);
            }
            from = next;
        }
        if let Some(id) = missing.first() {
            return Err(Error::Invalid(format!(
                "the event {id} is none of the last ones of the bus that are wanted"
            )));
        }
        found.reverse();
        Ok(found)
    }
}

/// What tells the first of the events, and that they are told.
fn retold_in(events: &[Placed], mut retold: Retold, expect: Expect) -> Result<Changes, Error> {
    let mut changes = Changes::new();
    for (at, recent) in events.iter().take(AT_ONCE) {
        let replay = Some(Replay { name: retold.name.clone(), rules: Vec::new() });
        let mut event = Event::clone(&recent.event);
        event.way = Way { replay, ..event.way };
        tell(&mut changes, &event)?;
        retold.reached = *at;
        if changes.bytes() >= route::AT_ONCE {
            break;
        }
    }
    changes.put(&retold, expect)?;
    Ok(changes)
}
