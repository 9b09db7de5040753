//! Who is told when there is new work.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::Notify;

/// One bell per topic, made when somebody asks for it.
#[derive(Debug, Default)]
pub(crate) struct Hints(Mutex<HashMap<&'static str, Arc<Notify>>>);

impl Hints {
    pub(crate) fn bell(&self, topic: &'static str) -> Arc<Notify> {
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(bells.entry(topic).or_default())
    }

    pub(crate) fn ring(&self, topics: impl IntoIterator<Item = &'static str>) {
        let bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for bell in topics.into_iter().filter_map(|topic| bells.get(topic)) {
            bell.notify_one();
        }
    }
}
