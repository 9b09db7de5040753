//! The paths that EventBridge follows in an event: names, indexes and wildcards, and no more of JSONPath than that.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>

use std::borrow::Cow;

use serde_json::Value;

/// A path that begins at the event.
pub(in crate::bus) struct Path(Vec<Step>);

enum Step {
    Name(String),
    Index(usize),
    All,
}

impl Path {
    /// Reads a path such as `$.detail.tags[0]`; the reason is for a person.
    pub(in crate::bus) fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a path such as $.detail.tags[0]");
        let mut rest = text.strip_prefix('$').ok_or_else(wrong)?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = step(rest).ok_or_else(wrong)?;
            steps.push(step);
            rest = after;
        }
        Ok(Self(steps))
    }

    /// What is there, if anything is. With a wildcard, a list of all that is there.
    pub(in crate::bus) fn follow<'e>(&self, event: &'e Value) -> Option<Cow<'e, Value>> {
        let mut found = vec![event];
        for step in &self.0 {
            found = match step {
                Step::Name(name) => found.iter().filter_map(|value| value.get(name)).collect(),
                Step::Index(index) => found.iter().filter_map(|value| value.get(index)).collect(),
                Step::All => found.iter().flat_map(|value| members(value)).collect(),
            };
        }
        if self.0.iter().any(|step| matches!(step, Step::All)) {
            return Some(Cow::Owned(Value::Array(found.into_iter().cloned().collect())));
        }
        found.first().map(|value| Cow::Borrowed(*value))
    }
}

fn members(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => Vec::new(),
    }
}

fn step(text: &str) -> Option<(Step, &str)> {
    if let Some(rest) = text.strip_prefix('.') {
        if let Some(rest) = rest.strip_prefix('*') {
            return Some((Step::All, rest));
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        let legal = |c: char| c.is_alphanumeric() || "_-/:@ ".contains(c);
        return (!name.is_empty() && name.chars().all(legal)).then(|| (Step::Name(name.to_owned()), rest));
    }
    let (inside, rest) = text.strip_prefix('[')?.split_once(']')?;
    let quoted = |mark: char| inside.strip_prefix(mark)?.strip_suffix(mark);
    let step = match quoted('\'').or_else(|| quoted('"')) {
        Some(name) => Step::Name(name.to_owned()),
        None if inside == "*" => Step::All,
        None => Step::Index(inside.parse().ok()?),
    };
    Some((step, rest))
}
