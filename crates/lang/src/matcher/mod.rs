//! Finds, among many rules, those whose patterns an event matches, in one pass over the event's text.
//!
//! Only the fields that rules name are read. Each alternative of a pattern is a [`Clause`]: it is put, in the index of
//! one of its fields, where the values that it waits for find it. An event's values find a few clauses, and those are
//! judged whole. What the index finds may be too much and never too little, so that it decides about time only.
//!
//! A copy of a [`Matcher`] shares nearly all with the original: whoever changes one copies it, changes the copy and
//! hands that out, and nobody who is matching waits.

mod affixes;
mod clause;
mod headed;
mod index;
mod join;
mod lanes;
mod names;
mod pieces;
mod posting;
mod ranges;
mod reader;
mod seen;
mod skip;
mod sorted;
mod table;
#[cfg(test)]
mod tests;

use std::{hash::RandomState, sync::Arc};

use self::{
    clause::{Clause, Condition, Judge},
    index::Index,
    names::Name,
    posting::Posting,
    reader::Reader,
    seen::Seen,
    sorted::Sorted,
    table::Table,
};
use crate::pattern::{Alternative, Handle, Pattern};

/// The rules, each with what it is known by.
#[derive(Clone, Debug)]
pub struct Matcher<R> {
    names: Arc<Name>,
    fields: Table<Arc<Field>>,
    conditions: Table<Condition>,
    /// Conditions by what they say.
    said: Sorted<Arc<str>, u32>,
    clauses: Table<Clause>,
    /// Clauses by their conditions.
    together: Sorted<Arc<[u32]>, u32>,
    rules: Table<(R, Arc<[u32]>)>,
    /// Clauses that wait for fields that are not there.
    always: Posting,
    hasher: RandomState,
    len: usize,
}

/// A field that rules name.
#[derive(Clone, Debug)]
struct Field {
    name: Arc<str>,
    index: Index,
    /// How many conditions are about it.
    conditions: usize,
}

/// By which a rule is taken away again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u32);

/// An event that is no JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event is no JSON object, at byte {at}")]
pub struct NotAnEvent {
    /// Where it was noticed.
    pub at: usize,
}

/// Room to match in, used again from event to event.
#[derive(Debug, Default)]
pub struct Room {
    seen: Seen,
    found: Vec<u32>,
    judge: Judge,
    matching: Vec<Ticket>,
}

/// Whether the event matches the pattern. Who has more than one of either uses a [`Matcher`].
pub fn matches(pattern: &Pattern, event: &str) -> Result<bool, NotAnEvent> {
    let mut matcher = Matcher::default();
    matcher.add(pattern, ());
    matcher.matching(event, &mut Room::default()).map(|found| !found.is_empty())
}

impl<R> Default for Matcher<R> {
    fn default() -> Self {
        Self {
            names: Arc::default(),
            fields: Table::default(),
            conditions: Table::default(),
            said: Sorted::default(),
            clauses: Table::default(),
            together: Sorted::default(),
            rules: Table::default(),
            always: Posting::default(),
            hasher: RandomState::new(),
            len: 0,
        }
    }
}

impl<R: Clone> Matcher<R> {
    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The rule that got the ticket.
    pub fn rule(&self, ticket: Ticket) -> Option<&R> {
        self.rules.get(ticket.0).map(|(rule, _)| rule)
    }

    /// The rules whose patterns the event matches, each once, in no particular order. The event is the text of a JSON
    /// object in which no name stands twice; what no rule names is not checked.
    pub fn matching<'r>(&self, event: &str, room: &'r mut Room) -> Result<&'r [Ticket], NotAnEvent> {
        let Room { seen, found, judge, matching } = room;
        seen.begin(self.fields.ever());
        matching.clear();
        Reader::read(event, &self.names, seen)?;
        judge.begin(self.conditions.ever(), self.clauses.ever(), self.rules.ever());
        found.clear();
        found.extend_from_slice(self.always.as_slice());
        for &number in &seen.found {
            let Some(field) = self.fields.get(number) else { continue };
            for leaf in seen.values(number) {
                field.index.find(&self.hasher, &seen.scalar(event, leaf.held), found);
            }
        }
        for &number in &*found {
            if let Some(clause) = self.clauses.get(number)
                && judge.is_new_clause(number)
                && judge.holds(clause, &self.conditions, seen, event)
            {
                let new = clause.rules.iter().filter(|rule| judge.is_new_rule(**rule));
                matching.extend(new.map(|rule| Ticket(*rule)));
            }
        }
        Ok(matching)
    }

    /// Adds a rule.
    pub fn add(&mut self, pattern: &Pattern, rule: R) -> Ticket {
        let number = self.rules.add((rule, Arc::default()));
        let mut clauses: Vec<u32> =
            pattern.alternatives().iter().map(|alternative| self.add_clause(alternative)).collect();
        clauses.sort_unstable();
        clauses.dedup();
        for clause in &clauses {
            if let Some(clause) = self.clauses.get_mut(*clause) {
                Arc::make_mut(&mut clause.rules).push(number);
            }
        }
        if let Some((_, of_rule)) = self.rules.get_mut(number) {
            *of_rule = clauses.into();
        }
        self.len += 1;
        Ticket(number)
    }

    /// Takes a rule away; nothing if it was before.
    pub fn remove(&mut self, ticket: Ticket) -> Option<R> {
        let (rule, clauses) = self.rules.remove(ticket.0)?;
        for number in &*clauses {
            if let Some(clause) = self.clauses.get_mut(*number) {
                Arc::make_mut(&mut clause.rules).retain(|rule| *rule != ticket.0);
                if clause.rules.is_empty() {
                    self.remove_clause(*number);
                }
            }
        }
        self.len -= 1;
        Some(rule)
    }

    /// The clause of these conditions, made if there is none.
    fn add_clause(&mut self, alternative: &Alternative) -> u32 {
        let conditions: Arc<[u32]> =
            alternative.iter().map(|(name, tests)| self.add_condition(name, tests)).collect();
        if let Some(number) = self.together.get(&*conditions) {
            return *number;
        }
        for number in &*conditions {
            if let Some(condition) = self.conditions.get_mut(*number) {
                condition.clauses += 1;
            }
        }
        let by_load = conditions.iter().min_by_key(|condition| self.load(**condition));
        let found_by = by_load.copied().unwrap_or_default();
        let clause = Clause::new(conditions.clone(), found_by, &self.conditions);
        let number = self.clauses.add(clause);
        self.together.change(&conditions, |_| Some(number));
        self.change_posting(found_by, |posting| posting.with(number));
        number
    }

    fn remove_clause(&mut self, number: u32) {
        let Some(clause) = self.clauses.remove(number) else { return };
        self.together.change(&clause.conditions, |_| None);
        self.change_posting(clause.found_by, |posting| posting.without(number));
        for condition in &*clause.conditions {
            self.remove_condition(*condition);
        }
    }

    fn load(&self, condition: u32) -> usize {
        let Some(condition) = self.conditions.get(condition) else { return usize::MAX };
        let Some(field) = self.fields.get(condition.field) else { return usize::MAX };
        let handles = condition.tests.tests.iter().map(|test| test.handle());
        handles.map(|handle| field.index.load(&self.hasher, handle)).fold(0, usize::saturating_add)
    }

    /// Changes what finds the condition: each of its tests does.
    fn change_posting(&mut self, condition: u32, change: impl Fn(Posting) -> Posting) {
        let Some(condition) = self.conditions.get(condition) else { return };
        let Some(field) = self.fields.get_mut(condition.field) else { return };
        let index = &mut Arc::make_mut(field).index;
        for test in &condition.tests.tests {
            index.change(&self.hasher, test.handle(), &change);
        }
        if condition.tests.tests.iter().any(|test| matches!(test.handle(), Handle::Absent)) {
            self.always = change(std::mem::take(&mut self.always));
        }
    }

    /// The condition that says this, made if there is none.
    fn add_condition(&mut self, name: &str, tests: &Arc<crate::pattern::Tests>) -> u32 {
        let said: Arc<str> = format!("{name}\0{}", tests.written).into();
        if let Some(number) = self.said.get(&said) {
            return *number;
        }
        let field = self.names.way(name).and_then(|name| name.field).unwrap_or_else(|| {
            let field = Field { name: name.into(), index: Index::default(), conditions: 0 };
            let number = self.fields.add(Arc::new(field));
            Arc::make_mut(&mut self.names).set(name, Some(number));
            number
        });
        if let Some(field) = self.fields.get_mut(field) {
            Arc::make_mut(field).conditions += 1;
        }
        let number = self.conditions.add(Condition::new(field, tests.clone(), said.clone()));
        self.said.change(&said, |_| Some(number));
        number
    }

    /// Takes the condition away if no clause has it any more, and its field if no condition is about it.
    fn remove_condition(&mut self, number: u32) {
        let Some(condition) = self.conditions.get_mut(number) else { return };
        condition.clauses -= 1;
        if condition.clauses > 0 {
            return;
        }
        let Some(condition) = self.conditions.remove(number) else { return };
        self.said.change(&condition.said, |_| None);
        let Some(field) = self.fields.get_mut(condition.field) else { return };
        let field = Arc::make_mut(field);
        field.conditions -= 1;
        if field.conditions == 0 {
            Arc::make_mut(&mut self.names).set(&field.name, None);
            self.fields.remove(condition.field);
        }
    }
}
