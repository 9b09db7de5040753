//! What must be true together, and whether it is.

use std::sync::Arc;

use super::{
    join::{self, Membership},
    seen::Seen,
    table::Table,
};
use crate::pattern::{Handle, Scalar, Tests};

/// One field and its tests: one of them must hold.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) field: u32,
    pub(super) tests: Arc<Tests>,
    /// The name and the tests, as they were written.
    pub(super) said: Arc<str>,
    /// How many clauses have it.
    pub(super) clauses: usize,
    /// Whether no value of the field is right too.
    absent: bool,
    /// The texts among the tests, sorted, if there are too many to be tried one after the other.
    texts: Option<Arc<[String]>>,
}

/// So many texts are tried one after the other.
const FEW_TEXTS: usize = 8;

impl Condition {
    pub(super) fn new(field: u32, tests: Arc<Tests>, said: Arc<str>) -> Self {
        let absent = tests.tests.iter().any(|test| test.passes_absent());
        let mut texts: Vec<String> = Vec::new();
        for test in &tests.tests {
            if let Handle::Text(text) = test.handle() {
                texts.push(text.to_owned());
            }
        }
        let only_texts = texts.len() == tests.tests.len() && texts.len() > FEW_TEXTS;
        texts.sort_unstable();
        Self { field, tests, said, clauses: 0, absent, texts: only_texts.then(|| texts.into()) }
    }

    fn passes(&self, value: &Scalar<'_>) -> bool {
        match (&self.texts, value) {
            (Some(texts), Scalar::Text(text)) => {
                texts.binary_search_by(|this| this.as_str().cmp(text)).is_ok()
            }
            (Some(_), _) => false,
            (None, _) => self.tests.tests.iter().any(|test| test.passes(value)),
        }
    }

    fn holds(&self, seen: &Seen, event: &str) -> bool {
        let mut values = seen.values(self.field).peekable();
        if values.peek().is_none() {
            return self.absent;
        }
        values.any(|leaf| self.passes(&seen.scalar(event, leaf.held)))
    }

    /// Where the values that pass stand in lists; nothing if one of them stands in none and so goes with all others.
    fn memberships(&self, seen: &Seen, event: &str) -> Option<Vec<Membership>> {
        let mut members: Vec<u32> = Vec::new();
        for leaf in seen.values(self.field).filter(|leaf| self.passes(&seen.scalar(event, leaf.held))) {
            if leaf.member == 0 {
                return None;
            }
            if members.last() != Some(&leaf.member) {
                members.push(leaf.member);
            }
        }
        Some(members.into_iter().map(|member| seen.membership(member)).collect())
            .filter(|all: &Vec<_>| !all.is_empty())
    }
}

/// An alternative of a pattern, which rules with the same one share.
#[derive(Clone, Debug)]
pub(super) struct Clause {
    /// In the order of the fields' names.
    pub(super) conditions: Arc<[u32]>,
    /// The condition by which it is found.
    pub(super) found_by: u32,
    pub(super) rules: Arc<Vec<u32>>,
    /// The conditions in the order in which they are looked at: those that many clauses have were looked at already.
    order: Arc<[u32]>,
}

impl Clause {
    pub(super) fn new(conditions: Arc<[u32]>, found_by: u32, all: &Table<Condition>) -> Self {
        let mut order = conditions.to_vec();
        order.sort_by_key(|number| std::cmp::Reverse(all.get(*number).map_or(0, |one| one.clauses)));
        Self { conditions, found_by, rules: Arc::default(), order: order.into() }
    }
}

/// Judges the clauses that an event has found; looks at each condition once.
#[derive(Debug, Default)]
pub(super) struct Judge {
    /// Counts the events: a mark of another one counts as nothing.
    event: u32,
    conditions: Vec<Mark>,
    clauses: Vec<u32>,
    rules: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    event: u32,
    holds: bool,
}

impl Judge {
    /// Forgets all; the numbers to come are below these.
    pub(super) fn begin(&mut self, conditions: usize, clauses: usize, rules: usize) {
        self.event = self.event.wrapping_add(1);
        if self.event == 0 {
            *self = Self { event: 1, ..Self::default() };
        }
        let grow = |marks: &mut Vec<u32>, len: usize| marks.resize(len.max(marks.len()), 0);
        grow(&mut self.clauses, clauses);
        grow(&mut self.rules, rules);
        self.conditions.resize(conditions.max(self.conditions.len()), Mark::default());
    }

    /// Whether the clause is asked for the first time.
    pub(super) fn is_new_clause(&mut self, number: u32) -> bool {
        std::mem::replace(&mut self.clauses[number as usize], self.event) != self.event
    }

    /// Whether the rule is asked for the first time.
    pub(super) fn is_new_rule(&mut self, number: u32) -> bool {
        std::mem::replace(&mut self.rules[number as usize], self.event) != self.event
    }

    /// Whether all conditions of the clause hold, by values that belong together.
    pub(super) fn holds(
        &mut self,
        clause: &Clause,
        conditions: &Table<Condition>,
        seen: &Seen,
        event: &str,
    ) -> bool {
        for &number in &*clause.order {
            let mark = &mut self.conditions[number as usize];
            if mark.event != self.event {
                let holds = conditions.get(number).is_some_and(|one| one.holds(seen, event));
                *mark = Mark { event: self.event, holds };
            }
            if !mark.holds {
                return false;
            }
        }
        !seen.has_members() || belongs_together(clause, conditions, seen, event)
    }
}

fn belongs_together(clause: &Clause, conditions: &Table<Condition>, seen: &Seen, event: &str) -> bool {
    let all = clause.conditions.iter().filter_map(|number| conditions.get(*number));
    let in_lists: Vec<_> = all.filter(|condition| seen.in_lists(condition.field)).collect();
    if in_lists.len() < 2 {
        return true;
    }
    let fields: Vec<_> = in_lists.iter().filter_map(|one| one.memberships(seen, event)).collect();
    fields.len() < 2 || join::consistent(&fields)
}
