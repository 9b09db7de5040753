//! Which rules an event matches: the enabled rules of each bus, compiled once and forgotten when a rule changes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;
use trainyard_domain::Scope;
use trainyard_lang::pattern::Pattern;
use trainyard_store::{List, Store};

use super::{Error, rule::Rule};

/// The pattern, ready to be matched; otherwise what is wrong with it.
pub(super) fn compile(text: &str) -> Result<Pattern, String> {
    Pattern::parse(text).map_err(|refused| refused.aws_message())
}

/// A rule that waits for events.
pub(super) struct Compiled {
    pub(super) rule: Rule,
    pattern: Pattern,
}

type Place = (Scope, String);

/// What has been compiled so far.
#[derive(Default)]
pub(super) struct Rulebook {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    by_bus: HashMap<Place, Arc<Vec<Compiled>>>,
    /// Counts the changes: what was read before one is not kept after it.
    changes: u64,
}

impl Rulebook {
    /// A rule of this bus was changed, and the change is committed.
    pub(super) fn changed(&self, scope: &Scope, bus: &str) {
        let mut known = self.lock();
        known.changes += 1;
        known.by_bus.remove(&(scope.clone(), bus.to_owned()));
    }

    /// The bus's enabled rules with a pattern.
    pub(super) async fn rules(&self, store: &Store, place: &Place) -> Result<Arc<Vec<Compiled>>, Error> {
        let seen = {
            let known = self.lock();
            if let Some(rules) = known.by_bus.get(place) {
                return Ok(rules.clone());
            }
            known.changes
        };
        let rules = Arc::new(load(store, place).await?);
        let mut known = self.lock();
        if known.changes == seen {
            known.by_bus.insert(place.clone(), rules.clone());
        }
        Ok(rules)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Compiled {
    /// Whether the event, as its envelope, is one that the rule waits for.
    pub(super) fn matches(&self, envelope: &Value) -> bool {
        self.pattern.matches(envelope)
    }
}

async fn load(store: &Store, (scope, bus): &Place) -> Result<Vec<Compiled>, Error> {
    let mut compiled = Vec::new();
    let mut after = None;
    loop {
        let asked = List::in_scope(scope).equal("bus", bus).after(after);
        let page = store.list::<Rule>(asked).await?;
        for held in page.items {
            let rule = held.value;
            let Some(text) = rule.pattern.as_deref().filter(|_| rule.enabled) else { continue };
            match compile(text) {
                Ok(pattern) => compiled.push(Compiled { rule, pattern }),
                // It was accepted once: the rule is passed over, and all others go on.
                Err(why) => tracing::error!(rule = %rule.arn(), why, "a stored rule cannot be used"),
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(compiled);
        }
    }
}
