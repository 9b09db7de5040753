//! Who is told when there is new work.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;
use trainyard_domain::Timestamp;

/// Rings after each commit that scheduled work on a topic: a hint to look, never the only reason.
#[derive(Debug, Default)]
pub struct Bell {
    told: Notify,
    lanes: Mutex<HashMap<String, Timestamp>>,
}

impl Bell {
    /// Waits until it rings. What rang since the last time counts, once: it is for the one loop that waits.
    pub async fn notified(&self) {
        self.told.notified().await;
    }

    /// Rings it without anything new.
    pub fn notify_one(&self) {
        self.told.notify_one();
    }

    /// The lanes that got work since this was asked last, each with when the first of it is due.
    pub fn lanes(&self) -> HashMap<String, Timestamp> {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Timestamp>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One bell per topic, made when somebody asks for it.
#[derive(Debug, Default)]
pub(crate) struct Hints(Mutex<HashMap<&'static str, Arc<Bell>>>);

impl Hints {
    pub(crate) fn bell(&self, topic: &'static str) -> Arc<Bell> {
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(bells.entry(topic).or_default())
    }

    /// Rings for all of these topics and lanes, which got work that is due then.
    pub(crate) fn ring<'a>(&self, told: impl IntoIterator<Item = ((&'static str, &'a str), Timestamp)>) {
        let bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for ((topic, lane), due) in told {
            let Some(bell) = bells.get(topic) else { continue };
            let mut lanes = bell.lock();
            match lanes.get_mut(lane) {
                Some(first) => *first = due.min(*first),
                None => drop(lanes.insert(lane.to_owned(), due)),
            }
            drop(lanes);
            bell.notify_one();
        }
    }
}
