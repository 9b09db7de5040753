//! The bus's loops: events to rules and listeners, news to listeners, and those of the files beside this one.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use trainyard_domain::Event;
use trainyard_store::{Changes, WorkItem};

use super::{
    Bus, EVENTS, Error, Recent,
    archives::Sweeper,
    dead::Undertaker,
    deliver::{Postman, to_targets},
    replays::Replayer,
    rule::Rule,
    schedule::Clockwork,
    tally::Count,
};
use crate::work::{self, Outcome, Trouble, Worker};

/// The topic of news for listeners; each of them has a lane.
const NEWS: &str = "news";

impl Bus {
    /// Runs the bus's loops until `stop`.
    pub async fn watch(&self, stop: CancellationToken) {
        let ground = || self.ground.clone();
        let events = work::run(ground(), Arc::new(Matcher(self.clone())), stop.clone());
        let deliveries = work::run(ground(), Arc::new(Postman(self.clone())), stop.clone());
        let letters = work::run(ground(), Arc::new(Undertaker(self.clone())), stop.clone());
        let news = work::run(ground(), Arc::new(Crier(self.clone())), stop.clone());
        let schedules = work::run(ground(), Arc::new(Clockwork(self.clone())), stop.clone());
        let archives = work::run(ground(), Arc::new(Sweeper(self.clone())), stop.clone());
        let replays = work::run(ground(), Arc::new(Replayer(self.clone())), stop.clone());
        // At the end they know what the loops have done last.
        let ended = CancellationToken::new();
        let loops = async {
            futures::join!(events, deliveries, letters, news, schedules, archives, replays);
            ended.cancel();
        };
        futures::join!(loops, self.keep_tallies(ended.clone()), self.forget(stop));
    }

    /// Puts what follows from an event into the changes: deliveries for the rules that it matches, news for listeners,
    /// and that it is remembered.
    pub(super) async fn route(&self, changes: &mut Changes, event: &Event) -> Result<Routed, Error> {
        let place = (event.owner().clone(), event.bus.clone());
        let rules = self.rulebook.rules(&self.ground.store, &place).await?;
        let rules = self.rulebook.matching(&rules, &event.envelope().to_string());
        for rule in &rules {
            to_targets(changes, &self.ground, rule, event)?;
        }
        for listener in self.listeners().iter().filter(|listener| event.is_news() && listener.wants(event)) {
            let name = listener.name();
            let news = News { listener: name.to_owned(), event: event.clone() };
            let body = serde_json::to_string(&news)
                .map_err(|e| trainyard_store::Error::Internal(format!("news cannot be written: {e}")))?;
            changes.schedule(WorkItem::now(NEWS, format!("{}/{name}", event.id), body).in_lane(name));
        }
        Ok(Routed { rules, recent: self.remember(changes, event)? })
    }

    /// What follows from an event is on disk: its rules count it, and whoever looks on sees it.
    pub(super) fn routed(&self, Routed { rules, recent }: Routed) {
        rules.iter().for_each(|rule| self.tallies.count(&rule.arn(), Count::Matched));
        self.show(recent);
    }
}

/// An event and the rules that it matches.
pub(super) struct Routed {
    rules: Vec<Arc<Rule>>,
    recent: Arc<Recent>,
}

/// Matches events with rules and listeners.
struct Matcher(Bus);

#[async_trait]
impl Worker for Matcher {
    const TOPIC: &'static str = EVENTS;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Trouble> {
        let mut changes = Changes::new();
        let event: Event = match serde_json::from_str(&item.body) {
            Ok(event) => event,
            Err(error) => {
                tracing::error!(id = item.id, %error, "an event that cannot be read is put aside");
                return Ok(Outcome::Finished(changes));
            }
        };
        // The event is on disk already: in the outbox, and from this commit on among the last ones.
        let routed = self.0.route(&mut changes, &event).await?;
        self.0.routed(routed);
        Ok(Outcome::Finished(changes))
    }
}

#[derive(Serialize, Deserialize)]
struct News {
    listener: String,
    event: Event,
}

/// Brings news to listeners, again and again until they have heard it.
struct Crier(Bus);

#[async_trait]
impl Worker for Crier {
    const TOPIC: &'static str = NEWS;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Trouble> {
        let news: News = match serde_json::from_str(&item.body) {
            Ok(news) => news,
            Err(error) => {
                tracing::error!(id = item.id, %error, "news that cannot be read is put aside");
                return Ok(Outcome::Finished(Changes::new()));
            }
        };
        match self.0.listeners().iter().find(|listener| listener.name() == news.listener) {
            Some(listener) => listener.hear(&news.event).await?,
            None => tracing::warn!(listener = news.listener, "nobody of this name listens any more"),
        }
        Ok(Outcome::Finished(Changes::new()))
    }
}
