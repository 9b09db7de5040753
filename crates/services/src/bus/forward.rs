//! From one bus to another.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html>

use trainyard_domain::{
    Event, Scope, Timestamp,
    event::{Replay, Way},
};
use trainyard_store::Changes;

use super::{Bus, Delivery, DeliveryError, ErrorCode, access::Teller, tell};

impl Bus {
    /// Tells events, which rules have for another bus, on that bus, if that bus's policy lets the rules in: in one commit
    /// with what becomes true by that, so that nothing is told twice. What is left of it is given back. An event that came
    /// from another bus itself goes no further: so a loop ends.
    pub(crate) async fn forward(
        &self,
        several: Vec<(&Delivery, Changes)>,
    ) -> Vec<Result<Changes, DeliveryError>> {
        let (mut changes, mut going) = (Changes::new(), Vec::new());
        let mut came = Vec::with_capacity(several.len());
        for (at, (delivery, done)) in several.into_iter().enumerate() {
            came.push(match self.forwarded(delivery).await {
                Ok(None) => Ok(done),
                Ok(Some(told)) => {
                    changes.merge(told).merge(done);
                    going.push(at);
                    Ok(Changes::new())
                }
                Err(error) => Err(error),
            });
        }
        if let Err(error) = self.ground.store.commit(changes).await {
            going.into_iter().for_each(|at| came[at] = Err(later(&error)));
        }
        came
    }

    /// What tells the event on the other bus; nothing if it goes no further.
    async fn forwarded(&self, delivery: &Delivery) -> Result<Option<Changes>, DeliveryError> {
        let Delivery { event, target, rule, .. } = delivery;
        if event.way.forwarded {
            tracing::debug!(event = event.id, %target, "an event from another bus goes to no third one");
            return Ok(None);
        }
        let (owner, bus) = target.scope().zip(target.resource_of("event-bus")).ok_or_else(|| {
            let message = format!("{target} is not the ARN of an event bus");
            DeliveryError::lasting(ErrorCode::InvalidParameter, message)
        })?;
        let place = (owner, bus.to_owned());
        let policy = self.directory.policy(&self.ground.store, &place).await;
        let policy = policy.map_err(|error| later(&error))?;
        let policy = policy.ok_or_else(|| {
            DeliveryError::lasting(ErrorCode::NoResource, format!("Event bus {bus} does not exist."))
        })?;
        let by = delivery.principal();
        let teller =
            Teller { by: &by, rule: Some(rule), source: &event.source, detail_type: &event.detail_type };
        teller
            .admit(target, &place.0.account, policy.as_deref())
            .map_err(|message| DeliveryError::lasting(ErrorCode::NoPermissions, message))?;
        let mut changes = Changes::new();
        let there = there(delivery, place, self.ground.now());
        tell(&mut changes, &there).map_err(|error| later(&error))?;
        Ok(Some(changes))
    }
}

fn later(error: &dyn std::fmt::Display) -> DeliveryError {
    DeliveryError::passing(ErrorCode::InternalError, error.to_string())
}

/// The event as it is told on the other bus. It keeps its account and region, and between accounts its id too; another
/// id follows from the delivery.
fn there(delivery: &Delivery, (owner, bus): (Scope, String), now: Timestamp) -> Event {
    let Delivery { id, scope, event, .. } = delivery;
    let same_id = owner.account != scope.account && owner.region == scope.region;
    let replay = event.way.replay.as_ref();
    let replay = replay.map(|replay| Replay { rules: Vec::new(), ..replay.clone() });
    Event {
        id: if same_id { event.id.clone() } else { id.clone() },
        way: Way {
            owner: (owner != event.scope).then_some(owner),
            forwarded: true,
            replay,
            received: Some(now),
        },
        bus,
        ..event.clone()
    }
}
