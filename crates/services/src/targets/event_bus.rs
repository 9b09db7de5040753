//! Rules that send to another event bus, of this account or another one.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html>

use async_trait::async_trait;
use trainyard_domain::Arn;

use crate::bus::{Bus, Delivery, DeliveryError, RuleTarget, Shape, Target};

/// Tells the event on the other bus, whose policy has its say.
pub struct EventBus(pub Bus);

#[async_trait]
impl Target for EventBus {
    fn takes(&self, arn: &Arn) -> bool {
        arn.service == "events" && arn.resource_of("event-bus").is_some()
    }

    fn takes_other_accounts(&self) -> bool {
        true
    }

    /// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html>
    fn check(&self, target: &RuleTarget) -> Result<(), String> {
        if target.arn.scope().is_none() {
            return Err(format!(
                "Parameter {} is not valid. Reason: Provided Arn is not in correct format.",
                target.arn
            ));
        }
        match target.shape {
            Shape::Whole => Ok(()),
            _ => Err(format!(
                "Input, InputPath and InputTransformer are not available for target {}: an event bus gets the event.",
                target.id
            )),
        }
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<(), DeliveryError> {
        self.0.forward(delivery).await
    }
}
