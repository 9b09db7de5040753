//! Deliveries on their way to targets. Each target has a lane: what is on its way to one waits in the store and keeps
//! no other waiting.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trainyard_domain::{Arn, Event, Timestamp};
use trainyard_store::{Changes, Error as StoreError, WorkItem};

use super::{
    Bus, Delivery, DeliveryError, ErrorCode, HttpParameters, Patience, RuleTarget, archives::keep,
    dead::Lost, rule::Rule, tally::Count, told::Told,
};
use crate::{
    given_up::GivenUp,
    ground::{Ground, uuid_from},
    patience::{Exhausted, Failed, Next},
    work::{Hands, Outcome, Trouble, Worker},
};

/// The topic of deliveries to targets, by [`Delivery::id`]; each target has a lane.
pub(super) const DELIVERIES: &str = "deliveries";
/// How soon is looked again at what cannot be written down just now.
pub(super) const SOON: Duration = Duration::from_secs(1);

/// A delivery and how often it was tried.
#[derive(Serialize, Deserialize)]
struct Parcel<E = Event> {
    delivery: Delivery<E>,
    patience: Patience,
    /// Where the dead letter goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    letters: Option<Arn>,
    since: Timestamp,
    attempts: u32,
    /// What the last attempt has come to: code and message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failed: Option<(String, String)>,
}

/// Puts what a rule does with an event into the changes: an archive's rule keeps it, of any other each target gets a
/// delivery. A target whose input cannot be made is given up at once: no later attempt would do better.
pub(super) fn to_targets(
    changes: &mut Changes,
    ground: &Ground,
    rule: &Rule,
    told: &Told,
) -> Result<(), StoreError> {
    if let Some(archive) = &rule.archive {
        return keep(changes, archive, &told.event, ground.now());
    }
    let (arn, telling) = (rule.arn(), told.event.telling());
    let arn_text = arn.to_string();
    for target in &rule.targets {
        let id = uuid_from(&[&telling, &arn_text, &target.id]);
        let (input, http) = match made(target, told, &arn) {
            Ok(made) => made,
            Err(message) => {
                let lost = Lost { id: &id, rule: &arn, event: &told.event, letters: target.letters.as_ref() };
                let code = ErrorCode::InvalidParameter.as_str().to_owned();
                let target = target.arn.to_string();
                let given_up = GivenUp { target, code, message, exhausted: None, retries: 0 };
                lost.give_up(changes, ground, given_up)?;
                continue;
            }
        };
        let delivery = Delivery {
            id,
            scope: rule.scope.clone(),
            rule: arn.clone(),
            target: target.arn.clone(),
            role: target.role.clone(),
            group: target.group.clone(),
            event: &*told.kept,
            input,
            http,
        };
        let letters = target.letters.clone();
        let (patience, since) = (target.patience, ground.now());
        let parcel = Parcel { delivery, patience, letters, since, attempts: 0, failed: None };
        changes.schedule(parcel.item(since)?);
    }
    Ok(())
}

/// What the target is given of the event, unless that is its envelope, and what it adds to a request.
fn made(
    target: &RuleTarget,
    told: &Told,
    rule: &Arn,
) -> Result<(Option<Value>, Option<HttpParameters>), String> {
    let input = if target.shape.is_whole() { None } else { Some(target.shape.of(told, rule)?) };
    let http = target.http.as_ref().map(|http| http.of(told.envelope())).transpose()?;
    Ok((input, http))
}

impl<E: Serialize> Parcel<E> {
    fn item(&self, at: Timestamp) -> Result<WorkItem, StoreError> {
        let body = serde_json::to_string(self).map_err(|e| StoreError::Internal(e.to_string()))?;
        let Delivery { id, target, .. } = &self.delivery;
        Ok(WorkItem::at(DELIVERIES, id.clone(), at, body).in_lane(target.to_string()))
    }
}

impl Parcel {
    /// The last attempt has failed, or there was no time for another.
    fn give_up(&self, ground: &Ground, exhausted: Option<Exhausted>) -> Result<Changes, StoreError> {
        let Delivery { id, rule, event, target, .. } = &self.delivery;
        let lost = Lost { id, rule, event, letters: self.letters.as_ref() };
        let waited = || {
            let message = "there were too many before it, or the server was down".to_owned();
            (ErrorCode::Throttling.as_str().to_owned(), message)
        };
        let (code, message) = self.failed.clone().unwrap_or_else(waited);
        let given_up = GivenUp {
            target: target.to_string(),
            code,
            message,
            exhausted: exhausted.map(|which| which.as_str().to_owned()),
            retries: self.attempts.saturating_sub(1),
        };
        let mut changes = Changes::new();
        lost.give_up(&mut changes, ground, given_up)?;
        Ok(changes)
    }
}

/// Delivers to targets.
pub(super) struct Postman(pub(super) Bus);

#[async_trait]
impl Worker for Postman {
    const TOPIC: &'static str = DELIVERIES;
    // Most of a delivery is waiting for somebody else.
    const WIDTH: usize = 32;

    fn hands(&self, lane: &str) -> Hands {
        let together = lane.parse().ok().and_then(|arn| Some(self.0.target_for(&arn)?.together()));
        match together.unwrap_or(1) {
            1 => Hands { most: Self::WIDTH, handful: 1 },
            // One hand gets the next ready while the other waits for the disk.
            handful => Hands { most: 2, handful },
        }
    }

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Trouble> {
        let mut outcomes = self.work_together(std::slice::from_ref(item)).await;
        outcomes.pop().unwrap_or(Ok(Outcome::Later(Duration::ZERO)))
    }

    async fn work_together(&self, items: &[WorkItem]) -> Vec<Result<Outcome, Trouble>> {
        let mut parcels: Vec<Result<Parcel, Outcome>> = items.iter().map(|item| self.opened(item)).collect();
        let target = parcels.iter().flatten().next().map(|parcel| parcel.delivery.target.clone());
        let several = items.iter().zip(&parcels).filter_map(|(item, parcel)| {
            let mut done = Changes::new();
            done.finish(item);
            Some((&parcel.as_ref().ok()?.delivery, done))
        });
        let several: Vec<_> = several.collect();
        let delivered = match target.as_ref().and_then(|target| self.0.target_for(target)) {
            Some(target) => target.deliver_all(several).await,
            None => {
                let none = |_| Err(DeliveryError::lasting(ErrorCode::NoResource, "no such kind of target"));
                several.into_iter().map(none).collect()
            }
        };
        let mut delivered = delivered.into_iter();
        let mut outcomes = Vec::with_capacity(items.len());
        for parcel in parcels.drain(..) {
            outcomes.push(match parcel {
                Err(outcome) => Ok(outcome),
                Ok(parcel) => match delivered.next() {
                    Some(Ok(left)) => Ok(self.delivered(&parcel, left)),
                    Some(Err(error)) => self.not_delivered(parcel, error),
                    None => Err("the target has said nothing of it".into()),
                },
            });
        }
        outcomes
    }
}

impl Postman {
    /// The parcel, if it is still to be delivered; otherwise what becomes of it.
    fn opened(&self, item: &WorkItem) -> Result<Parcel, Outcome> {
        // What cannot be written down is looked at again.
        let over = |over: Result<Changes, StoreError>| over.map_or(Outcome::Later(SOON), Outcome::Finished);
        let parcel: Parcel =
            serde_json::from_str(&item.body).map_err(|error| over(self.0.unread_delivery(item, &error)))?;
        if self.0.ground.now() <= parcel.patience.end(parcel.since) {
            return Ok(parcel);
        }
        self.0.tallies.count(&parcel.delivery.rule, Count::Failed);
        Err(over(parcel.give_up(&self.0.ground, Some(Exhausted::Age))))
    }

    fn delivered(&self, parcel: &Parcel, left: Changes) -> Outcome {
        self.0.tallies.count(&parcel.delivery.rule, Count::Invoked);
        if left.is_empty() { Outcome::Settled } else { Outcome::Finished(left) }
    }

    /// Tries again later, or gives up. The attempts are counted in the store: a restart does not begin anew.
    fn not_delivered(&self, mut parcel: Parcel, error: DeliveryError) -> Result<Outcome, Trouble> {
        let (rule, tallies) = (&parcel.delivery.rule, &self.0.tallies);
        let (code, message, retry) = match error {
            DeliveryError::Failed { code, message, retry } => (code, message, retry),
            DeliveryError::Enough(rest) => {
                tallies.count(rule, Count::Throttled);
                return Ok(Outcome::Enough(rest));
            }
        };
        if code == ErrorCode::Throttling {
            tallies.count(rule, Count::Throttled);
        }
        parcel.attempts += 1;
        let failed = Failed {
            token: &parcel.delivery.id,
            since: parcel.since,
            attempts: parcel.attempts,
            retry: retry.is_some(),
            pause: retry.unwrap_or_default(),
        };
        let ground = &self.0.ground;
        let next = parcel.patience.next(&failed, ground.now());
        let Delivery { event, target, .. } = &parcel.delivery;
        match next {
            Next::Again(at) => {
                tracing::info!(%target, event = event.id, message, attempts = parcel.attempts, "not delivered, tried again later");
                tallies.count(rule, Count::Retried);
                parcel.failed = Some((code.as_str().to_owned(), message));
                let mut changes = Changes::new();
                changes.schedule(parcel.item(at)?);
                Ok(Outcome::Postponed(changes))
            }
            Next::Over(exhausted) => {
                tallies.count(rule, Count::Failed);
                parcel.failed = Some((code.as_str().to_owned(), message));
                Ok(Outcome::Finished(parcel.give_up(ground, exhausted)?))
            }
        }
    }
}
