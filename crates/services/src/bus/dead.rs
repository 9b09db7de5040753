//! Dead letters: what is told of events that did not reach a target, to the queue that the target's rule names.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html>

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Event, Principal, Scope, Timestamp};
use trainyard_store::{Changes, Error as StoreError, WorkItem};

use super::{Bus, DeliveryError, Error, ErrorCode, RuleTarget, tally::Count};
use crate::{
    audit,
    given_up::GivenUp,
    ground::Ground,
    patience::{Failed, Next, Patience},
    work::{Outcome, Trouble, Worker},
};

/// The topic of letters to be sent, by the delivery's id; each queue has a lane.
const LETTERS: &str = "dead-letters";

/// What is told of one event and target.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The delivery's id.
    pub id: String,
    /// Where it goes.
    pub queue: Arn,
    /// The rule.
    pub rule: Arn,
    /// The event, as it was told.
    pub event: Event,
    /// Why.
    pub given_up: GivenUp,
    /// When it was written.
    since: Timestamp,
    /// How often it was tried to send it.
    attempts: u32,
}

impl DeadLetter {
    /// The attributes of the message.
    pub fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = self.given_up.attributes();
        attributes.push(("RULE_ARN", self.rule.to_string()));
        attributes
    }

    fn item(&self, at: Timestamp) -> Result<WorkItem, StoreError> {
        let body = serde_json::to_string(self).map_err(|e| StoreError::Internal(e.to_string()))?;
        Ok(WorkItem::at(LETTERS, self.id.clone(), at, body).in_lane(self.queue.to_string()))
    }
}

/// An event that does not reach a target of a rule.
pub(super) struct Lost<'l> {
    /// The delivery's id.
    pub(super) id: &'l str,
    pub(super) rule: &'l Arn,
    pub(super) event: &'l Event,
    pub(super) letters: Option<&'l Arn>,
}

impl Lost<'_> {
    /// Puts down that it was given up, and a letter if there is a queue for it.
    pub(super) fn give_up(
        &self,
        changes: &mut Changes,
        ground: &Ground,
        given_up: GivenUp,
    ) -> Result<(), StoreError> {
        let Self { id, rule, event, letters } = self;
        note(changes, ground, (rule, event), &given_up)?;
        let Some(queue) = letters else { return Ok(()) };
        let now = ground.now();
        let letter = DeadLetter {
            id: (*id).to_owned(),
            queue: (*queue).clone(),
            rule: (*rule).clone(),
            event: (*event).clone(),
            given_up,
            since: now,
            attempts: 0,
        };
        changes.schedule(letter.item(Timestamp::default())?);
        Ok(())
    }
}

/// It is for the rule's owner to know, whoever has told the event.
fn note(
    changes: &mut Changes,
    ground: &Ground,
    (rule, event): (&Arn, &Event),
    given_up: &GivenUp,
) -> Result<(), StoreError> {
    let GivenUp { target, code, message, .. } = given_up;
    tracing::warn!(target_arn = target, event = event.id, code, message, "an event is not delivered");
    let by = Principal::root(&rule.scope().unwrap_or_else(|| event.owner().clone()));
    let why = format!("event {} ({}): {message}", event.id, event.detail_type);
    audit::note_given_up(changes, ground, &by, ("events:Deliver", target), &why)
}

impl Bus {
    /// Refuses a queue that cannot have the target's dead letters.
    pub(super) fn check_letters(&self, scope: &Scope, target: &RuleTarget) -> Result<(), Error> {
        let Some(queue) = &target.letters else { return Ok(()) };
        let wrong = |why: &str| {
            let id = &target.id;
            Err(Error::Invalid(format!(
                "Parameter DeadLetterConfig.Arn {queue} of target {id} is not valid. Reason: {why}"
            )))
        };
        let Some(letterbox) = self.target_for(queue).and_then(|kind| kind.letterbox()) else {
            return wrong("It is not the ARN of an SQS queue.");
        };
        if queue.region != scope.region.as_str() {
            return wrong("The queue must be in the same Region as the rule.");
        }
        letterbox.check(queue).or_else(|why| wrong(&why))
    }
}

/// Sends letters, each until it is there or the queue does not take it.
pub(super) struct Undertaker(pub(super) Bus);

#[async_trait]
impl Worker for Undertaker {
    const TOPIC: &'static str = LETTERS;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Trouble> {
        let mut letter: DeadLetter = match serde_json::from_str(&item.body) {
            Ok(letter) => letter,
            Err(error) => return Ok(self.0.put_aside(item, "events:Deliver", &error)),
        };
        let mut done = Changes::new();
        done.finish(item);
        let sent = match self.0.target_for(&letter.queue).and_then(|kind| kind.letterbox()) {
            Some(letterbox) => letterbox.post(&letter, done).await,
            None => Err(DeliveryError::lasting(ErrorCode::NoResource, "it is no queue")),
        };
        let (message, retry) = match sent {
            Ok(left) => {
                self.0.tallies.count(&letter.rule, Count::Buried);
                return Ok(if left.is_empty() { Outcome::Settled } else { Outcome::Finished(left) });
            }
            Err(DeliveryError::Enough(rest)) => return Ok(Outcome::Enough(rest)),
            Err(DeliveryError::Failed { message, retry, .. }) => (message, retry),
        };
        letter.attempts += 1;
        let mut changes = Changes::new();
        let failed = Failed {
            token: &letter.id,
            since: letter.since,
            attempts: letter.attempts,
            retry: retry.is_some(),
            pause: retry.unwrap_or(Duration::ZERO),
        };
        if let Next::Again(at) = Patience::OF_LETTERS.next(&failed, self.0.ground.now()) {
            changes.schedule(letter.item(at)?);
            return Ok(Outcome::Postponed(changes));
        }
        self.0.tallies.count(&letter.rule, Count::Unburied);
        let target = letter.queue.to_string();
        let given_up = GivenUp { target, message, ..letter.given_up };
        note(&mut changes, &self.0.ground, (&letter.rule, &letter.event), &given_up)?;
        Ok(Outcome::Finished(changes))
    }
}
