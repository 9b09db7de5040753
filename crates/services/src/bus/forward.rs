//! From one bus to another.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html>

use trainyard_domain::{
    Event, Principal, Scope, Timestamp,
    event::{Replay, Way},
    principal::Lineage,
};
use trainyard_store::Changes;

use super::{Bus, Delivery, DeliveryError, ErrorCode, access::Teller, tell};
use crate::identity::role_session;

impl Bus {
    /// Tells an event, which a rule has for another bus, on that bus, if that bus's policy lets the rule in. An event
    /// that came from another bus itself goes no further: so a loop ends. Its id there follows from the delivery, so a
    /// repeated one is known by it.
    pub(crate) async fn forward(&self, delivery: &Delivery) -> Result<(), DeliveryError> {
        let later = |error: &dyn std::fmt::Display| {
            DeliveryError::passing(ErrorCode::InternalError, error.to_string())
        };
        let Delivery { event, target, rule, .. } = delivery;
        if event.way.forwarded {
            tracing::debug!(event = event.id, %target, "an event from another bus goes to no third one");
            return Ok(());
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
        let by = principal(delivery);
        let teller =
            Teller { by: &by, rule: Some(rule), source: &event.source, detail_type: &event.detail_type };
        teller
            .admit(target, &place.0.account, policy.as_deref())
            .map_err(|message| DeliveryError::lasting(ErrorCode::NoPermissions, message))?;
        let mut changes = Changes::new();
        let there = there(delivery, place, self.ground.now());
        let told = tell(&mut changes, &there);
        told.map_err(|error| later(&error))?;
        self.ground.store.commit(changes).await.map_err(|error| later(&error))
    }
}

/// The event as it is told on the other bus. It keeps its account and region, and between accounts its id too.
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

/// A session of the target's role.
fn principal(delivery: &Delivery) -> Principal {
    match &delivery.role {
        Some(role) => role_session(role, delivery.scope.account.clone(), &delivery.id, Lineage::default()),
        None => Principal::root(&delivery.scope),
    }
}
