//! Whether a pattern can match anything that the known events can be.

use serde_json::{Value, json};

use super::{Field, KINDS, Kind, Values};
use crate::{
    pattern::{Alternative, Handle, Pattern, Scalar, Tests},
    source::{Diagnostic, Pointer},
};

/// What is wrong with the pattern, or will surprise its author. A pattern for events that are not known is not judged.
pub fn judge(pattern: &Pattern) -> Vec<Diagnostic> {
    let judged: Vec<_> = pattern.alternatives().iter().map(verdict).collect();
    if judged.iter().any(|verdict| matches!(verdict, Verdict::Unknown)) {
        return Vec::new();
    }
    let undecided: Vec<_> = judged.iter().filter_map(Verdict::undecided).collect();
    if !undecided.is_empty() {
        return undecided
            .into_iter()
            .flatten()
            .map(|(kind, field, alternative)| acts_on_all(kind, field, alternative))
            .collect();
    }
    judged.into_iter().filter_map(Verdict::never).take(1).collect()
}

enum Verdict<'a> {
    /// It waits for events that are not known.
    Unknown,
    /// It can match; these kinds have a field that says what was decided, and it is not looked at.
    Can(Vec<(&'static Kind, &'static str, &'a Alternative)>),
    /// It can never match, and why.
    Never(Diagnostic),
}

impl<'a> Verdict<'a> {
    fn undecided(&self) -> Option<Vec<(&'static Kind, &'static str, &'a Alternative)>> {
        if let Self::Can(undecided) = self { Some(undecided.clone()) } else { None }
    }

    fn never(self) -> Option<Diagnostic> {
        if let Self::Never(why) = self { Some(why) } else { None }
    }
}

fn verdict(alternative: &Alternative) -> Verdict<'_> {
    let passes = |name: &str, text: &str| {
        alternative
            .get(name)
            .is_none_or(|tests| tests.tests.iter().any(|test| test.passes(&Scalar::Text(text))))
    };
    let told: Vec<_> = KINDS.iter().filter(|kind| passes("source", kind.source)).collect();
    let kinds: Vec<_> = told.iter().filter(|kind| passes("detail-type", kind.detail_type)).collect();
    // Of a service that is known there may be events that are not.
    if kinds.is_empty() || !alternative.contains_key("detail-type") {
        return Verdict::Unknown;
    }
    let judged: Vec<_> = kinds.iter().map(|kind| (**kind, faults(kind, alternative))).collect();
    let can = judged.iter().filter(|(_, faults)| faults.is_empty()).map(|(kind, _)| *kind);
    let can: Vec<_> = can.collect();
    if can.is_empty() {
        let nearest = judged.into_iter().min_by_key(|(_, faults)| faults.len());
        return nearest
            .map_or(Verdict::Unknown, |(kind, faults)| Verdict::Never(never(kind, &faults, alternative)));
    }
    let undecided = can.into_iter().filter_map(|kind| {
        let field = kind.decided_by?;
        (!alternative.contains_key(&format!("detail.{field}"))).then_some((kind, field, alternative))
    });
    Verdict::Can(undecided.collect())
}

/// The names of fields of the kind that can never be as the pattern wants them.
fn faults<'a>(kind: &Kind, alternative: &'a Alternative) -> Vec<&'a str> {
    let wrong = |(name, tests): (&'a String, &Tests)| {
        let below = name.strip_prefix("detail.")?;
        (!can_pass(kind, below, tests)).then_some(name.as_str())
    };
    alternative.iter().filter_map(|(name, tests)| wrong((name, &**tests))).collect()
}

fn field_of(kind: &Kind, name: &str) -> Option<&'static Field> {
    let leads = |field: &Field| name.strip_prefix(field.name).is_some_and(|rest| rest.starts_with('.'));
    kind.fields.iter().find(|field| field.name == name || field.values == Values::Open && leads(field))
}

fn can_pass(kind: &Kind, name: &str, tests: &Tests) -> bool {
    let Some(field) = field_of(kind, name) else {
        return tests.tests.iter().any(|test| test.passes_absent());
    };
    tests.tests.iter().any(|test| {
        test.passes_absent()
            || match field.values {
                Values::OneOf(texts) => texts.iter().any(|text| test.passes(&Scalar::Text(text))),
                Values::Text | Values::Texts => !matches!(test.handle(), Handle::Range(..) | Handle::Bool(_)),
                Values::Number => matches!(test.handle(), Handle::Range(..) | Handle::Any | Handle::Null),
                Values::Bool => matches!(test.handle(), Handle::Bool(_) | Handle::Any | Handle::Null),
                Values::Open => true,
            }
    })
}

fn never(kind: &Kind, faults: &[&str], alternative: &Alternative) -> Diagnostic {
    let name = faults.first().copied().unwrap_or_default();
    let below = name.strip_prefix("detail.").unwrap_or(name);
    let why = match field_of(kind, below) {
        Some(Field { values: Values::OneOf(texts), .. }) => {
            format!("`{name}` of \"{}\" is one of {}", kind.detail_type, texts.join(", "))
        }
        Some(_) => format!("`{name}` of \"{}\" is never of that type", kind.detail_type),
        None => {
            let names: Vec<_> = kind.fields.iter().map(|field| field.name).collect();
            let others = KINDS.iter().filter(|other| other.source == kind.source);
            let other = others.into_iter().find(|other| field_of(other, below).is_some());
            let other = other.map_or(String::new(), |other| format!("; \"{}\" has it", other.detail_type));
            format!("\"{}\" has no `{name}`, it has {}{other}", kind.detail_type, names.join(", "))
        }
    };
    let nearest = sample(kind, alternative, None);
    Diagnostic::warning(format!(
        "this pattern can never match: {why}; the nearest event that is told: {nearest}"
    ))
    .with_code("EVENT_PATTERN_NEVER_MATCHES")
    .pointing(pointer(name))
}

fn acts_on_all(kind: &Kind, field: &str, alternative: &Alternative) -> Diagnostic {
    let all = kind.fields.iter().find(|one| one.name == field);
    let Some(Field { values: Values::OneOf([wanted, others @ ..]), .. }) = all else {
        return Diagnostic::warning(format!("the pattern does not look at `detail.{field}`"));
    };
    let nearest = sample(kind, alternative, others.first().map(|other| (field, *other)));
    Diagnostic::warning(format!(
        "this pattern also matches when {field} is {}: add \"{field}\": [\"{wanted}\"] to `detail` if only that is \
         meant; it would match {nearest}",
        others.join(" or ")
    ))
    .with_code("EVENT_PATTERN_ACTS_ON_EVERY_DECISION")
    .pointing(pointer("detail"))
}

/// An event of the kind, with the pattern's own values where they can be.
fn sample(kind: &Kind, alternative: &Alternative, decided: Option<(&str, &str)>) -> Value {
    let mut event = json!({"source": kind.source, "detail-type": kind.detail_type, "detail": {}});
    for field in kind.fields {
        let tests = alternative.get(&format!("detail.{}", field.name));
        let text = match (decided, field.values) {
            (Some((name, value)), _) if name == field.name => Some(value.to_owned()),
            (_, Values::OneOf(texts)) => {
                let passes = |text: &&&str| {
                    tests.is_none_or(|tests| tests.tests.iter().any(|test| test.passes(&Scalar::Text(text))))
                };
                texts.iter().find(passes).or(texts.first()).map(|text| (*text).to_owned())
            }
            (_, Values::Text) => {
                tests.and_then(|tests| tests.tests.iter().find_map(|test| written(test.handle())))
            }
            _ => None,
        };
        if let Some(text) = text {
            let mut here = &mut event["detail"];
            for step in field.name.split('.') {
                here = &mut here[step];
            }
            *here = text.into();
        }
    }
    event
}

/// A text that passes, if one can be read off the test.
fn written(handle: Handle<'_>) -> Option<String> {
    match handle {
        Handle::Text(text) | Handle::AnyCase(text) | Handle::Prefix(text) | Handle::Suffix(text) => {
            Some(text.to_owned())
        }
        _ => None,
    }
}

fn pointer(name: &str) -> Pointer {
    name.split('.').fold(Pointer::root(), |at, step| at.key(step))
}
