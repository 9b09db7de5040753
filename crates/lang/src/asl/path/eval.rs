//! Following a path.

use std::{borrow::Cow, fmt::Write as _};

use serde_json::{Map, Value};

use super::{Path, Step};
use crate::asl::parts::Node;

/// How many nodes the paths of one state may visit: far more than honest ones do, far less than `$..*..*` would.
pub(crate) const VISITS: u32 = 1_000_000;

/// What a path has found.
#[derive(Debug, PartialEq)]
pub enum Found<'v> {
    /// The node that a definite path names.
    One(&'v Value),
    /// The members that a definite path gathers, as `$['a','b']` does.
    Gathered(Map<String, Value>),
    /// The nodes, in the order of the document, that an indefinite path names.
    Many(Vec<&'v Value>),
}

/// Why a path has found nothing.
#[derive(Debug, PartialEq, Eq)]
pub enum Missing {
    /// A definite path names no node: the reason in AWS's words.
    NoResult(String),
    /// The path would visit too many nodes.
    TooMuch,
}

impl<'v> Found<'v> {
    /// The value; a single node is not copied.
    pub fn into_cow(self) -> Cow<'v, Value> {
        match self {
            Self::One(value) => Cow::Borrowed(value),
            other => Cow::Owned(other.into_value()),
        }
    }

    /// What was found, one by one.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Value> {
        let (one, gathered, many) = match self {
            Self::One(value) => (Some(*value), None, &[][..]),
            Self::Gathered(members) => (None, Some(members.values()), &[][..]),
            Self::Many(all) => (None, None, &all[..]),
        };
        one.into_iter().chain(gathered.into_iter().flatten()).chain(many.iter().copied())
    }

    /// The value itself.
    pub fn into_value(self) -> Value {
        match self {
            Self::One(value) => value.clone(),
            Self::Gathered(members) => Value::Object(members),
            Self::Many(all) => Value::Array(all.into_iter().cloned().collect()),
        }
    }
}

impl Missing {
    /// The variable that the path begins at has no value here.
    pub(crate) fn no_variable(path: &str) -> Self {
        Self::NoResult(format!("No results for path: {path}"))
    }

    /// For a person, in AWS's words where AWS has any.
    pub fn reason(&self) -> &str {
        match self {
            Self::NoResult(reason) => reason,
            Self::TooMuch => "The path visits too many nodes",
        }
    }
}

/// Nodes that may still be visited.
pub(crate) struct Budget(pub(crate) u32);

/// The budget is used up.
pub(super) struct TooMuch;

impl Budget {
    fn take(&mut self) -> Result<(), TooMuch> {
        self.0 = self.0.checked_sub(1).ok_or(TooMuch)?;
        Ok(())
    }
}

impl Path {
    /// Follows the path from the value that its first `$…` means.
    pub fn find<'v>(&self, root: &'v Value) -> Result<Found<'v>, Missing> {
        self.find_at(Node::Value(root))
    }

    /// The same where the value may be in parts.
    pub(crate) fn find_at<'v>(&self, root: Node<'v>) -> Result<Found<'v>, Missing> {
        self.find_within(&mut Budget(VISITS), root)
    }

    /// The same as one of several paths that share a budget.
    pub(crate) fn find_within<'v>(&self, budget: &mut Budget, root: Node<'v>) -> Result<Found<'v>, Missing> {
        if self.is_definite() {
            return self.follow(root);
        }
        let (mut from, mut steps) = (root, &self.steps[..]);
        while let (Node::Parts(_), [Step::Child(name), below @ ..]) = (from, steps) {
            let Some(member) = from.member(name) else { return Ok(Found::Many(Vec::new())) };
            (from, steps) = (member, below);
        }
        select(steps, from.value(), root, budget).map(Found::Many).map_err(|TooMuch| Missing::TooMuch)
    }

    fn follow<'v>(&self, root: Node<'v>) -> Result<Found<'v>, Missing> {
        let mut here = root;
        for (at, step) in self.steps.iter().enumerate() {
            if let Step::Children(names) = step {
                return Ok(Found::Gathered(gather(here, names)));
            }
            let Some(next) = below(here, step) else {
                let inner = at + 1 < self.steps.len();
                let missing = inner && here.is_object();
                let (what, steps) = if missing {
                    ("Missing property in path", &self.steps[..=at])
                } else {
                    ("No results for path:", &self.steps[..])
                };
                return Err(Missing::NoResult(format!("{what} {}", normalised(steps))));
            };
            here = next;
        }
        Ok(Found::One(here.value()))
    }
}

/// The one place that a definite step leads to.
fn below<'v>(here: Node<'v>, step: &Step) -> Option<Node<'v>> {
    match (step, here) {
        (Step::Child(name), Node::Parts(_)) => here.member(name),
        (_, Node::Parts(_)) => None,
        (_, Node::Value(value)) => only(value, step).map(Node::Value),
    }
}

/// The one node that a definite step leads to.
fn only<'v>(here: &'v Value, step: &Step) -> Option<&'v Value> {
    match (step, here) {
        (Step::Child(name), Value::Object(members)) => members.get(name),
        (Step::Index(index), Value::Array(items)) => items.get(position(*index, items.len())?),
        _ => None,
    }
}

fn gather(here: Node<'_>, names: &[String]) -> Map<String, Value> {
    let members = names.iter().filter_map(|name| Some((name.clone(), here.member(name)?.value().clone())));
    members.collect()
}

/// Negative indexes count from the end.
pub(super) fn position(index: i64, len: usize) -> Option<usize> {
    let index = if index < 0 { index.checked_add(i64::try_from(len).ok()?)? } else { index };
    usize::try_from(index).ok()
}

/// The nodes that the steps lead to, in document order.
pub(super) fn select<'v>(
    steps: &[Step],
    from: &'v Value,
    root: Node<'v>,
    budget: &mut Budget,
) -> Result<Vec<&'v Value>, TooMuch> {
    let mut here = vec![from];
    for step in steps {
        let mut next = Vec::new();
        for node in here {
            budget.take()?;
            spread(step, node, root, &mut next, budget)?;
        }
        here = next;
    }
    Ok(here)
}

fn spread<'v>(
    step: &Step,
    node: &'v Value,
    root: Node<'v>,
    out: &mut Vec<&'v Value>,
    budget: &mut Budget,
) -> Result<(), TooMuch> {
    match (step, node) {
        (Step::Child(_) | Step::Index(_), _) => out.extend(only(node, step)),
        (Step::Children(names), Value::Object(members)) => {
            out.extend(names.iter().filter_map(|name| members.get(name)));
        }
        (Step::Indexes(all), Value::Array(items)) => {
            out.extend(all.iter().filter_map(|index| items.get(position(*index, items.len())?)));
        }
        (Step::Slice { from, to }, Value::Array(items)) => out.extend(slice(items, *from, *to)),
        (Step::Wildcard, Value::Array(items)) => out.extend(items),
        (Step::Wildcard, Value::Object(members)) => out.extend(members.values()),
        (Step::Filter(filter), Value::Array(items)) => {
            for item in items {
                budget.take()?;
                if filter.keeps(item, root, budget)? {
                    out.push(item);
                }
            }
        }
        (Step::Filter(filter), Value::Object(_)) if filter.keeps(node, root, budget)? => out.push(node),
        (Step::Descend, _) => descend(node, out, budget)?,
        _ => {}
    }
    Ok(())
}

fn slice(items: &[Value], from: Option<i64>, to: Option<i64>) -> &[Value] {
    let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let clamp = |index: i64| if index < 0 { index.saturating_add(len).max(0) } else { index.min(len) };
    let (from, to) = (clamp(from.unwrap_or(0)), clamp(to.unwrap_or(len)));
    let range = usize::try_from(from).unwrap_or(0)..usize::try_from(to).unwrap_or(0);
    items.get(range).unwrap_or_default()
}

fn descend<'v>(node: &'v Value, out: &mut Vec<&'v Value>, budget: &mut Budget) -> Result<(), TooMuch> {
    budget.take()?;
    out.push(node);
    match node {
        Value::Array(items) => items.iter().try_for_each(|item| descend(item, out, budget)),
        Value::Object(members) => members.values().try_for_each(|member| descend(member, out, budget)),
        _ => Ok(()),
    }
}

/// `$['a'][0]`, as AWS spells a path in its messages.
fn normalised(steps: &[Step]) -> String {
    let mut text = "$".to_owned();
    for step in steps {
        let _ = match step {
            Step::Child(name) => write!(text, "['{name}']"),
            Step::Index(index) => write!(text, "[{index}]"),
            Step::Children(names) => write!(text, "['{}']", names.join("','")),
            _ => Ok(()),
        };
    }
    text
}
