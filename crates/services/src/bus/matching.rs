//! Which rules an event matches: the enabled rules of each bus, in one matcher that follows their changes.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use trainyard_domain::Scope;
use trainyard_lang::{
    matcher::{Matcher, Room, Ticket},
    pattern::Pattern,
};
use trainyard_store::{List, Store};

use super::{
    Error,
    rule::{self, Rule},
};

/// The pattern, ready to be matched; otherwise what is wrong with it.
pub(super) fn compile(text: &str) -> Result<Pattern, String> {
    Pattern::parse(text).map_err(|refused| refused.aws_message())
}

type Place = (Scope, String);

/// The rules of one bus. A copy shares nearly all with the original.
#[derive(Clone, Default)]
pub(super) struct Compiled {
    matcher: Matcher<Arc<Rule>>,
    tickets: HashMap<String, Ticket>,
}

/// The buses whose rules were compiled so far.
#[derive(Default)]
pub(super) struct Rulebook {
    known: Mutex<HashMap<Place, Known>>,
    /// Used again from event to event: as many as are matched at the same time.
    rooms: Mutex<Vec<Room>>,
}

#[derive(Clone, Default)]
struct Known {
    /// Nothing before they were read for the first time.
    rules: Option<Arc<Compiled>>,
    /// Rules that were changed since.
    changed: HashSet<String>,
    /// Counts the changes.
    changes: u64,
}

impl Rulebook {
    /// A rule of this bus was changed, and the change is committed.
    pub(super) fn changed(&self, scope: &Scope, bus: &str, rule: &str) {
        let mut known = self.lock();
        let known = known.entry((scope.clone(), bus.to_owned())).or_default();
        known.changes += 1;
        known.changed.insert(rule.to_owned());
    }

    /// The bus's enabled rules with a pattern, as they are in the store.
    pub(super) async fn rules(&self, store: &Store, place: &Place) -> Result<Arc<Compiled>, Error> {
        let Known { rules, changed, changes } = self.lock().get(place).cloned().unwrap_or_default();
        let rules = match rules {
            Some(rules) if changed.is_empty() => return Ok(rules),
            Some(rules) => Arc::new(refreshed(&rules, store, place, &changed).await?),
            None => Arc::new(load(store, place).await?),
        };
        let mut known = self.lock();
        let known = known.entry(place.clone()).or_default();
        // What was read before a change is not kept after it.
        if known.changes == changes {
            *known = Known { rules: Some(rules.clone()), changed: HashSet::new(), changes };
        }
        Ok(rules)
    }

    /// The rules that wait for the event, given as the text of its envelope.
    pub(super) fn matching(&self, rules: &Compiled, envelope: &str) -> Vec<Arc<Rule>> {
        let rooms = || self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let mut room = rooms().pop().unwrap_or_default();
        let found = rules.matching(envelope, &mut room);
        rooms().push(room);
        found
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Place, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Compiled {
    fn matching(&self, envelope: &str, room: &mut Room) -> Vec<Arc<Rule>> {
        let found = self.matcher.matching(envelope, room).unwrap_or_else(|error| {
            tracing::error!(%error, "an event cannot be matched");
            &[]
        });
        let mut rules: Vec<_> =
            found.iter().filter_map(|ticket| self.matcher.rule(*ticket)).cloned().collect();
        rules.sort_by(|a, b| a.name.cmp(&b.name));
        rules
    }

    /// Takes the rule of that name as it is now.
    fn set(&mut self, name: &str, rule: Option<Rule>) {
        if let Some(ticket) = self.tickets.remove(name) {
            self.matcher.remove(ticket);
        }
        let Some(rule) = rule.filter(|rule| rule.enabled) else { return };
        match rule.pattern.as_deref().map(compile) {
            None => {}
            Some(Ok(pattern)) => {
                let ticket = self.matcher.add(&pattern, Arc::new(rule));
                self.tickets.insert(name.to_owned(), ticket);
            }
            // It was accepted once: the rule is passed over, and all others go on.
            Some(Err(why)) => tracing::error!(rule = %rule.arn(), why, "a stored rule cannot be used"),
        }
    }
}

async fn refreshed(
    rules: &Compiled,
    store: &Store,
    (scope, bus): &Place,
    changed: &HashSet<String>,
) -> Result<Compiled, Error> {
    let mut rules = rules.clone();
    for name in changed {
        let held = store.get::<Rule>(&scope.to_string(), &rule::id(bus, name)).await?;
        rules.set(name, held.map(|held| held.value));
    }
    Ok(rules)
}

async fn load(store: &Store, (scope, bus): &Place) -> Result<Compiled, Error> {
    let mut rules = Compiled::default();
    let mut after = None;
    loop {
        let asked = List::in_scope(scope).equal("bus", bus).after(after);
        let page = store.list::<Rule>(asked).await?;
        for held in page.items {
            let name = held.value.name.clone();
            rules.set(&name, Some(held.value));
        }
        after = page.next;
        if after.is_none() {
            return Ok(rules);
        }
    }
}
