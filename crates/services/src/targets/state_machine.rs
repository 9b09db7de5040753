//! Rules that start executions.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/tutorial-cloudwatch-events-s3.html>

use async_trait::async_trait;
use trainyard_domain::{Arn, Principal, principal::Lineage};

use crate::{
    bus::{Delivery, DeliveryError, Target},
    executions::{Error, Executions, StartSpec},
    identity::role_session,
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
            input: Some(delivery.input().to_string()),
            ..StartSpec::default()
        };
        match self.0.start(&principal(delivery), spec).await {
            // It has ended already: it was started by an earlier attempt of this delivery.
            Ok(_) | Err(Error::ExecutionExists(_)) => Ok(()),
            Err(error) => Err(DeliveryError::of(&error)),
        }
    }
}

/// A session of the target's role.
fn principal(delivery: &Delivery) -> Principal {
    match &delivery.role {
        Some(role) => role_session(role, delivery.scope.account.clone(), &delivery.id, Lineage::default()),
        None => Principal::root(&delivery.scope),
    }
}
