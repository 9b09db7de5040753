//! Tasks of activities on their way from an offer to the history: who has which of them in hand.
//!
//! That a worker has a task is kept here for a moment before it is on disk, since its answer may be there by then and
//! goes into the same commit. If the server dies before, the offer still stands in the store, and so the task is offered
//! once more, under the same token.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use trainyard_domain::{Arn, Timestamp};
use trainyard_store::Changes;

use super::offers::OFFERS;

/// A task that was given to a worker, which is not on disk yet.
pub(super) struct Taken {
    pub(super) token: String,
    pub(super) worker: Option<String>,
    /// What is committed with it: the offer goes, and whatever else.
    pub(super) changes: Changes,
}

impl Taken {
    /// The task of the activity with that token.
    pub(super) fn new((activity, token): (&str, &str), worker: Option<String>) -> Self {
        let mut changes = Changes::new();
        changes.cancel_in((OFFERS, activity), token);
        Self { token: token.to_owned(), worker, changes }
    }
}

#[derive(Default)]
pub(super) struct Hands(Mutex<Held>);

#[derive(Default)]
struct Held {
    /// The tokens of all that is in hand, taken or about to be, and their activities: other askers pass them over.
    tokens: HashMap<String, Arc<str>>,
    taken: HashMap<Arn, Vec<Given>>,
    /// Whether somebody is about to note what was delivered.
    noting: bool,
}

struct Given {
    taken: Arc<Taken>,
    /// Since when the worker has it for sure.
    delivered: Option<Timestamp>,
}

/// A task that a worker has, and since when, if that is known.
pub(super) type Had = (Arc<Taken>, Option<Timestamp>);

impl Hands {
    /// Takes the activity's offer of that token in hand; false if somebody has it there.
    pub(super) fn pick(&self, activity: &Arc<str>, token: &str) -> bool {
        match self.held().tokens.entry(token.to_owned()) {
            Entry::Occupied(_) => false,
            Entry::Vacant(entry) => {
                entry.insert(Arc::clone(activity));
                true
            }
        }
    }

    /// It is out of hand again, and nobody was given it.
    pub(super) fn drop(&self, token: &str) {
        self.held().tokens.remove(token);
    }

    /// The tokens of the activity's offers that are in hand.
    pub(super) fn tokens(&self, activity: &str) -> HashSet<String> {
        let held = self.held();
        let tokens = held.tokens.iter().filter(|(_, of)| &***of == activity);
        tokens.map(|(token, _)| token.clone()).collect()
    }

    /// A task that is in hand is given to a worker.
    pub(super) fn give(&self, execution: &Arn, taken: Taken) {
        let given = Given { taken: Arc::new(taken), delivered: None };
        self.held().taken.entry(execution.clone()).or_default().push(given);
    }

    /// The worker has it now; says whether somebody should come and note it. The clock is read while nobody is told what
    /// workers have: what is decided without this is of an earlier time.
    pub(super) fn delivered(
        &self,
        (execution, token): (&Arn, &str),
        now: impl FnOnce() -> Timestamp,
    ) -> bool {
        let mut held = self.held();
        let mut given = held.taken.get_mut(execution).into_iter().flatten();
        // Its answer may have been faster.
        let Some(given) = given.find(|given| given.taken.token == token) else { return false };
        given.delivered = Some(now());
        !std::mem::replace(&mut held.noting, true)
    }

    /// The worker has not got it; false if its answer came all the same.
    pub(super) fn take_back(&self, execution: &Arn, token: &str) -> bool {
        let mut held = self.held();
        let there = held.forget(execution, |given| given.taken.token == token);
        if there {
            held.tokens.remove(token);
        }
        there
    }

    /// What workers have of the execution; that of the token too, which a worker is heard of with.
    pub(super) fn of(&self, execution: &Arn, token: Option<&str>) -> Vec<Had> {
        let held = self.held();
        let given = held.taken.get(execution).into_iter().flatten();
        let is_had = |given: &&Given| given.delivered.is_some() || Some(given.taken.token.as_str()) == token;
        let mut had: Vec<Had> =
            given.filter(is_had).map(|given| (given.taken.clone(), given.delivered)).collect();
        // Whose answer was faster than the word that it has the task comes last: it is had since now.
        had.sort_by_key(|(_, since)| since.unwrap_or(Timestamp(i64::MAX)));
        had
    }

    /// These are on disk, or nobody waits for them any more.
    pub(super) fn noted(&self, execution: &Arn, noted: &[Had]) {
        if noted.is_empty() {
            return;
        }
        let mut held = self.held();
        held.forget(execution, |given| noted.iter().any(|(taken, _)| Arc::ptr_eq(taken, &given.taken)));
        for (taken, _) in noted {
            held.tokens.remove(&taken.token);
        }
    }

    /// The executions of which workers have tasks.
    pub(super) fn to_note(&self) -> Vec<Arn> {
        let held = self.held();
        let had = held.taken.iter().filter(|(_, given)| given.iter().any(|given| given.delivered.is_some()));
        had.map(|(execution, _)| execution.clone()).collect()
    }

    /// Whether whoever notes what was delivered may go, as nothing is left.
    pub(super) fn rest(&self) -> bool {
        let mut held = self.held();
        held.noting = held.taken.values().flatten().any(|given| given.delivered.is_some());
        !held.noting
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Forgets what of the execution is so; says whether there was any.
    fn forget(&mut self, execution: &Arn, is_so: impl Fn(&Given) -> bool) -> bool {
        let Some(given) = self.taken.get_mut(execution) else { return false };
        let before = given.len();
        given.retain(|given| !is_so(given));
        let after = given.len();
        if after == 0 {
            self.taken.remove(execution);
        }
        after < before
    }
}
