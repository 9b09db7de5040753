//! What a target is given of an event: all of it, a part, a text of the user's, or a template filled in. Pure.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>

mod path;
mod template;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trainyard_domain::Arn;

pub(super) use self::path::Path;
use self::template::{Flaw, Template};
use super::{detail, told::Told};

/// What a target is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Shape {
    /// The event's envelope.
    #[default]
    Whole,
    /// Always the same JSON text (`Input`).
    Constant(String),
    /// The part of the envelope that the path names (`InputPath`).
    Part(String),
    /// A template with values out of the event (`InputTransformer`).
    Template {
        /// Which path each variable stands for.
        paths: Vec<(String, String)>,
        /// The template: JSON with `<variable>` in it.
        template: String,
    },
}

impl Shape {
    /// Says what is wrong with it, in AWS's words, as something that the target of that id could be given.
    pub fn check(&self, target: &str) -> Result<(), String> {
        match self {
            Self::Whole => Ok(()),
            Self::Constant(text) => text::read(text)
                .and_then(|input| detail::check_input(&input))
                .map_err(|why| format!("JSON syntax error in input for target {target} : {why}")),
            Self::Part(path) => is_path(path, "InputPath", target),
            Self::Template { paths, template } => {
                for (name, path) in paths {
                    let legal = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
                    if name.is_empty() || name.len() > 256 || !name.bytes().all(legal) {
                        return Err(format!(
                            "Invalid InputPathsMap for target {target}: `{name}` cannot be the name of a variable."
                        ));
                    }
                    is_path(path, "InputPathsMap", target)?;
                }
                let known =
                    |name: &str| RESERVED.contains(&name) || paths.iter().any(|(known, _)| known == name);
                Template::read(template).check(known).map_err(|flaw| match flaw {
                    Flaw::Unknown(name) => {
                        format!("InputTemplate for target {target} contains invalid placeholder {name}.")
                    }
                    Flaw::NotJson(why) => format!("Invalid InputTemplate for target {target} : {why}"),
                })
            }
        }
    }

    /// Whether the target gets the event's envelope.
    pub fn is_whole(&self) -> bool {
        matches!(self, Self::Whole)
    }

    /// What the target gets for this event. A part that the event does not have is null. A template may give nothing
    /// that is JSON, or too much, for this event: then nothing can be delivered.
    pub(super) fn of(&self, told: &Told, rule: &Arn) -> Result<Value, String> {
        let envelope = told.envelope();
        let input = match self {
            Self::Whole => envelope.clone(),
            Self::Constant(text) => text::read(text)?,
            Self::Part(path) => Path::read(path)?.follow(envelope).map(Cow::into_owned).unwrap_or_default(),
            Self::Template { paths, template } => {
                let mut known = Vec::with_capacity(paths.len());
                for (name, path) in paths {
                    known.push((name.as_str(), Path::read(path)?.follow(envelope)));
                }
                Template::read(template).fill(|name| {
                    match known.iter().find(|(known, _)| *known == name) {
                        Some((_, value)) => value.as_deref().map(Cow::Borrowed),
                        None => reserved(name, told, rule),
                    }
                })?
            }
        };
        detail::check_input(&input)?;
        Ok(input)
    }
}

fn is_path(path: &str, member: &str, target: &str) -> Result<(), String> {
    Path::read(path).map(drop).map_err(|why| format!("Invalid {member} for target {target}: {why}."))
}

const RESERVED: [&str; 5] = [
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event",
    "aws.events.event.json",
];

fn reserved<'t>(name: &str, told: &'t Told, rule: &Arn) -> Option<Cow<'t, Value>> {
    Some(match name {
        "aws.events.rule-arn" => Cow::Owned(rule.to_string().into()),
        "aws.events.rule-name" => Cow::Owned(rule.resource.rsplit('/').next().unwrap_or_default().into()),
        "aws.events.event.ingestion-time" => Cow::Owned(told.event.received().to_string().into()),
        "aws.events.event" => {
            let members = told.envelope().as_object().into_iter().flatten();
            let without = members.filter(|(name, _)| *name != "detail");
            Cow::Owned(without.map(|(name, value)| (name.clone(), value.clone())).collect())
        }
        "aws.events.event.json" => Cow::Borrowed(told.envelope()),
        _ => return None,
    })
}
