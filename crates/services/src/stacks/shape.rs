//! Which properties a type honours, and what is said of others. Pure.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};
use serde_json::Value;
use trainyard_domain::typed::{self, Step};
use trainyard_lang::source::{Content, Cursor, Diagnostic, Position};

/// The shape of a property.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// Whatever its value is, it is honoured or checked later.
    Any,
    /// A map with these members.
    Map(&'static [(&'static str, Shape)]),
    /// A list of these.
    List(&'static Shape),
}

/// Reports every property that the shape does not have, wherever it stands. Functions are passed over: what they give
/// is checked when it is known.
pub(super) fn unknown(at: &Cursor<'_>, shape: Shape, of: &str, found: &mut Vec<Diagnostic>) {
    if is_function(at) {
        return;
    }
    match shape {
        Shape::Any => {}
        Shape::List(item) => at.items().for_each(|at| unknown(&at, *item, of, found)),
        Shape::Map(members) => {
            for (key, at) in at.entries() {
                match members.iter().find(|(known, _)| *known == key) {
                    Some((_, shape)) => unknown(&at, *shape, of, found),
                    None => {
                        found.push(at.key_error(format!(
                            "the property `{key}` of {of} is not supported: leave it out"
                        )));
                    }
                }
            }
        }
    }
}

fn is_function(at: &Cursor<'_>) -> bool {
    match &at.node.content {
        Content::Map(entries) => match entries.as_slice() {
            [only] => only.key == "Ref" || only.key.starts_with("Fn::"),
            _ => false,
        },
        _ => false,
    }
}

/// A value that does not fit, and the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    /// Member names and indexes.
    pub path: Vec<String>,
    /// What is wrong.
    pub message: String,
    /// Where in a file of its own, if the property's value came from one.
    pub within: Option<Position>,
}

impl Misfit {
    /// About a property.
    pub(super) fn at(path: &[&str], message: impl Into<String>) -> Self {
        Self {
            path: path.iter().map(|step| (*step).to_owned()).collect(),
            message: message.into(),
            within: None,
        }
    }

    /// As a finding about the resource's properties: at the deepest place that the text has.
    pub(super) fn place(&self, properties: &Cursor<'_>, of: &str) -> Diagnostic {
        let mut at = properties.clone();
        for step in &self.path {
            let next = match step.parse::<usize>() {
                Ok(index) => at.items().nth(index),
                Err(_) => at.get(step),
            };
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
        at.error(format!("{of}: {}", self.message))
    }
}

/// Properties as a typed value.
pub(super) fn read<T: DeserializeOwned>(properties: &Value) -> Result<T, Misfit> {
    typed::read(properties.clone()).map_err(|misfit| {
        let steps = misfit.path.into_iter().map(|step| match step {
            Step::Element(index) => index.to_string(),
            Step::Member(name) => name,
        });
        Misfit { path: steps.collect(), message: in_words(&misfit.message), within: None }
    })
}

fn in_words(message: &str) -> String {
    let named = |start: &str| message.strip_prefix(start).and_then(|rest| rest.split('`').next());
    if let Some(member) = named("missing field `") {
        return format!("the property `{member}` is missing");
    }
    if let Some(member) = named("unknown field `") {
        return format!("the property `{member}` is not supported: leave it out");
    }
    message.to_owned()
}

/// A scalar of a template as text: CloudFormation takes numbers and truths for it as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text(pub String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Value::deserialize(from)? {
            Value::String(text) => Ok(Self(text)),
            Value::Number(number) => Ok(Self(number.to_string())),
            Value::Bool(truth) => Ok(Self(truth.to_string())),
            other => Err(D::Error::custom(format!("a text must stand here, not {other}"))),
        }
    }
}

/// A truth or number of a template, which may be written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scalar<T>(pub T);

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Scalar<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(from)?;
        text.parse().map(Self).map_err(|why| D::Error::custom(format!("`{text}` does not fit: {why}")))
    }
}

/// A tag of a template.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Tag {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: Text,
}

/// The shape of tags.
pub(super) const TAGS: Shape = Shape::List(&Shape::Map(&[("Key", Shape::Any), ("Value", Shape::Any)]));

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    #[allow(dead_code, reason = "only read into")]
    struct Properties {
        name: Text,
        #[serde(default)]
        parts: Vec<Part>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    #[allow(dead_code, reason = "only read into")]
    struct Part {
        size: Scalar<u32>,
    }

    #[test]
    fn misfits_say_where() {
        let check = |value: Value, path: &[&str], part: &str| {
            let misfit = read::<Properties>(&value).unwrap_err();
            assert_eq!(misfit.path, path);
            assert!(misfit.message.contains(part), "{}", misfit.message);
        };
        check(json!({}), &[], "`Name` is missing");
        check(json!({"Name": {}}), &["Name"], "a text must stand here");
        check(json!({"Name": 1, "Parts": [{"Size": "3"}, {"Size": "x"}]}), &["Parts", "1", "Size"], "`x`");
        check(json!({"Name": 1, "Parts": [{"Size": 3, "Colour": 1}]}), &["Parts", "0", "Colour"], "`Colour`");
    }
}
