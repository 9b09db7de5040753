//! What becomes of work that cannot be read: it is put aside, and whoever it was for finds that in the audit record.

use serde::Deserialize;
use trainyard_domain::{
    Arn, Event, Principal, Scope, Timestamp,
    event::{DEFAULT_BUS, Way},
};
use trainyard_store::{Changes, Error as StoreError, WorkItem};

use super::{Bus, ErrorCode, dead::Lost, tally::Count};
use crate::{audit, given_up::GivenUp, work::Outcome};

/// A delivery without what the target was to get.
#[derive(Deserialize)]
struct Parcel {
    delivery: Delivery,
    letters: Option<Arn>,
}

#[derive(Deserialize)]
struct Delivery {
    id: String,
    rule: Arn,
    target: Arn,
    event: Outline,
}

/// An event without its detail.
#[derive(Deserialize)]
struct Outline {
    id: String,
    scope: Scope,
    bus: Option<String>,
    time: Timestamp,
    source: String,
    detail_type: String,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    way: Way,
}

/// News, or a dead letter.
#[derive(Deserialize)]
struct About {
    event: Outline,
}

impl From<Outline> for Event {
    fn from(outline: Outline) -> Self {
        let Outline { id, scope, bus, time, source, detail_type, resources, way } = outline;
        let bus = bus.unwrap_or_else(|| DEFAULT_BUS.to_owned());
        let detail = serde_json::Value::Null;
        Self { id, scope, bus, time, source, detail_type, resources, detail, way }
    }
}

impl Bus {
    /// Gives up a delivery that cannot be read: its dead letter has the event without its detail.
    pub(super) fn unread_delivery(
        &self,
        item: &WorkItem,
        why: &serde_json::Error,
    ) -> Result<Changes, StoreError> {
        let Ok(Parcel { delivery, letters }) = serde_json::from_str(&item.body) else {
            return self.unread(item, "events:Deliver", why);
        };
        self.tallies.count(&delivery.rule, Count::Failed);
        let event = delivery.event.into();
        let lost = Lost { id: &delivery.id, rule: &delivery.rule, event: &event, letters: letters.as_ref() };
        let given_up = GivenUp {
            target: delivery.target.to_string(),
            code: ErrorCode::InternalError.as_str().to_owned(),
            message: format!("the delivery cannot be read, and the event is without its detail here: {why}"),
            exhausted: None,
            retries: 0,
        };
        let mut changes = Changes::new();
        lost.give_up(&mut changes, &self.ground, given_up)?;
        Ok(changes)
    }

    /// Puts aside other work that cannot be read. What cannot be written down is looked at again.
    pub(super) fn put_aside(&self, item: &WorkItem, action: &str, why: &serde_json::Error) -> Outcome {
        self.unread(item, action, why).map_or(Outcome::Later(super::deliver::SOON), Outcome::Finished)
    }

    fn unread(&self, item: &WorkItem, action: &str, why: &serde_json::Error) -> Result<Changes, StoreError> {
        let WorkItem { topic, lane, id, .. } = item;
        tracing::error!(topic, id, error = %why, "work that cannot be read is put aside");
        let mut changes = Changes::new();
        if let Some(scope) = account(item) {
            let (by, what) = (Principal::root(&scope), if lane.is_empty() { id } else { lane });
            let why = format!("what waits as {id} cannot be read: {why}");
            audit::note_given_up(&mut changes, &self.ground, &by, (action, what), &why)?;
        }
        Ok(changes)
    }
}

/// Whose work it is, as far as that can be said.
fn account(item: &WorkItem) -> Option<Scope> {
    let of_lane = || item.lane.parse::<Arn>().ok()?.scope();
    let about = || serde_json::from_str::<About>(&item.body).ok().map(|about| about.event);
    let event = serde_json::from_str::<Outline>(&item.body).ok().or_else(about);
    event.map(|event| Event::from(event).owner().clone()).or_else(of_lane)
}
