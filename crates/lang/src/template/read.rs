//! The tree of a template to its parts.

use super::{Output, Resource, Template, parameters};
use crate::source::{Content, Cursor, Diagnostic, Node};

const SERVERLESS: &str = "AWS::Serverless-2016-10-31";

/// CloudFormation's limit for the length of a logical id.
const MAX_LOGICAL_ID: usize = 255;

/// CloudFormation's limit for the resources of a template.
const MAX_RESOURCES: usize = 500;

/// What could be read of a template, and all that is wrong with it. A name that is there stays there, whatever is wrong
/// with what it names, so that references to it are not wrong as well.
pub(super) fn template(root: &Node) -> Result<(Template, Vec<Diagnostic>), Vec<Diagnostic>> {
    let root = Cursor::root(root);
    root.expect_map("a template").map_err(|d| vec![d])?;
    let mut reader = Reader { found: Vec::new() };
    reader.keys(
        &root,
        "a template",
        &[
            "AWSTemplateFormatVersion",
            "Transform",
            "Description",
            "Metadata",
            "Parameters",
            "Resources",
            "Outputs",
        ],
        &["Conditions", "Mappings", "Rules", "Hooks", "Globals"],
    );
    reader.version(&root);
    reader.plain_texts(&root);
    let template = Template {
        description: reader.text(&root, "Description"),
        serverless: reader.transform(&root),
        parameters: reader.parameters(&root),
        resources: reader.resources(&root),
        outputs: reader.outputs(&root),
    };
    reader.names_are_unique(&root);
    Ok((template, reader.found))
}

pub(super) struct Reader {
    pub(super) found: Vec<Diagnostic>,
}

impl Reader {
    pub(super) fn keep<T>(&mut self, read: Result<T, Diagnostic>) -> Option<T> {
        read.map_err(|d| self.found.push(d)).ok()
    }

    /// Reports every key that is not `known`; those of AWS's that we `refuse` in other words than no key at all.
    pub(super) fn keys(&mut self, map: &Cursor<'_>, what: &str, known: &[&str], refused: &[&str]) {
        for (key, at) in map.entries().filter(|(key, _)| !known.contains(key)) {
            let message = if refused.contains(&key) {
                format!("`{key}` of {what} is not supported")
            } else {
                format!("`{key}` is no key of {what}, which has {}", known.join(", "))
            };
            self.found.push(at.key_error(message));
        }
    }

    pub(super) fn text(&mut self, map: &Cursor<'_>, key: &str) -> Option<String> {
        let at = map.get(key)?;
        self.keep(at.expect_text(&format!("`{key}`"))).map(str::to_owned)
    }

    fn version(&mut self, root: &Cursor<'_>) {
        if let Some(version) = root.get("AWSTemplateFormatVersion")
            && version.node.as_text() != Some("2010-09-09")
        {
            self.found.push(version.error("the only template format version is `2010-09-09`"));
        }
    }

    fn transform(&mut self, root: &Cursor<'_>) -> bool {
        let Some(transform) = root.get("Transform") else { return false };
        let names: Vec<_> = match transform.node.content {
            Content::List(_) => transform.items().collect(),
            _ => vec![transform],
        };
        for name in names.iter().filter(|name| name.node.as_text() != Some(SERVERLESS)) {
            self.found.push(name.error(format!("the only transform that is supported is `{SERVERLESS}`")));
        }
        !names.is_empty()
    }

    /// Refuses dynamic references: left in place they would be taken for what they stand for.
    fn plain_texts(&mut self, at: &Cursor<'_>) {
        if at.node.as_text().is_some_and(|text| text.contains("{{resolve:")) {
            self.found
                .push(at.error("dynamic references (`{{resolve:…}}`) are not supported, use a parameter"));
        }
        for (_, member) in at.entries() {
            self.plain_texts(&member);
        }
        for item in at.items() {
            self.plain_texts(&item);
        }
    }

    fn parameters(&mut self, root: &Cursor<'_>) -> Vec<parameters::Parameter> {
        let Some(section) = self.section(root, "Parameters") else { return Vec::new() };
        section.entries().map(|(name, at)| self.parameter(name, &at)).collect()
    }

    fn section<'a>(&mut self, root: &Cursor<'a>, name: &str) -> Option<Cursor<'a>> {
        let section = root.get(name)?;
        self.keep(section.expect_map(&format!("`{name}`")))?;
        Some(section)
    }

    fn resources(&mut self, root: &Cursor<'_>) -> Vec<Resource> {
        let Some(section) = self.section(root, "Resources") else {
            if root.get("Resources").is_none() {
                self.found.push(root.error("`Resources` is missing: a template names at least one resource"));
            }
            return Vec::new();
        };
        if section.node.entries().is_empty() {
            self.found.push(section.error("`Resources` is empty: a template names at least one resource"));
        }
        if section.node.entries().len() > MAX_RESOURCES {
            self.found.push(section.key_error(format!("a template has at most {MAX_RESOURCES} resources")));
            return Vec::new();
        }
        section.entries().map(|(id, at)| self.resource(id, &at)).collect()
    }

    fn resource(&mut self, logical_id: &str, at: &Cursor<'_>) -> Resource {
        self.logical_id(logical_id, at);
        let is_map = self.keep(at.expect_map(&format!("the resource `{logical_id}`"))).is_some();
        self.keys(
            at,
            &format!("the resource `{logical_id}`"),
            &["Type", "Properties", "DependsOn", "Metadata"],
            &["Condition", "CreationPolicy", "UpdatePolicy", "DeletionPolicy", "UpdateReplacePolicy"],
        );
        let kind = match at.get("Type") {
            Some(kind) => self.keep(kind.expect_text("`Type`")).map(str::to_owned),
            None if is_map => {
                self.found.push(at.key_error(format!("the resource `{logical_id}` has no `Type`")));
                None
            }
            None => None,
        };
        let properties = match at.get("Properties") {
            Some(properties) => {
                self.keep(properties.expect_map("`Properties`")).map(|()| properties.node.clone())
            }
            None => None,
        };
        let empty = || Node::new(Content::Map(Vec::new()), at.node.start, at.node.end);
        Resource {
            logical_id: logical_id.to_owned(),
            kind: kind.unwrap_or_default(),
            properties: properties.unwrap_or_else(empty),
            depends_on: self.depends_on(at),
            position: at.named_at,
        }
    }

    fn depends_on(&mut self, resource: &Cursor<'_>) -> Vec<String> {
        let Some(at) = resource.get("DependsOn") else { return Vec::new() };
        match at.node.content {
            Content::Text(_) => at.node.as_text().map(str::to_owned).into_iter().collect(),
            _ => {
                self.keep(at.expect_list("`DependsOn`"));
                let names =
                    at.items().filter_map(|item| self.keep(item.expect_text("a member of `DependsOn`")));
                names.map(str::to_owned).collect()
            }
        }
    }

    fn outputs(&mut self, root: &Cursor<'_>) -> Vec<Output> {
        let Some(section) = self.section(root, "Outputs") else { return Vec::new() };
        section.entries().filter_map(|(name, at)| self.output(name, &at)).collect()
    }

    fn output(&mut self, name: &str, at: &Cursor<'_>) -> Option<Output> {
        let what = format!("the output `{name}`");
        self.logical_id(name, at);
        self.keep(at.expect_map(&what))?;
        self.keys(at, &what, &["Description", "Value"], &["Condition", "Export"]);
        let description = self.text(at, "Description");
        match at.get("Value") {
            Some(value) => Some(Output { name: name.to_owned(), description, value: value.node.clone() }),
            None => {
                self.found.push(at.key_error(format!("{what} has no `Value`")));
                None
            }
        }
    }

    pub(super) fn logical_id(&mut self, name: &str, at: &Cursor<'_>) {
        let letters = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
        if !letters || name.len() > MAX_LOGICAL_ID {
            let message =
                format!("the name `{name}` must consist of 1 to {MAX_LOGICAL_ID} letters and digits");
            self.found.push(at.key_error(message));
        }
    }

    /// `Ref` could not tell a parameter and a resource of one name apart.
    fn names_are_unique(&mut self, root: &Cursor<'_>) {
        let (Some(parameters), Some(resources)) = (root.get("Parameters"), root.get("Resources")) else {
            return;
        };
        for (name, at) in resources.entries() {
            if parameters.node.get(name).is_some() {
                self.found
                    .push(at.key_error(format!("`{name}` is a parameter as well, rename one of the two")));
            }
        }
    }
}
