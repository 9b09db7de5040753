//! Rules that send to queues.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html>

use async_trait::async_trait;
use trainyard_domain::Arn;

use crate::{
    bus::{Delivery, DeliveryError, RuleTarget, Target},
    queues::{Caller, Letter, QueueName, Queues, Sending},
    refusal::is_passing,
};

/// Who sends, as the queue's policy knows it.
const SERVICE: &str = "events.amazonaws.com";

/// Sends the input as a message.
///
/// AWS wants the queue's policy to let in `events.amazonaws.com`; here a queue of the rule's own account takes its
/// messages unless its policy denies that, since policies of identities are not evaluated either. A delivery that comes
/// again after a crash may send its message again, as with AWS.
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
        let name = QueueName::of_arn(&delivery.target).ok_or_else(|| DeliveryError {
            retry: false,
            message: format!("{} is not the ARN of a queue", delivery.target),
        })?;
        let letter = Letter::of(delivery.input.to_string());
        let sending = Sending { letter, group: delivery.group.clone(), ..Sending::default() };
        let sent = self.0.send(&Caller::service(SERVICE, &delivery.rule), &name, sending).await;
        sent.map(drop)
            .map_err(|error| DeliveryError { retry: is_passing(&error), message: error.to_string() })
    }
}
