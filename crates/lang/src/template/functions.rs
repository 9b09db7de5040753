//! Functions in one form: `!Sub x` becomes `{"Fn::Sub": x}`, and what is not known is refused by name.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html>

use crate::source::{Content, Diagnostic, Entry, Node, Pointer};

/// The functions that we evaluate, by their tags.
const KNOWN: &[(&str, &str)] =
    &[("Ref", "Ref"), ("Sub", "Fn::Sub"), ("GetAtt", "Fn::GetAtt"), ("Join", "Fn::Join")];

/// The tree without tags, and every function that we do not evaluate: one with a tag leaves nothing in its place.
pub(super) fn long_form(root: Node) -> (Node, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let root = convert(root, &Pointer::root(), &mut found);
    (root, found)
}

fn convert(node: Node, pointer: &Pointer, found: &mut Vec<Diagnostic>) -> Node {
    let Node { content, tag, start, end } = node;
    let Some(tag) = tag else {
        return Node { content: members(content, pointer, found), tag: None, start, end };
    };
    let Some((_, name)) = KNOWN.iter().find(|(known, _)| *known == tag) else {
        found.push(Diagnostic::error(refusal(&format!("!{tag}"))).at(start).pointing(pointer.clone()));
        return Node::new(Content::Null, start, end);
    };
    let at = pointer.key(name);
    let operand = Node::new(members(content, &at, found), start, end);
    let operand = if *name == "Fn::GetAtt" { split_attribute(operand) } else { operand };
    check_operand(name, &operand, &at, found);
    let entry = Entry { key: (*name).to_owned(), key_start: start, value: operand };
    Node::new(Content::Map(vec![entry]), start, end)
}

fn members(content: Content, pointer: &Pointer, found: &mut Vec<Diagnostic>) -> Content {
    match content {
        Content::List(items) => {
            let items = items.into_iter().enumerate();
            Content::List(items.map(|(i, item)| convert(item, &pointer.index(i), found)).collect())
        }
        Content::Map(entries) => {
            let alone = entries.len() == 1;
            Content::Map(entries.into_iter().map(|e| member(e, alone, pointer, found)).collect())
        }
        scalar => scalar,
    }
}

fn member(entry: Entry, alone: bool, pointer: &Pointer, found: &mut Vec<Diagnostic>) -> Entry {
    let at = pointer.key(&entry.key);
    let Entry { key, key_start, value } = entry;
    let mut value = convert(value, &at, found);
    let known = KNOWN.iter().any(|(_, name)| *name == key);
    let mut report = |message| found.push(Diagnostic::error(message).at(key_start).pointing(at.clone()));
    if key.starts_with("Fn::") && !known {
        report(refusal(&key));
    } else if key.starts_with("Fn::") && !alone {
        report(format!("`{key}` must be the only key of its map"));
    } else if known && alone {
        value = if key == "Fn::GetAtt" { split_attribute(value) } else { value };
        check_operand(&key, &value, &at, found);
    }
    Entry { key, key_start, value }
}

fn refusal(name: &str) -> String {
    let known = KNOWN.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ");
    format!("the function `{name}` is not supported, only {known} are")
}

/// `Resource.Attribute` as the list of the two.
fn split_attribute(operand: Node) -> Node {
    match &operand.content {
        Content::Text(text) => match text.split_once('.') {
            Some((resource, attribute)) => {
                let part = |text: &str| Node::new(Content::Text(text.to_owned()), operand.start, operand.end);
                Node { content: Content::List(vec![part(resource), part(attribute)]), ..operand }
            }
            None => operand,
        },
        _ => operand,
    }
}

fn check_operand(name: &str, operand: &Node, at: &Pointer, found: &mut Vec<Diagnostic>) {
    let text = |node: &Node| matches!(node.content, Content::Text(_));
    let items = operand.items();
    let (fits, shape) = match name {
        "Ref" => (text(operand), "a name"),
        "Fn::GetAtt" => {
            (items.len() == 2 && items.iter().all(text), "`Resource.Attribute` or a list of the two")
        }
        "Fn::Sub" => {
            let with_map = items.len() == 2 && text(&items[0]) && matches!(items[1].content, Content::Map(_));
            (text(operand) || with_map, "a string, or a list of a string and a map")
        }
        _ => (items.len() == 2 && text(&items[0]), "a list of a delimiter and a list of values"),
    };
    if !fits {
        let message = format!("`{name}` must be given {shape}");
        found.push(Diagnostic::error(message).at(operand.start).pointing(at.clone()));
    }
}
