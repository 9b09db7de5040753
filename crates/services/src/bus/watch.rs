//! The bus's loops: events to rules and listeners, news to listeners, and those of the files beside this one.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use trainyard_domain::Event;
use trainyard_store::{Changes, WorkItem};

use super::{
    Bus, EVENTS,
    archives::Sweeper,
    dead::Undertaker,
    deliver::Postman,
    replays::Replayer,
    route::{AT_ONCE, NEWS, News},
    schedule::Clockwork,
};
use crate::work::{self, Hands, Outcome, Trouble, Worker};

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
}

/// So many events are matched in one commit, at most.
const TOGETHER: usize = 64;

/// Matches events with rules and listeners.
pub(super) struct Matcher(pub(super) Bus);

#[async_trait]
impl Worker for Matcher {
    const TOPIC: &'static str = EVENTS;

    fn hands(&self, _: &str) -> Hands {
        // One hand matches the next events while the other waits for the disk.
        Hands { most: 2, handful: TOGETHER }
    }

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Trouble> {
        let (bus, ground) = (&self.0, &self.0.ground);
        let event: Event = match serde_json::from_str(&item.body) {
            Ok(event) => event,
            Err(error) => return Ok(bus.put_aside(item, "events:PutEvents", &error)),
        };
        let matched = bus.matched(Arc::new(event)).await?;
        let (mut changes, mut rest) = matched.follow(ground, 0)?;
        // After a crash between two of these commits they are made again: a delivery is known by its id.
        while let Some(from) = rest {
            ground.store.commit(std::mem::take(&mut changes)).await?;
            (changes, rest) = matched.follow(ground, from)?;
        }
        let routed = bus.route(&mut changes, matched)?;
        changes.finish(item);
        // Whoever looks on reads what is on disk first: an event is shown when it is there, and once.
        ground.store.commit(changes).await?;
        bus.routed(routed);
        Ok(Outcome::Settled)
    }

    async fn work_together(&self, items: &[WorkItem]) -> Vec<Result<Outcome, Trouble>> {
        if items.len() > 1 && self.all_of(items).await.unwrap_or(false) {
            return items.iter().map(|_| Ok(Outcome::Settled)).collect();
        }
        futures::future::join_all(items.iter().map(|item| self.work(item))).await
    }
}

impl Matcher {
    /// Matches all of them in one commit, and says whether that could be done. Where one cannot be read, or is too much,
    /// each is matched by itself.
    async fn all_of(&self, items: &[WorkItem]) -> Result<bool, Trouble> {
        let (bus, ground) = (&self.0, &self.0.ground);
        let (mut changes, mut routed, mut bytes) = (Changes::new(), Vec::with_capacity(items.len()), 0);
        for item in items {
            let event: Event = serde_json::from_str(&item.body)?;
            let matched = bus.matched(Arc::new(event)).await?;
            let (mut follows, rest) = matched.follow(ground, 0)?;
            routed.push(bus.route(&mut follows, matched)?);
            bytes += follows.bytes();
            if rest.is_some() || bytes > AT_ONCE {
                return Ok(false);
            }
            follows.finish(item);
            changes.merge(follows);
        }
        ground.store.commit(changes).await?;
        routed.into_iter().for_each(|routed| bus.routed(routed));
        Ok(true)
    }
}

/// Brings news to listeners, again and again until they have heard it.
struct Crier(Bus);

#[async_trait]
impl Worker for Crier {
    const TOPIC: &'static str = NEWS;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Trouble> {
        let news: News = match serde_json::from_str(&item.body) {
            Ok(news) => news,
            Err(error) => return Ok(self.0.put_aside(item, "events:Deliver", &error)),
        };
        match self.0.listeners().iter().find(|listener| listener.name() == news.listener) {
            Some(listener) => listener.hear(&news.event).await?,
            None => tracing::warn!(listener = news.listener, "nobody of this name listens any more"),
        }
        Ok(Outcome::Finished(Changes::new()))
    }
}
