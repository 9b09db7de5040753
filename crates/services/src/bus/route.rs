//! What follows from an event: deliveries for the rules that it matches, news for listeners, and that it is remembered.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use trainyard_domain::Event;
use trainyard_store::{Changes, Error as StoreError, WorkItem};

use super::{Bus, Error, Recent, deliver::to_targets, rule::Rule, tally::Count, told::Told};
use crate::ground::Ground;

/// The topic of news for listeners; each of them has a lane.
pub(super) const NEWS: &str = "news";
/// About so many bytes are committed at a time. A large event that many rules wait for becomes much more than that, and
/// is never in memory as a whole.
pub(super) const AT_ONCE: usize = 4 << 20;

/// News for a listener.
#[derive(Serialize, Deserialize)]
pub(super) struct News<E = Event> {
    pub(super) listener: String,
    pub(super) event: E,
}

/// An event and the rules that it matches.
pub(super) struct Matched {
    pub(super) told: Told,
    rules: Vec<Arc<Rule>>,
}

/// An event whose way is known: it is to be committed, and then to be made known by [`Bus::routed`].
pub(super) struct Routed {
    rules: Vec<Arc<Rule>>,
    recent: Arc<Recent>,
}

impl Bus {
    /// Finds the rules that wait for the event, and may have it.
    pub(super) async fn matched(&self, event: Arc<Event>) -> Result<Matched, Error> {
        let place = (event.owner().clone(), event.bus.clone());
        let rules = self.rulebook.rules(&self.ground.store, &place).await?;
        let told = Told::new(event)?;
        let mut rules = self.rulebook.matching(&rules, &told.text);
        if !told.event.is_for_all() {
            rules.retain(|rule| told.event.is_for(&rule.arn().to_string()));
        }
        Ok(Matched { told, rules })
    }

    /// Puts into the changes what follows from an event beside what its rules do with it: news for listeners, and that
    /// it is remembered.
    pub(super) fn route(&self, changes: &mut Changes, matched: Matched) -> Result<Routed, Error> {
        let Matched { told, rules } = matched;
        let event = &told.event;
        for listener in self.listeners().iter().filter(|listener| event.is_news() && listener.wants(event)) {
            let name = listener.name();
            let news: News<&RawValue> = News { listener: name.to_owned(), event: &told.kept };
            let body = serde_json::to_string(&news)
                .map_err(|e| StoreError::Internal(format!("news cannot be written: {e}")))?;
            changes.schedule(WorkItem::now(NEWS, format!("{}/{name}", event.id), body).in_lane(name));
        }
        Ok(Routed { rules, recent: self.remember(changes, told)? })
    }

    /// What follows from an event is on disk: its rules count it, and whoever looks on sees it.
    pub(super) fn routed(&self, Routed { rules, recent }: Routed) {
        rules.iter().for_each(|rule| self.tallies.count(&rule.arn(), Count::Matched));
        self.show(recent);
    }
}

impl Matched {
    /// What its rules do with the event, from the rule at `from` on, as much of it as is committed at once; and where
    /// the rest begins, if there is one.
    pub(super) fn follow(
        &self,
        ground: &Ground,
        from: usize,
    ) -> Result<(Changes, Option<usize>), StoreError> {
        let mut changes = Changes::new();
        for (at, rule) in self.rules.iter().enumerate().skip(from) {
            to_targets(&mut changes, ground, rule, &self.told)?;
            if changes.bytes() >= AT_ONCE && at + 1 < self.rules.len() {
                return Ok((changes, Some(at + 1)));
            }
        }
        Ok((changes, None))
    }
}
