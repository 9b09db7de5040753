//! The tree of a pattern to its alternatives.

use std::sync::Arc;

use super::{Alternative, Tests, complexity::is_too_complex, operator, refused::Fault};
use crate::source::{Content, Cursor, Node, Position};

/// How many alternatives the `$or`s of one pattern may multiply to.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-complex-example-or>
const MAX_ALTERNATIVES: usize = 1000;

/// AWS's words; it names no place.
const TOO_COMPLEX: &str = "Rule is too complex - try using fewer wildcard characters or fewer repeating character \
                           sequences after a wildcard character";

/// Names that may not be fields inside `$or`, since a misplaced test would read as a field.
const RESERVED_IN_OR: &[&str] = &[
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "regex",
    "not-wildcard",
    "not-equals-ignore-case",
    "date-after",
    "date-on-or-after",
    "date-before",
    "date-on-or-before",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
];

/// Where AWS's reader stands at a node: it reads a text lazily.
pub(super) trait Places {
    /// Behind the first token of the node, which is not looked into.
    fn behind_token(&self) -> Position;
}

impl Places for Node {
    fn behind_token(&self) -> Position {
        match self.content {
            Content::List(_) | Content::Map(_) | Content::Text(_) => {
                Position { column: self.start.column + 1, ..self.start }
            }
            Content::Null | Content::Bool(_) | Content::Number(_) => self.end,
        }
    }
}

/// Collects faults while it reads.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) faults: Vec<Fault>,
}

impl Reader {
    pub(super) fn pattern(&mut self, root: &Node) -> Vec<Alternative> {
        let root = Cursor::root(root);
        match root.node.content {
            Content::Map(_) => self.object(&root, "", false, vec![Alternative::new()]),
            _ => {
                self.fault("Filter is not an object", root.node.behind_token(), &root);
                Vec::new()
            }
        }
    }

    /// Adds the tests under `object`, whose dotted name is `path`, to each of `alternatives`.
    fn object(
        &mut self,
        object: &Cursor<'_>,
        path: &str,
        in_or: bool,
        mut alternatives: Vec<Alternative>,
    ) -> Vec<Alternative> {
        if object.node.entries().is_empty() {
            self.fault("Empty objects are not allowed", object.node.end, object);
        }
        for (name, field) in object.entries() {
            if name == "$or" {
                alternatives = self.or(&field, path, &alternatives);
                continue;
            }
            if in_or && RESERVED_IN_OR.contains(&name) {
                let reason = format!("{name} is Ruler reserved fieldName which cannot be used inside $or.");
                self.fault(reason, field.named_at, &field);
                continue;
            }
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            match field.node.content {
                Content::Map(_) => alternatives = self.object(&field, &path, in_or, alternatives),
                Content::List(_) => {
                    let tests = self.tests(&field);
                    for alternative in &mut alternatives {
                        alternative.insert(path.clone(), tests.clone());
                    }
                }
                _ => {
                    let reason = format!("\"{name}\" must be an object or an array");
                    self.fault(reason, field.node.behind_token(), &field);
                }
            }
        }
        alternatives
    }

    fn or(&mut self, list: &Cursor<'_>, path: &str, so_far: &[Alternative]) -> Vec<Alternative> {
        if !matches!(list.node.content, Content::List(_)) {
            self.fault("It must be an Array followed with $or.", list.node.behind_token(), list);
            return Vec::new();
        }
        let mut all = Vec::new();
        for item in list.items() {
            match item.node.content {
                _ if all.len() + so_far.len() > MAX_ALTERNATIVES => {
                    let reason = format!("$or makes more than {MAX_ALTERNATIVES} combinations");
                    self.fault(reason, item.node.start, &item);
                    return all;
                }
                Content::Map(_) => all.extend(self.object(&item, path, true, so_far.to_vec())),
                _ => {
                    let reason = "Only JSON object is allowed in array of $or relationship.";
                    self.fault(reason, item.node.behind_token(), &item);
                }
            }
        }
        if list.node.items().len() < 2 {
            self.fault("There must have at least 2 Objects in $or relationship.", list.node.end, list);
        }
        all
    }

    fn tests(&mut self, list: &Cursor<'_>) -> Arc<Tests> {
        if list.node.items().is_empty() {
            self.fault("Empty arrays are not allowed", list.node.end, list);
        }
        let mut tests = Vec::new();
        for item in list.items() {
            match operator::read(item.node) {
                Ok(test) => tests.push(test),
                Err(fault) => self.faults.push(Fault { pointer: item.pointer.clone(), ..fault }),
            }
        }
        let wildcards: Vec<_> = tests.iter().flat_map(|test| test.wildcards()).collect();
        if is_too_complex(&wildcards) {
            self.faults.push(Fault { pointer: list.pointer.clone(), ..Fault::placeless(TOO_COMPLEX) });
        }
        let mut written = String::new();
        write(list.node, &mut written);
        Arc::new(Tests { written, tests })
    }

    fn fault(&mut self, reason: impl Into<String>, at: Position, about: &Cursor<'_>) {
        let pointer = about.pointer.clone();
        self.faults.push(Fault { pointer, ..operator::fault(reason, at) });
    }
}

/// A text that only an equal node has: numbers as they stand.
fn write(node: &Node, text: &mut String) {
    match &node.content {
        Content::List(items) => {
            text.push('[');
            for item in items {
                write(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Content::Map(entries) => {
            text.push('{');
            for entry in entries {
                text.push_str(&format!("{:?}:", entry.key));
                write(&entry.value, text);
                text.push(',');
            }
            text.push('}');
        }
        Content::Text(value) => text.push_str(&format!("{value:?}")),
        Content::Number(raw) => text.push_str(raw),
        Content::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Content::Null => text.push_str("null"),
    }
}
