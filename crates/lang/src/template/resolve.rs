//! Functions to values.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    references::{NO_VALUE, Piece, pieces, split},
    single,
};
use crate::source::{Content, Cursor, Diagnostic, Node};

/// What names mean while a stack is made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Env {
    /// `AWS::AccountId`.
    pub account_id: String,
    /// `AWS::Region`.
    pub region: String,
    /// `AWS::StackName`.
    pub stack_name: String,
    /// `AWS::StackId`.
    pub stack_id: String,
    /// The values of the parameters.
    pub parameters: BTreeMap<String, Value>,
    /// The resources that are there, by logical id.
    pub resources: BTreeMap<String, Physical>,
}

/// A resource that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Physical {
    /// What `Ref` gives.
    pub id: String,
    /// What `Fn::GetAtt` gives.
    pub attributes: BTreeMap<String, String>,
}

impl Env {
    /// What `Ref` gives.
    fn reference(&self, name: &str) -> Option<Value> {
        let text = match name {
            "AWS::AccountId" => &self.account_id,
            "AWS::Region" => &self.region,
            "AWS::StackName" => &self.stack_name,
            "AWS::StackId" => &self.stack_id,
            "AWS::Partition" => "aws",
            "AWS::URLSuffix" => "amazonaws.com",
            _ => match self.parameters.get(name) {
                Some(value) => return Some(value.clone()),
                None => &self.resources.get(name)?.id,
            },
        };
        Some(Value::from(text))
    }

    /// What `Fn::GetAtt` gives.
    fn attribute(&self, name: &str, attribute: &str) -> Result<Value, String> {
        let resource = self.resources.get(name).ok_or_else(|| format!("`{name}` is not there yet"))?;
        let value = resource.attributes.get(attribute);
        value
            .map(|v| Value::from(v.as_str()))
            .ok_or_else(|| format!("`{name}` has no attribute `{attribute}`"))
    }
}

/// The value of a node of an expanded template. A node that is `AWS::NoValue` itself is null.
pub fn resolve(at: &Cursor<'_>, env: &Env) -> Result<Value, Vec<Diagnostic>> {
    let mut evaluation = Evaluation { env, found: Vec::new() };
    let value = evaluation.node(at).unwrap_or(Value::Null);
    if evaluation.found.is_empty() { Ok(value) } else { Err(evaluation.found) }
}

struct Evaluation<'a> {
    env: &'a Env,
    found: Vec<Diagnostic>,
}

impl Evaluation<'_> {
    /// None for `AWS::NoValue`, and for what was reported.
    fn node(&mut self, at: &Cursor<'_>) -> Option<Value> {
        match single(at.node) {
            Some(("Ref", name)) => self.name(name.as_text().unwrap_or_default(), None, at),
            Some(("Fn::GetAtt", operand)) => {
                let texts: Vec<_> = operand.items().iter().filter_map(Node::as_text).collect();
                match texts[..] {
                    [name, attribute] => self.name(name, Some(attribute), at),
                    _ => self.report(at, "`Fn::GetAtt` names no attribute"),
                }
            }
            Some(("Fn::Sub", operand)) => self.sub(operand, at),
            Some(("Fn::Join", _)) => self.join(at),
            _ => Some(self.plain(at)),
        }
    }

    fn plain(&mut self, at: &Cursor<'_>) -> Value {
        match at.node.content {
            Content::Map(_) => {
                let members =
                    at.entries().filter_map(|(key, member)| Some((key.to_owned(), self.node(&member)?)));
                Value::Object(members.collect())
            }
            Content::List(_) => at.items().filter_map(|item| self.node(&item)).collect(),
            _ => at.node.to_json(),
        }
    }

    fn name(&mut self, name: &str, attribute: Option<&str>, at: &Cursor<'_>) -> Option<Value> {
        let value = match attribute {
            None if name == NO_VALUE => return None,
            None => self.env.reference(name).ok_or_else(|| format!("`{name}` is not there yet")),
            Some(attribute) => self.env.attribute(name, attribute),
        };
        value.map_or_else(|message| self.report(at, message), Some)
    }

    fn sub(&mut self, operand: &Node, at: &Cursor<'_>) -> Option<Value> {
        let text = operand.as_text().or_else(|| operand.items().first()?.as_text()).unwrap_or_default();
        let own = at.get("Fn::Sub").and_then(|sub| sub.items().nth(1));
        let pieces = match pieces(text) {
            Ok(pieces) => pieces,
            Err(message) => return self.report(at, message),
        };
        let mut out = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Variable(name) => {
                    let value = match own.as_ref().and_then(|own| own.get(name)) {
                        Some(own) => self.node(&own),
                        None => {
                            let (name, attribute) = split(name);
                            self.name(name, attribute, at)
                        }
                    };
                    out.push_str(&self.text(value?, at, &format!("`${{{name}}}`"))?);
                }
            }
        }
        Some(Value::from(out))
    }

    fn join(&mut self, at: &Cursor<'_>) -> Option<Value> {
        let operands: Vec<_> = at.get("Fn::Join")?.items().collect();
        let [delimiter, values] = operands.as_slice() else {
            return self.report(at, "`Fn::Join` needs a delimiter and a list");
        };
        let Some(Value::Array(items)) = self.node(values) else {
            return self.report(values, "`Fn::Join` joins the items of a list, and this is none");
        };
        let texts: Option<Vec<_>> =
            items.into_iter().map(|item| self.text(item, at, "an item of `Fn::Join`")).collect();
        Some(Value::from(texts?.join(delimiter.node.as_text().unwrap_or_default())))
    }

    fn text(&mut self, value: Value, at: &Cursor<'_>, what: &str) -> Option<String> {
        match value {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                self.report(at, format!("{what} must be a plain value"));
                None
            }
        }
    }

    fn report(&mut self, at: &Cursor<'_>, message: impl Into<String>) -> Option<Value> {
        self.found.push(at.error(message));
        None
    }
}
