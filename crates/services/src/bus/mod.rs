//! The bus: events, rules, and who is told.

mod target;

use trainyard_domain::Event;
use trainyard_store::{Changes, Error, WorkItem};

pub use target::{Delivery, DeliveryError, Listener, Target};

/// The topic of events that were told and not yet matched against the rules.
pub const EVENTS: &str = "events";

/// Tells an event in the same commit as the change that it speaks of. This is how an earlier room reaches a later one.
pub fn tell(changes: &mut Changes, event: &Event) -> Result<(), Error> {
    let body = serde_json::to_string(event)
        .map_err(|e| Error::Internal(format!("an event cannot be written: {e}")))?;
    changes.schedule(WorkItem::now(EVENTS, event.id.clone(), body));
    Ok(())
}
