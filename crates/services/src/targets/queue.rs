//! Rules that send to queues.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html>

use async_trait::async_trait;
use trainyard_domain::Arn;
use trainyard_store::Changes;

use crate::{
    bus::{DeadLetter, Delivery, DeliveryError, ErrorCode, Letterbox, RuleTarget, Target},
    given_up::shortened,
    queues::{Attribute, Caller, Letter, QueueName, Queues, Sending},
};

/// Who sends, as the queue's policy knows it.
const SERVICE: &str = "events.amazonaws.com";

/// So many deliveries are sent in one commit, at most.
const TOGETHER: usize = 64;
/// A queue takes messages of 1 MiB with their attributes.
const LONGEST_BODY: usize = 1_000_000;

/// Sends the input as a message: the delivery is over in the commit that sends it. Dead letters are sent likewise.
///
/// AWS wants the queue's policy to let in `events.amazonaws.com`; here a queue of the rule's own account takes its
/// messages unless its policy denies that, since policies of identities are not evaluated either.
pub struct Queue(pub Queues);

#[async_trait]
impl Target for Queue {
    fn takes(&self, arn: &Arn) -> bool {
        QueueName::of_arn(arn).is_some()
    }

    fn needs_role(&self) -> bool {
        false
    }

    /// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_SqsParameters.html>
    fn check(&self, target: &RuleTarget) -> Result<(), String> {
        let in_order = QueueName::of_arn(&target.arn).is_some_and(|name| name.is_fifo());
        match &target.group {
            None if in_order => {
                Err(format!("Parameter(s) SqsParameters must be specified for target: {}.", target.id))
            }
            Some(group) if group.is_empty() || group.len() > 128 => {
                Err(format!("MessageGroupId of target {} has 1 to 128 characters.", target.id))
            }
            _ => Ok(()),
        }
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<(), DeliveryError> {
        let queue = named(&delivery.target)?;
        let sent = self.0.send(&Caller::service(SERVICE, &delivery.rule), &queue, sending(delivery)).await;
        sent.map(drop).map_err(|error| DeliveryError::of(&error))
    }

    fn together(&self) -> usize {
        TOGETHER
    }

    /// All that one rule sends goes in one commit.
    async fn deliver_all(&self, several: Vec<(&Delivery, Changes)>) -> Vec<Result<Changes, DeliveryError>> {
        let mut told: Vec<_> = several.iter().map(|_| None).collect();
        let mut by_rule: Vec<(&Arn, &Arn, Vec<usize>, Vec<Sending>)> = Vec::new();
        for (at, (delivery, with)) in several.into_iter().enumerate() {
            let sending = Sending { with, ..sending(delivery) };
            match by_rule
                .iter_mut()
                .find(|(rule, target, ..)| **rule == delivery.rule && **target == delivery.target)
            {
                Some((.., places, sendings)) => {
                    places.push(at);
                    sendings.push(sending);
                }
                None => by_rule.push((&delivery.rule, &delivery.target, vec![at], vec![sending])),
            }
        }
        for (rule, target, places, sendings) in by_rule {
            for (at, sent) in places.into_iter().zip(self.send(rule, target, sendings).await) {
                told[at] = Some(sent.map(|()| Changes::new()));
            }
        }
        let lost =
            || Err(DeliveryError::passing(ErrorCode::InternalError, "nothing was said of the message"));
        told.into_iter().map(|told| told.unwrap_or_else(lost)).collect()
    }

    fn letterbox(&self) -> Option<&dyn Letterbox> {
        Some(self)
    }
}

#[async_trait]
impl Letterbox for Queue {
    fn check(&self, arn: &Arn) -> Result<(), String> {
        match QueueName::of_arn(arn) {
            None => Err("It is not the ARN of an SQS queue.".to_owned()),
            Some(name) if name.is_fifo() => Err("A dead-letter queue must be a standard queue.".to_owned()),
            Some(_) => Ok(()),
        }
    }

    async fn post(&self, letter: &DeadLetter, done: Changes) -> Result<Changes, DeliveryError> {
        let attribute = |(name, value): (&str, String)| {
            let value =
                Attribute { data_type: "String".to_owned(), string_value: Some(value), binary_value: None };
            (name.to_owned(), value)
        };
        let attributes = letter.attributes().into_iter().map(attribute).collect();
        let body = letter.event.envelope_text();
        let body = shortened(&body, LONGEST_BODY, "{}");
        let sending =
            Sending { letter: Letter { attributes, ..Letter::of(body) }, with: done, ..Sending::default() };
        let sent = self.send(&letter.rule, &letter.queue, vec![sending]).await.pop();
        sent.unwrap_or(Ok(())).map(|()| Changes::new())
    }
}

impl Queue {
    /// What came of each.
    async fn send(&self, rule: &Arn, to: &Arn, sendings: Vec<Sending>) -> Vec<Result<(), DeliveryError>> {
        let count = sendings.len();
        let sent = match named(to) {
            Ok(queue) => self.0.send_all(&Caller::service(SERVICE, rule), &queue, sendings).await,
            Err(error) => return vec![Err(error)],
        };
        match sent {
            Ok(sent) => {
                sent.into_iter().map(|one| one.map(drop).map_err(|error| DeliveryError::of(&error))).collect()
            }
            Err(error) => (0..count).map(|_| Err(DeliveryError::of(&error))).collect(),
        }
    }
}

fn named(arn: &Arn) -> Result<QueueName, DeliveryError> {
    let none = || DeliveryError::lasting(ErrorCode::NoResource, format!("{arn} is not the ARN of a queue"));
    QueueName::of_arn(arn).ok_or_else(none)
}

fn sending(delivery: &Delivery) -> Sending {
    let letter = Letter::of(delivery.input_text());
    Sending { letter, group: delivery.group.clone(), ..Sending::default() }
}
