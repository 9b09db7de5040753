//! The bus's loops: events to rules and listeners, deliveries to targets, news to listeners, schedules.

use std::{error::Error as StdError, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use trainyard_domain::{Event, Principal, Timestamp};
use trainyard_store::{Changes, Error as StoreError, WorkItem};

use super::{
    Bus, Delivery, DeliveryError, EVENTS,
    rule::{Patience, Rule},
    schedule::Clockwork,
};
use crate::{
    audit,
    ground::{Ground, uuid_from},
    work::{self, Outcome, Worker},
};

/// The topic of deliveries to targets, by [`Delivery::id`].
const DELIVERIES: &str = "deliveries";
/// The topic of news for listeners.
const NEWS: &str = "news";

type Trouble = Box<dyn StdError + Send + Sync>;

impl Bus {
    /// Runs the bus's loops until `stop`.
    pub async fn watch(&self, stop: CancellationToken) {
        let ground = || self.ground.clone();
        let events = work::run(ground(), Arc::new(Matcher(self.clone())), stop.clone());
        let deliveries = work::run(ground(), Arc::new(Postman(self.clone())), stop.clone());
        let news = work::run(ground(), Arc::new(Crier(self.clone())), stop.clone());
        let schedules = work::run(ground(), Arc::new(Clockwork(self.clone())), stop.clone());
        futures::join!(events, deliveries, news, schedules, self.forget(stop));
    }
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
        // It is on disk: in the outbox, and from this commit on among the last ones.
        self.0.show(self.0.remember(&mut changes, &event)?);
        let place = (event.scope.clone(), event.bus.clone());
        let rules = self.0.rulebook.rules(&self.0.ground.store, &place).await?;
        for rule in rules.matching(&event.envelope().to_string()) {
            to_targets(&mut changes, &self.0.ground, &rule, &event)?;
        }
        for listener in self.0.listeners().iter().filter(|listener| event.is_news() && listener.wants(&event))
        {
            let name = listener.name();
            let body = serde_json::to_string(&News { listener: name.to_owned(), event: event.clone() })?;
            changes.schedule(WorkItem::now(NEWS, format!("{}/{name}", event.id), body));
        }
        Ok(Outcome::Finished(changes))
    }
}

/// Puts one delivery for each target of the rule into the changes. A target whose input cannot be made is passed
/// over with a record: no later attempt would do better.
pub(super) fn to_targets(
    changes: &mut Changes,
    ground: &Ground,
    rule: &Rule,
    event: &Event,
) -> Result<(), StoreError> {
    let arn = rule.arn();
    if !event.is_for(&arn.to_string()) {
        return Ok(());
    }
    for target in &rule.targets {
        let http = target.http.as_ref().map(|http| http.of(event)).transpose();
        let (input, http) = match target.shape.of(event, &arn).and_then(|input| Ok((input, http?))) {
            Ok(made) => made,
            Err(why) => {
                give_up(changes, ground, event, &target.arn.to_string(), &why)?;
                continue;
            }
        };
        let delivery = Delivery {
            id: uuid_from(&[&event.telling(), &arn.to_string(), &target.id]),
            scope: rule.scope.clone(),
            rule: arn.clone(),
            target: target.arn.clone(),
            role: target.role.clone(),
            group: target.group.clone(),
            event: event.clone(),
            input,
            http,
        };
        let id = delivery.id.clone();
        let parcel = Parcel { delivery, patience: target.patience, since: ground.now(), attempts: 0 };
        let body = serde_json::to_string(&parcel).map_err(|e| StoreError::Internal(e.to_string()))?;
        changes.schedule(WorkItem::now(DELIVERIES, id, body));
    }
    Ok(())
}

/// A delivery and how often it was tried.
#[derive(Serialize, Deserialize)]
struct Parcel {
    delivery: Delivery,
    patience: Patience,
    since: Timestamp,
    attempts: u32,
}

/// Delivers to targets.
struct Postman(Bus);

#[async_trait]
impl Worker for Postman {
    const TOPIC: &'static str = DELIVERIES;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Trouble> {
        let parcel: Parcel = match serde_json::from_str(&item.body) {
            Ok(parcel) => parcel,
            Err(error) => {
                tracing::error!(id = item.id, %error, "a delivery that cannot be read is put aside");
                return Ok(Outcome::Finished(Changes::new()));
            }
        };
        let delivered = match self.0.target_for(&parcel.delivery.target) {
            Some(target) => target.deliver(&parcel.delivery).await,
            None => Err(DeliveryError { retry: false, message: "no such kind of target".to_owned() }),
        };
        match delivered {
            Ok(()) => Ok(Outcome::Finished(Changes::new())),
            Err(error) => self.not_delivered(item, parcel, &error).await,
        }
    }
}

impl Postman {
    /// Tries again later, or gives up. The attempts are counted in the store: a restart does not begin anew.
    async fn not_delivered(
        &self,
        item: &WorkItem,
        mut parcel: Parcel,
        error: &DeliveryError,
    ) -> Result<Outcome, Trouble> {
        let ground = &self.0.ground;
        let Patience { retries, seconds } = parcel.patience;
        let due = ground.now().plus(pause(parcel.attempts));
        let end = parcel.since.plus(Duration::from_secs(seconds.into()));
        parcel.attempts += 1;
        let mut changes = Changes::new();
        let Delivery { event, target, .. } = &parcel.delivery;
        if !error.retry || parcel.attempts > retries || due > end {
            give_up(&mut changes, ground, event, &target.to_string(), &error.message)?;
            return Ok(Outcome::Finished(changes));
        }
        tracing::info!(%target, event = event.id, %error, attempts = parcel.attempts, "not delivered, tried again later");
        let body = serde_json::to_string(&parcel)?;
        changes.schedule(WorkItem::at(DELIVERIES, item.id.clone(), due, body));
        ground.store.commit(changes).await?;
        Ok(Outcome::Settled)
    }
}

/// How long after attempt `n` the next one is made: doubling, so that 185 attempts fill a day.
fn pause(attempts: u32) -> Duration {
    Duration::from_millis(500).saturating_mul(1 << attempts.min(10)).min(Duration::from_secs(480))
}

fn give_up(
    changes: &mut Changes,
    ground: &Ground,
    event: &Event,
    target: &str,
    why: &str,
) -> Result<(), StoreError> {
    tracing::warn!(target_arn = target, event = event.id, why, "an event is not delivered and given up");
    let by = Principal::root(&event.scope);
    let why = format!("event {} ({}): {why}", event.id, event.detail_type);
    audit::note_given_up(changes, ground, &by, ("events:Deliver", target), &why)
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
