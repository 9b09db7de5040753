//! What a template refers to.

use super::{Resource, Template, sam, single};
use crate::source::{Content, Cursor, Diagnostic, Node, Pointer, Position};

/// The names that `Ref` knows in every template, but for `AWS::NoValue`, which is no value.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html>
pub(super) const PSEUDO_PARAMETERS: &[&str] =
    &["AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::StackId", "AWS::StackName", "AWS::URLSuffix"];

/// `Ref` to it removes what it stands for.
pub(super) const NO_VALUE: &str = "AWS::NoValue";

/// One reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The parameter or resource.
    pub name: String,
    /// The resource's attribute; none means its `Ref`.
    pub attribute: Option<String>,
    /// Where it stands.
    pub position: Position,
    /// The way to it.
    pub pointer: Pointer,
}

/// A part of the text of `Fn::Sub`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    /// `${Name}` or `${Resource.Attribute}`.
    Variable(&'a str),
}

/// The parts of the text of `Fn::Sub`; `${!x}` is the text `${x}`.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find("${") {
        let (before, variable) = rest.split_at(at);
        pieces.push(Piece::Text(before));
        let Some(end) = variable.find('}') else {
            return Err(format!("`{variable}` has no closing brace"));
        };
        match &variable[2..end] {
            literal if literal.starts_with('!') => {
                pieces.push(Piece::Text("${"));
                pieces.push(Piece::Text(&variable[3..=end]));
            }
            name if name.trim().is_empty() => return Err("`${}` names nothing".to_owned()),
            name => pieces.push(Piece::Variable(name.trim())),
        }
        rest = &variable[end + 1..];
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces.into_iter().filter(|piece| *piece != Piece::Text("")).collect())
}

/// All references under a node, and faults in the texts of `Fn::Sub`.
pub(super) fn under(at: &Cursor<'_>) -> (Vec<Reference>, Vec<Diagnostic>) {
    let mut walk = Walk { references: Vec::new(), faults: Vec::new() };
    walk.node(at);
    (walk.references, walk.faults)
}

struct Walk {
    references: Vec<Reference>,
    faults: Vec<Diagnostic>,
}

impl Walk {
    fn node(&mut self, at: &Cursor<'_>) {
        match single(at.node) {
            Some(("Ref", name)) => self.refer(name.as_text().unwrap_or_default(), None, at),
            Some(("Fn::GetAtt", operand)) => {
                let texts: Vec<_> = operand.items().iter().filter_map(Node::as_text).collect();
                if let [name, attribute] = texts[..] {
                    self.refer(name, Some(attribute), at);
                }
            }
            Some(("Fn::Sub", operand)) => self.sub(operand, at),
            _ => self.members(at),
        }
    }

    fn members(&mut self, at: &Cursor<'_>) {
        for (_, member) in at.entries() {
            self.node(&member);
        }
        for item in at.items() {
            self.node(&item);
        }
    }

    fn sub(&mut self, operand: &Node, at: &Cursor<'_>) {
        let own = match operand.items() {
            [_, own] => Some(own),
            _ => None,
        };
        let text = operand.as_text().or_else(|| operand.items().first()?.as_text()).unwrap_or_default();
        match pieces(text) {
            Err(message) => self.faults.push(at.error(message)),
            Ok(pieces) => {
                for piece in pieces {
                    match piece {
                        Piece::Variable(name) if own.is_none_or(|own| own.get(name).is_none()) => {
                            let (name, attribute) = split(name);
                            self.refer(name, attribute, at);
                        }
                        _ => {}
                    }
                }
            }
        }
        if let Some(own) = at.get("Fn::Sub").and_then(|sub| sub.items().nth(1)) {
            self.members(&own);
        }
    }

    fn refer(&mut self, name: &str, attribute: Option<&str>, at: &Cursor<'_>) {
        self.references.push(Reference {
            name: name.to_owned(),
            attribute: attribute.map(str::to_owned),
            position: at.node.start,
            pointer: at.pointer.clone(),
        });
    }
}

/// `Resource.Attribute` in its parts.
pub(super) fn split(name: &str) -> (&str, Option<&str>) {
    name.split_once('.').map_or((name, None), |(name, attribute)| (name, Some(attribute)))
}

/// Everything that the template refers to must be there: what is not.
pub(super) fn check(template: &Template) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for resource in &template.resources {
        let (references, faults) = under(&resource.cursor());
        found.extend(faults);
        found.extend(references.iter().filter_map(|r| dangling(template, r)));
        for name in &resource.depends_on {
            if !is_resource(template, name) {
                found.push(resource.error(format!("`DependsOn` names `{name}`, which is no resource here")));
            }
        }
    }
    for output in &template.outputs {
        let pointer = Pointer::root().key("Outputs").key(&output.name).key("Value");
        let at = Cursor { node: &output.value, pointer, named_at: output.value.start };
        let (references, faults) = under(&at);
        found.extend(faults);
        found.extend(references.iter().filter_map(|r| dangling(template, r)));
        if matches!(output.value.content, Content::List(_)) {
            found.push(at.error(format!("the output `{}` must be a string, not a list", output.name)));
        }
    }
    found
}

/// Whether there is such a resource, or may be once SAM's are expanded: those are named after their origin.
fn is_resource(template: &Template, name: &str) -> bool {
    let origin = |resource: &Resource| sam::is_sams(&resource.kind) && name.starts_with(&resource.logical_id);
    template.resources.iter().any(|resource| resource.logical_id == name || origin(resource))
}

fn dangling(template: &Template, reference: &Reference) -> Option<Diagnostic> {
    let name = reference.name.as_str();
    let resource = is_resource(template, name);
    let parameter = template.parameters.iter().any(|p| p.name == name);
    let message = match &reference.attribute {
        None if resource || parameter || name == NO_VALUE || PSEUDO_PARAMETERS.contains(&name) => {
            return None;
        }
        None if name.starts_with("AWS::") => format!("the pseudo parameter `{name}` is not supported"),
        None => format!("`{name}` is neither a parameter nor a resource of the template"),
        Some(_) if resource => return None,
        Some(attribute) => format!("`{name}.{attribute}` names no resource of the template"),
    };
    Some(Diagnostic::error(message).at(reference.position).pointing(reference.pointer.clone()))
}
