//! Which rules an event matches: the enabled rules of each bus, in one matcher that follows their changes.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use trainyard_domain::{Event, Scope};
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

/// One pattern, to be matched with many events.
pub(super) struct Fits {
    matcher: Matcher<()>,
    room: Room,
}

impl Fits {
    /// The pattern of this text.
    pub(super) fn new(text: &str) -> Result<Self, Error> {
        let mut matcher = Matcher::default();
        matcher.add(&compile(text).map_err(Error::Pattern)?, ());
        Ok(Self { matcher, room: Room::default() })
    }

    /// Whether it matches the event.
    pub(super) fn takes(&mut self, event: &Event) -> bool {
        let found = self.matcher.matching(&event.envelope_text(), &mut self.room);
        found.is_ok_and(|found| !found.is_empty())
    }
}

type Place = (Scope, String);

/// So many buses are known before those without rules are forgotten: everybody may tell something on the default bus of
/// an account that there is nothing of.
const MOST: usize = 1000;

/// The rules of one bus. A copy shares nearly all with the original.
#[derive(Clone, Default)]
pub(super) struct Compiled {
    matcher: Matcher<Arc<Rule>>,
    tickets: HashMap<String, Ticket>,
}

/// The buses whose rules were compiled so far.
#[derive(Default)]
pub(super) struct Rulebook {
    known: Mutex<Buses>,
    /// Used again from event to event: as many as are matched at the same time.
    rooms: Mutex<Vec<Room>>,
}

#[derive(Default)]
struct Buses {
    known: HashMap<Place, Known>,
    /// The last number that was given to what is known of a bus.
    last: u64,
}

#[derive(Clone)]
struct Known {
    /// Nothing before they were read for the first time.
    rules: Option<Arc<Compiled>>,
    /// Rules that were changed since.
    changed: HashSet<String>,
    /// Another one after each change.
    number: u64,
}

impl Buses {
    /// What is known of the bus, and be it nothing.
    fn of(&mut self, place: &Place) -> &mut Known {
        if self.known.len() >= MOST && !self.known.contains_key(place) {
            self.known.retain(|_, known| known.rules.as_ref().is_some_and(|rules| !rules.tickets.is_empty()));
        }
        let number = self.number();
        let nothing = || Known { rules: None, changed: HashSet::new(), number };
        self.known.entry(place.clone()).or_insert_with(nothing)
    }

    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

impl Rulebook {
    /// A rule of this bus was changed, and the change is committed.
    pub(super) fn changed(&self, scope: &Scope, bus: &str, rule: &str) {
        let mut buses = self.lock();
        let number = buses.number();
        let known = buses.of(&(scope.clone(), bus.to_owned()));
        known.number = number;
        known.changed.insert(rule.to_owned());
    }

    /// The bus's enabled rules with a pattern, as they are in the store.
    pub(super) async fn rules(&self, store: &Store, place: &Place) -> Result<Arc<Compiled>, Error> {
        let Known { rules, changed, number } = self.lock().of(place).clone();
        let rules = match rules {
            Some(rules) if changed.is_empty() => return Ok(rules),
            Some(rules) => Arc::new(refreshed(&rules, store, place, &changed).await?),
            None => Arc::new(load(store, place).await?),
        };
        // What was read before a change is not kept after it.
        if let Some(known) = self.lock().known.get_mut(place).filter(|known| known.number == number) {
            *known = Known { rules: Some(rules.clone()), changed: HashSet::new(), number };
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

    fn lock(&self) -> MutexGuard<'_, Buses> {
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

#[cfg(test)]
mod tests {
    use trainyard_domain::event::DEFAULT_BUS;

    use super::*;
    use crate::bus::tests::{scope, world};

    /// Everybody may tell something on the default bus of an account that there is nothing of.
    #[tokio::test]
    async fn accounts_that_are_made_up_take_no_room() {
        let world = world().await;
        world.rule(&serde_json::json!({"source": ["app"]})).await;
        let (store, book) = (&world.bus.ground.store, &world.bus.rulebook);
        let ours = (scope(), DEFAULT_BUS.to_owned());
        let known = book.rules(store, &ours).await.unwrap();
        for account in 1..=MOST {
            let place = (format!("{account:012}/us-east-1").parse().unwrap(), DEFAULT_BUS.to_owned());
            assert!(book.rules(store, &place).await.unwrap().tickets.is_empty());
        }
        assert!(book.lock().known.len() <= MOST);
        assert!(Arc::ptr_eq(&known, &book.rules(store, &ours).await.unwrap()), "what has rules stays");
    }
}
