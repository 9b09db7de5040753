//! Web hooks: other systems say what happened, and it is told on a bus.
//!
//! A hook is a name in a URL, a kind (who calls, and how that is verified), a bus, and a secret that is shown once.
//! What a call tells is told in the commit that remembers its delivery, so that a delivery is told once however often
//! it comes, also at the same moment. It never reads a call itself: that is the kind's ([`Hook`](ports::Hook)).
//!
//! Start with `noun.rs` (what is kept), then `receive.rs` (a call comes in); `room.rs` has the verbs of people.

mod error;
mod noun;
mod receive;
mod room;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use trainyard_domain::ports;

pub use error::Error;
pub use noun::{SHORTEST_MEMORY, WebHook};
pub use receive::{Incoming, Receipt};

use crate::{bus::Bus, ground::Ground};

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Hooks {
    ground: Ground,
    bus: Bus,
    kinds: Arc<[Arc<dyn ports::Hook>]>,
}

impl Hooks {
    /// On this ground, telling on this bus; calls are read by these.
    pub fn new(ground: Ground, bus: Bus, kinds: Vec<Arc<dyn ports::Hook>>) -> Self {
        Self { ground, bus, kinds: kinds.into() }
    }

    fn kind(&self, name: &str) -> Result<&Arc<dyn ports::Hook>, Error> {
        self.kinds.iter().find(|kind| kind.name() == name).ok_or_else(|| {
            let known: Vec<_> = self.kinds.iter().map(|kind| kind.name()).collect();
            Error::Invalid(format!("`{name}` is no kind of hook: use {}", known.join(", ")))
        })
    }
}
