//! CloudFormation templates, the part of them that Trainyard deploys, and SAM's state machines.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html>
//!
//! The way of a template: [`Template::parse`], [`Template::expand`] (SAM's resources become CloudFormation's, every
//! reference is checked), [`Template::parameter_values`], [`Template::order`], and [`resolve`] for each resource in
//! that order. Never makes anything and knows no type of resource but SAM's; what it does not know it refuses by name.

mod definition;
mod draft;
mod functions;
mod order;
mod parameters;
mod read;
mod references;
mod resolve;
mod sam;

use std::collections::BTreeMap;

use serde_json::Value;

pub use self::{
    definition::substitute,
    draft::Draft,
    parameters::{Bounds, Parameter, ParameterKind},
    references::Reference,
    resolve::{Env, Physical, resolve},
    sam::DefinitionFile,
};
use crate::source::{Content, Cursor, Diagnostic, Node, Pointer, Position};

/// A template whose functions all are in the long form (`{"Fn::Sub": …}`) and are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// What the stack is for.
    pub description: Option<String>,
    /// Whether SAM's transform is asked for; false after [`Template::expand`].
    pub serverless: bool,
    /// What the one who deploys may choose.
    pub parameters: Vec<Parameter>,
    /// What the stack consists of, in the order of the text.
    pub resources: Vec<Resource>,
    /// What the stack tells.
    pub outputs: Vec<Output>,
}

/// One resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its name in the template.
    pub logical_id: String,
    /// Such as `AWS::S3::Bucket`.
    pub kind: String,
    /// Its properties: a map, empty if there are none.
    pub properties: Node,
    /// What must be there before, beside what the properties refer to.
    pub depends_on: Vec<String>,
    /// Where it is named; for a generated one, where its origin is.
    pub position: Position,
}

impl Resource {
    /// At the properties, for readers that report.
    pub fn cursor(&self) -> Cursor<'_> {
        let pointer = self.pointer().key("Properties");
        Cursor { node: &self.properties, pointer, named_at: self.properties.start }
    }

    /// The way to it in the template.
    pub fn pointer(&self) -> Pointer {
        Pointer::root().key("Resources").key(&self.logical_id)
    }

    /// An error about the resource as a whole.
    pub fn error(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(message).at(self.position).pointing(self.pointer())
    }
}

/// One output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its value, with functions.
    pub value: Node,
}

impl Template {
    /// Reads a template, YAML or JSON, and reports all that is wrong with it or not supported.
    pub fn parse(bytes: &[u8]) -> Result<Self, Vec<Diagnostic>> {
        Self::draft(bytes)?.finish()
    }

    /// Reads what can be read of a template, for callers that say all that is wrong at once.
    pub fn draft(bytes: &[u8]) -> Result<Draft, Vec<Diagnostic>> {
        Draft::read(bytes)
    }

    /// The files that SAM's resources name, for the caller to read: paths are relative to the template's.
    pub fn definition_files(&self) -> Vec<DefinitionFile> {
        sam::definition_files(self)
    }

    /// The template with SAM's resources turned into CloudFormation's, as SAM's transform does and names them.
    /// `definitions` holds the texts of [`Self::definition_files`] by path. Every reference is checked.
    pub fn expand(&self, definitions: &BTreeMap<String, String>) -> Result<Self, Vec<Diagnostic>> {
        let (expanded, found) = Draft::of(self.clone()).expand(definitions);
        if found.is_empty() { Ok(expanded) } else { Err(found) }
    }

    /// The resources in an order in which everything comes behind what it refers to.
    pub fn order(&self) -> Result<Vec<&Resource>, Vec<Diagnostic>> {
        order::order(self)
    }

    /// The logical ids that a resource refers to or depends on, without itself, in the order of the text.
    pub fn dependencies(&self, resource: &Resource) -> Vec<&str> {
        order::dependencies(self, resource)
    }

    /// The values of the parameters: those given, else the defaults, each checked against its type and bounds.
    pub fn parameter_values(
        &self,
        given: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, Value>, Vec<Diagnostic>> {
        parameters::values(&self.parameters, given)
    }

    /// The resource of that name.
    pub fn resource(&self, logical_id: &str) -> Option<&Resource> {
        self.resources.iter().find(|r| r.logical_id == logical_id)
    }
}

/// The only member of a map that has one: the shape of a function.
fn single(node: &Node) -> Option<(&str, &Node)> {
    match &node.content {
        Content::Map(entries) => match entries.as_slice() {
            [entry] => Some((&entry.key, &entry.value)),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests;
