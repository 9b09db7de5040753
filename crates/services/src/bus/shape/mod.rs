//! What a target is given of an event: all of it, a part, a text of the user's, or a template filled in. Pure.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>

mod path;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trainyard_domain::{Arn, Event};

pub(super) use self::path::Path;

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
    /// Says what is wrong with it, as something that a target could be given.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::Whole => Ok(()),
            Self::Constant(text) => json(text).map(drop),
            Self::Part(path) => Path::read(path).map(drop),
            Self::Template { paths, template } => {
                for (name, path) in paths {
                    let legal = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
                    if name.is_empty()
                        || !name.bytes().all(legal)
                        || name.to_ascii_lowercase().starts_with("aws.")
                    {
                        return Err(format!("`{name}` cannot be the name of a variable"));
                    }
                    Path::read(path)?;
                }
                let nothing = |name: &str| {
                    let known = RESERVED.contains(&name) || paths.iter().any(|(known, _)| known == name);
                    known.then_some(Value::Null)
                };
                json(&fill(template, nothing)?).map(drop)
            }
        }
    }

    /// Whether the target gets the event's envelope.
    pub fn is_whole(&self) -> bool {
        matches!(self, Self::Whole)
    }

    /// What the target gets for this event. A shape that passed [`Shape::check`] always gives something; a part
    /// that the event does not have is null.
    pub fn of(&self, event: &Event, rule: &Arn) -> Result<Value, String> {
        let envelope = event.envelope();
        match self {
            Self::Whole => Ok(envelope),
            Self::Constant(text) => json(text),
            Self::Part(path) => Ok(Path::read(path)?.follow(&envelope)),
            Self::Template { paths, template } => {
                let mut known = Vec::with_capacity(paths.len());
                for (name, path) in paths {
                    known.push((name.as_str(), Path::read(path)?.follow(&envelope)));
                }
                let value = |name: &str| match known.iter().find(|(known, _)| *known == name) {
                    Some((_, value)) => Some(value.clone()),
                    None => reserved(name, event, rule),
                };
                json(&fill(template, value)?)
            }
        }
    }
}

const RESERVED: [&str; 5] = [
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event",
    "aws.events.event.json",
];

fn reserved(name: &str, event: &Event, rule: &Arn) -> Option<Value> {
    Some(match name {
        "aws.events.rule-arn" => Value::String(rule.to_string()),
        "aws.events.rule-name" => {
            Value::String(rule.resource.rsplit('/').next().unwrap_or_default().to_owned())
        }
        "aws.events.event.ingestion-time" => Value::String(event.time.to_string()),
        "aws.events.event" => {
            let mut envelope = event.envelope();
            if let Some(members) = envelope.as_object_mut() {
                members.shift_remove("detail");
            }
            envelope
        }
        "aws.events.event.json" => event.envelope(),
        _ => return None,
    })
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|e| format!("it is not JSON: {e}"))
}

/// Puts values in place of `<variable>`s. Inside quotes a text goes in as it is and anything else as JSON, escaped so
/// that the quotes hold; outside of quotes everything goes in as JSON. A `<…>` in quotes that is no name stays.
fn fill(template: &str, value: impl Fn(&str) -> Option<Value>) -> Result<String, String> {
    let mut out = String::with_capacity(template.len());
    let (mut rest, mut quoted) = (template, false);
    while let Some(c) = rest.chars().next() {
        match c {
            '\\' if quoted => {
                let end = rest.char_indices().nth(2).map_or(rest.len(), |(at, _)| at);
                out.push_str(&rest[..end]);
                rest = &rest[end..];
                continue;
            }
            '"' => quoted = !quoted,
            '<' => {
                if let Some(name) = variable(rest) {
                    let value = value(name).ok_or_else(|| {
                        format!("`<{name}>` stands in the template and not in InputPathsMap")
                    })?;
                    out.push_str(&if quoted { inside_quotes(&value) } else { value.to_string() });
                    rest = &rest[name.len() + 2..];
                    continue;
                }
            }
            _ => {}
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    Ok(out)
}

/// The variable's name, if the text begins with one in angle brackets.
fn variable(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix('<')?.split_once('>')?;
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    (!name.is_empty() && name.bytes().all(legal)).then_some(name)
}

fn inside_quotes(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let quoted = Value::String(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}
