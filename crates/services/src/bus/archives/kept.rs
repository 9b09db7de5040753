//! The events in archives.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use trainyard_domain::{Event, Timestamp};
use trainyard_store::{Changes, Error, Expect, Keys, Noun};

/// An event in an archive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::bus) struct Kept {
    /// The archive's id.
    pub(super) archive: String,
    /// Since when it is here.
    pub(super) since: Timestamp,
    /// The event.
    pub(in crate::bus) event: Arc<Event>,
}

impl Noun for Kept {
    const KIND: &'static str = "archived-event";

    fn scope(&self) -> String {
        self.archive.clone()
    }

    fn id(&self) -> String {
        format!("{}-{}", place(self.event.time), self.event.id)
    }

    fn keys(&self, _: &mut Keys) {}
}

/// Where the events of that moment begin.
pub(in crate::bus) fn place(time: Timestamp) -> String {
    format!("{:019}", time.millis().max(0))
}

/// Puts the event into the archive, in the commit of its matching: what was acknowledged is matched, whatever happens
/// to the server, and what is matched is kept. Keeping the same event again changes nothing.
pub(in crate::bus) fn keep(
    changes: &mut Changes,
    archive: &str,
    event: &Arc<Event>,
    now: Timestamp,
) -> Result<(), Error> {
    let kept = Kept { archive: archive.to_owned(), since: now, event: Arc::clone(event) };
    changes.put(&kept, Expect::Any)?;
    Ok(())
}
