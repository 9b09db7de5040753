//! Whether a Task gives an integration the parameters that it takes.
//!
//! Only names are judged: values are often known at run time only, and AWS makes texts of what should be texts.

use serde_json::{Map, Value};

use super::{Integration, Source};
use crate::{
    asl::fields::below,
    catalog::{Kind, Naming, Shape},
};

/// Something about the parameters of a Task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The object that it is about.
    pub pointer: String,
    /// For a person: AWS's words.
    pub message: String,
    /// Whether AWS refuses the definition for it. What is not refused fails when it runs.
    pub refused: bool,
}

/// Judges the parameters at `pointer`. `paths`: the names that end in `.$` are filled from the data (JSONPath).
pub(super) fn check(
    integration: &Integration,
    parameters: &Value,
    pointer: &str,
    paths: bool,
) -> Vec<Finding> {
    let mut walk = Walk { naming: integration.naming(), paths, found: Vec::new() };
    let Value::Object(given) = parameters else { return Vec::new() };
    let operation = integration.operation();
    let shape = operation.and_then(|operation| operation.input());
    let no_parameters = operation.is_some() && shape.is_none();
    let row = match integration.source {
        Source::Optimised(row) => Some(row),
        Source::Sdk(_) => None,
    };
    let more = row.map_or(&[][..], |row| row.more);
    for (name, value) in given {
        let (name, dynamic) = walk.name(name);
        let kept = row.is_none_or(|row| !row.less.contains(&name));
        let member = shape.filter(|_| kept).and_then(|shape| shape.member(name, walk.naming));
        let known = member.is_some() || more.iter().any(|field| field.name == name);
        match member {
            Some(member) if !dynamic => walk.value(member.shape(), value, &below(pointer, name)),
            _ if known => {}
            _ if shape.is_some() || no_parameters || !more.is_empty() => {
                walk.unknown(name, pointer, !dynamic)
            }
            _ => {}
        }
    }
    let optional = row.map_or(&[][..], |row| row.optional);
    let members = shape.into_iter().flat_map(|shape| shape.members());
    let required = members.filter(|member| member.required()).map(|member| member.name(walk.naming));
    let required: Vec<&str> = required.filter(|name| !optional.contains(name)).collect();
    let own = more.iter().filter(|field| field.required).map(|field| field.name);
    for name in required.into_iter().chain(own) {
        walk.require(name, given, pointer, true);
    }
    walk.found
}

struct Walk {
    naming: Naming,
    paths: bool,
    found: Vec<Finding>,
}

impl Walk {
    /// The name without `.$`, and whether it had that.
    fn name<'n>(&self, name: &'n str) -> (&'n str, bool) {
        match name.strip_suffix(".$").filter(|_| self.paths) {
            Some(name) => (name, true),
            None => (name, false),
        }
    }

    fn value(&mut self, shape: Shape<'_>, value: &Value, pointer: &str) {
        match (shape.kind(), value) {
            (Kind::Object, Value::Object(given)) => self.object(shape, given, pointer),
            (Kind::List(_, item), Value::Array(items)) => {
                for (at, value) in items.iter().enumerate() {
                    self.value(item, value, &format!("{pointer}/{at}"));
                }
            }
            (Kind::Map(_, inside), Value::Object(given)) => {
                for (name, value) in given {
                    if !self.name(name).1 {
                        self.value(inside, value, &below(pointer, name));
                    }
                }
            }
            _ => {}
        }
    }

    fn object(&mut self, shape: Shape<'_>, given: &Map<String, Value>, pointer: &str) {
        for (name, value) in given {
            let (name, dynamic) = self.name(name);
            match shape.member(name, self.naming) {
                None => self.unknown(name, pointer, !dynamic),
                Some(member) if !dynamic => self.value(member.shape(), value, &below(pointer, name)),
                Some(_) => {}
            }
        }
        let naming = self.naming;
        for member in shape.members().filter(|member| member.required()) {
            self.require(member.name(naming), given, pointer, false);
        }
    }

    fn unknown(&mut self, name: &str, pointer: &str, refused: bool) {
        let message = format!("The field \"{name}\" is not supported by Step Functions");
        self.found.push(Finding { pointer: pointer.to_owned(), message, refused });
    }

    fn require(&mut self, name: &str, given: &Map<String, Value>, pointer: &str, refused: bool) {
        if !given.keys().any(|key| self.name(key).0 == name) {
            let message = format!("The field '{name}' is required but was missing");
            self.found.push(Finding { pointer: pointer.to_owned(), message, refused });
        }
    }
}
