//! Rules that send to another event bus, of this account or another one.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html>

use async_trait::async_trait;
use trainyard_domain::Arn;
use trainyard_store::Changes;

use crate::bus::{Bus, Delivery, DeliveryError, RuleTarget, Shape, Target};

/// So many events are told in one commit, at most.
const TOGETHER: usize = 16;

/// Tells the event on the other bus, whose policy has its say: the delivery is over in the commit that tells it.
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
        let told = self.0.forward(vec![(delivery, Changes::new())]).await.pop();
        told.unwrap_or(Ok(Changes::new())).map(drop)
    }

    fn together(&self) -> usize {
        TOGETHER
    }

    async fn deliver_all(&self, several: Vec<(&Delivery, Changes)>) -> Vec<Result<Changes, DeliveryError>> {
        self.0.forward(several).await
    }
}
