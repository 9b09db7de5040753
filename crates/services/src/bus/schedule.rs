//! Rules that wait for a time.

use std::{error::Error as StdError, sync::Arc};

use async_trait::async_trait;
use serde_json::json;
use trainyard_domain::{Arn, Event, Timestamp, event::Way};
use trainyard_lang::schedule::{Refused, Schedule};
use trainyard_store::{Changes, WorkItem};

use super::{Bus, deliver::to_targets, rule::Rule, tally::Count, told::Told};
use crate::{
    ground::uuid_from,
    work::{Outcome, Worker},
};

/// The topic of the next times of rules with a schedule, by the rule's ARN.
pub(super) const SCHEDULES: &str = "schedules";

/// The schedule, checked; otherwise what is wrong with it.
pub(super) fn read(text: &str) -> Result<Schedule, String> {
    text.parse().map_err(|refused: Refused| refused.to_string())
}

/// The wake-up for the rule's next time after `now`, if it has one.
pub(super) fn first(rule: &Rule, now: Timestamp) -> Option<WorkItem> {
    let schedule = read(rule.schedule.as_deref().filter(|_| rule.enabled)?).ok()?;
    let due = Timestamp(schedule.next(rule.since.millis(), now.millis())?);
    let body = json!({"scope": rule.scope, "bus": rule.bus, "name": rule.name});
    Some(WorkItem::at(SCHEDULES, rule.arn().to_string(), due, body.to_string()))
}

impl Rule {
    /// The times after `now` at which its targets are told; none without a schedule, or while it is disabled.
    pub fn times(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        let schedule = self.schedule.as_deref().filter(|_| self.enabled).and_then(|text| read(text).ok());
        let next = move |after: &Timestamp| {
            schedule.as_ref()?.next(self.since.millis(), after.millis()).map(Timestamp)
        };
        std::iter::successors(Some(now), next).skip(1)
    }
}

#[derive(serde::Deserialize)]
struct Which {
    scope: trainyard_domain::Scope,
    bus: String,
    name: String,
}

/// Tells "Scheduled Event" to the rule's own targets when its time has come. Times that were missed while the server
/// was down are told once.
pub(super) struct Clockwork(pub(super) Bus);

#[async_trait]
impl Worker for Clockwork {
    const TOPIC: &'static str = SCHEDULES;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn StdError + Send + Sync>> {
        let Which { scope, bus, name } = serde_json::from_str(&item.body)?;
        let rule = match self.0.held(&scope, Some(&bus), &name).await {
            Ok(held) => held.value,
            Err(super::Error::NoRule { .. } | super::Error::NoBus(_)) => {
                return Ok(Outcome::Finished(Changes::new()));
            }
            Err(error) => return Err(error.into()),
        };
        let mut changes = Changes::new();
        if !rule.enabled || rule.schedule.is_none() {
            return Ok(Outcome::Finished(changes));
        }
        let ground = &self.0.ground;
        let told = Told::new(Arc::new(scheduled_event(&rule, &rule.arn(), item.due)))?;
        to_targets(&mut changes, ground, &rule, &told)?;
        // The last time of all has none after it, and is a time all the same.
        if let Some(next) = first(&rule, ground.now().max(item.due)) {
            // It is put in place of this one: finishing this one leaves it.
            changes.schedule(next);
        }
        changes.finish(item);
        ground.store.commit(changes).await?;
        self.0.tallies.count(&rule.arn(), Count::Matched);
        Ok(Outcome::Settled)
    }
}

/// The event of one time of the rule: its id follows from both, so a crash tells no second one.
fn scheduled_event(rule: &Rule, arn: &Arn, due: Timestamp) -> Event {
    Event {
        id: uuid_from(&[&arn.to_string(), &due.millis().to_string()]),
        scope: rule.scope.clone(),
        bus: rule.bus.clone(),
        time: due,
        source: "aws.events".to_owned(),
        detail_type: "Scheduled Event".to_owned(),
        way: Way::default(),
        resources: vec![arn.to_string()],
        detail: json!({}),
    }
}
