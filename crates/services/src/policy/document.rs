//! A policy document: text to statements, with every element that is not known refused by name.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::condition::Condition;

/// A policy document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Its statements.
    pub statements: Vec<Statement>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its name in the document, if it has one.
    pub sid: Option<String>,
    /// What it does.
    pub effect: Effect,
    /// Of whom it speaks.
    pub who: Who,
    pub(super) actions: Vec<String>,
    pub(super) actions_excepted: bool,
    pub(super) resources: Vec<String>,
    pub(super) resources_excepted: bool,
    pub(super) conditions: Vec<Condition>,
}

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Effect {
    /// It lets in.
    Allow,
    /// It keeps out.
    Deny,
}

/// Of whom a statement speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Of everybody.
    Anybody,
    /// Of these.
    These {
        /// Accounts, roles, users.
        arns: Vec<String>,
        /// Services of AWS.
        services: Vec<String>,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Written {
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    #[allow(dead_code, reason = "a name for people")]
    id: Option<String>,
    statement: Many<WrittenStatement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct WrittenStatement {
    sid: Option<String>,
    effect: Effect,
    principal: Value,
    action: Option<Many<String>>,
    not_action: Option<Many<String>>,
    resource: Option<Many<String>>,
    not_resource: Option<Many<String>>,
    #[serde(default)]
    condition: Map<String, Value>,
}

/// One, or a list of them.
struct Many<T>(Vec<T>);

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = match Value::deserialize(from)? {
            Value::Array(items) => items,
            one => vec![one],
        };
        let read = value.into_iter().map(serde_json::from_value).collect::<Result<_, _>>();
        read.map(Self).map_err(serde::de::Error::custom)
    }
}

impl Document {
    /// Reads a document, or says what is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let written: Written = serde_json::from_str(text).map_err(|e| e.to_string())?;
        match written.version.as_deref() {
            None | Some("2012-10-17" | "2008-10-17") => {}
            Some(other) => return Err(format!("`{other}` is not a version of the policy language")),
        }
        let statements = written.statement.0.into_iter().map(WrittenStatement::read);
        Ok(Self { statements: statements.collect::<Result<_, _>>()? })
    }
}

impl WrittenStatement {
    fn read(self) -> Result<Statement, String> {
        let (actions, actions_excepted) = either(self.action, self.not_action, "Action")?;
        let (resources, resources_excepted) = either(self.resource, self.not_resource, "Resource")?;
        let mut conditions = Vec::new();
        for (operator, keys) in self.condition {
            let Value::Object(keys) = keys else {
                return Err(format!("the condition `{operator}` is not an object of keys and values"));
            };
            for (key, values) in keys {
                conditions.push(Condition::read(&operator, &key, texts(&values)?)?);
            }
        }
        let who = who(&self.principal)?;
        let Self { sid, effect, .. } = self;
        Ok(Statement {
            sid,
            effect,
            who,
            actions,
            actions_excepted,
            resources,
            resources_excepted,
            conditions,
        })
    }
}

/// The element or its `Not…` form: just one of them.
fn either(
    plain: Option<Many<String>>,
    not: Option<Many<String>>,
    name: &str,
) -> Result<(Vec<String>, bool), String> {
    match (plain, not) {
        (Some(Many(values)), None) => Ok((values, false)),
        (None, Some(Many(values))) => Ok((values, true)),
        _ => Err(format!("a statement has just one of {name} and Not{name}")),
    }
}

fn who(principal: &Value) -> Result<Who, String> {
    match principal {
        Value::String(all) if all == "*" => Ok(Who::Anybody),
        Value::Object(kinds) => {
            let (mut arns, mut services) = (Vec::new(), Vec::new());
            for (kind, named) in kinds {
                match kind.as_str() {
                    "AWS" => arns.extend(texts(named)?),
                    "Service" => services.extend(texts(named)?),
                    _ => return Err(format!("the kind of principal `{kind}` is not supported here")),
                }
            }
            if arns.iter().any(|arn| arn == "*") {
                return Ok(Who::Anybody);
            }
            Ok(Who::These { arns, services })
        }
        _ => Err("Principal is `*` or an object with AWS or Service".to_owned()),
    }
}

fn texts(value: &Value) -> Result<Vec<String>, String> {
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        _ => Err(format!("`{value}` stands where a text must")),
    };
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        one => Ok(vec![text(one)?]),
    }
}
