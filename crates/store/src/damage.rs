//! What was found damaged: each thing is told of once, and counted until it is written anew.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::Error;

/// So many are remembered: a store with more has other troubles than their number.
const MOST: usize = 100_000;

/// Kind, scope and id of everything damaged that was met since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct Damage(Mutex<BTreeSet<(String, String, String)>>);

impl Damage {
    /// Notes the damage, and says so in the log if it is new.
    pub(crate) fn note(&self, error: &Error) {
        let Error::Poisoned { kind, scope, id, .. } = error else { return };
        let mut known = self.known();
        if known.len() < MOST && known.insert((kind.clone(), scope.clone(), id.clone())) {
            tracing::error!("damaged, and left out from now on: {error}");
        }
    }

    /// It was written anew or removed.
    pub(crate) fn mended(&self, (kind, scope, id): (&str, &str, &str)) {
        let mut known = self.known();
        if !known.is_empty() {
            known.remove(&(kind.to_owned(), scope.to_owned(), id.to_owned()));
        }
    }

    /// All documents of the kind and scope whose ids come before this one were removed.
    pub(crate) fn trimmed(&self, (kind, scope, before): (&str, &str, &str)) {
        self.known().retain(|(of, place, id)| of != kind || place != scope || id.as_str() >= before);
    }

    /// All rows of the trail whose records come before this number were removed.
    pub(crate) fn shortened(&self, trail: &str, before: u64) {
        let is_gone = |of: &str, name: &str, first: &str| {
            of == "history" && name == trail && first.parse().is_ok_and(|first: u64| first < before)
        };
        self.known().retain(|(of, name, first)| !is_gone(of, name, first));
    }

    pub(crate) fn count(&self) -> usize {
        self.known().len()
    }

    fn known(&self) -> MutexGuard<'_, BTreeSet<(String, String, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
