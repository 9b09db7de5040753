//! The bus: events, rules, and who is told.
//!
//! Every room [`tell`]s in the commit that does a thing; users tell with PutEvents. The bus matches what was told
//! with the rules of its bus and brings it to their targets, at least once, and to the [`Listener`]s in the house.
//! It never knows what a target is: it knows only [`Target`]. Nothing is acknowledged that is not on disk.

mod access;
mod again;
mod archives;
mod buses;
mod dead;
mod deliver;
mod delivery_error;
pub(crate) mod detail;
mod directory;
mod error;
mod forward;
mod http;
mod matching;
mod once;
mod past;
mod permissions;
mod put;
mod recent;
mod replays;
mod route;
mod rule;
mod rules;
mod schedule;
mod shape;
mod tags;
mod tail;
mod tally;
mod target;
#[cfg(test)]
mod tests;
mod told;
mod tried;
mod unread;
mod watch;

use std::sync::{Arc, OnceLock};

use trainyard_domain::{Arn, Event};
use trainyard_store::{Changes, Error as StoreError, WorkItem};

pub use again::{Again, AgainSpec};
pub use archives::{Archive, ArchiveFilter, ArchiveSpec, ArchiveTally};
pub use buses::{BusSettings, EventBus, LogSettings};
pub use dead::DeadLetter;
pub use delivery_error::{DeliveryError, ErrorCode};
pub use error::Error;
pub use http::HttpParameters;
pub use permissions::{Permission, Statement};
pub use put::{Entry, Rejected};
pub use recent::{REMEMBERED, Recent};
pub use replays::{Replay, ReplayFilter, ReplaySpec, ReplayState};
pub use rule::{Rule, RuleSpec, RuleTarget, arn as rule_arn};
pub use shape::Shape;
pub use tail::{Next, Tail, TailSpec};
pub use tally::{Tallied, Tally};
pub use target::{Delivery, Letterbox, Listener, Target};
pub use tried::try_pattern;

pub use crate::patience::Patience;

use crate::ground::Ground;

/// The topic of events that were told and not yet matched against the rules.
pub const EVENTS: &str = "events";

/// Tells an event in the same commit as the change that it speaks of. This is how an earlier room reaches a later one.
pub fn tell(changes: &mut Changes, event: &Event) -> Result<(), StoreError> {
    // Every test that has an event told sees to it that it is one which the published kinds can be.
    #[cfg(test)]
    assert_eq!(trainyard_lang::events::misfits(&event.envelope()), Vec::<String>::new());
    let body = serde_json::to_string(event)
        .map_err(|e| StoreError::Internal(format!("an event cannot be written: {e}")))?;
    changes.schedule(WorkItem::now(EVENTS, event.telling(), body));
    Ok(())
}

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Bus {
    ground: Ground,
    rulebook: Arc<matching::Rulebook>,
    tallies: Arc<tally::Tallies>,
    directory: Arc<directory::Directory>,
    archive_tallies: Arc<archives::Tallies>,
    memory: Arc<recent::Memory>,
    /// Later rooms stand behind these, so they come when all rooms are there.
    company: Arc<OnceLock<Company>>,
}

struct Company {
    targets: Vec<Arc<dyn Target>>,
    listeners: Vec<Arc<dyn Listener>>,
}

impl Bus {
    /// On this ground.
    pub fn new(ground: Ground) -> Self {
        Self {
            ground,
            rulebook: Arc::default(),
            tallies: Arc::default(),
            directory: Arc::default(),
            archive_tallies: Arc::default(),
            memory: Arc::new(recent::Memory::new(REMEMBERED)),
            company: Arc::default(),
        }
    }

    /// Who can be started by rules and who listens. Said once, when all rooms are there and before anything is
    /// served; a second time does nothing.
    pub fn meet(&self, targets: Vec<Arc<dyn Target>>, listeners: Vec<Arc<dyn Listener>>) {
        let _ = self.company.set(Company { targets, listeners });
    }

    fn target_for(&self, arn: &Arn) -> Option<&Arc<dyn Target>> {
        self.company.get()?.targets.iter().find(|target| target.takes(arn))
    }

    fn listeners(&self) -> &[Arc<dyn Listener>] {
        self.company.get().map_or(&[], |company| &company.listeners)
    }
}
