//! Rules that start executions.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/tutorial-cloudwatch-events-s3.html>

use async_trait::async_trait;
use trainyard_domain::Arn;

use crate::{
    bus::{Delivery, DeliveryError, Target},
    executions::{Error, Executions, StartSpec},
};

/// Starts an execution named `<event>_<delivery>`, so that a delivery that comes again starts nothing.
pub struct StateMachine(pub Executions);

#[async_trait]
impl Target for StateMachine {
    fn takes(&self, arn: &Arn) -> bool {
        arn.service == "states" && arn.resource_of("stateMachine").is_some()
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<(), DeliveryError> {
        let spec = StartSpec {
            machine: delivery.target.to_string(),
            name: Some(format!("{}_{}", delivery.event.id, delivery.id)),
            input: Some(delivery.input_text()),
            ..StartSpec::default()
        };
        match self.0.start(&delivery.principal(), spec).await {
            // It has ended already: it was started by an earlier attempt of this delivery.
            Ok(_) | Err(Error::ExecutionExists(_)) => Ok(()),
            Err(error) => Err(DeliveryError::of(&error)),
        }
    }
}
