//! The tree.

use serde_json::Value;

use super::{Pointer, Position};

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub content: Content,
    /// The local tag of a YAML node without its `!`, such as `Ref`.
    pub tag: Option<String>,
    /// Where it begins.
    pub start: Position,
    /// Just behind its end.
    pub end: Position,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it was written, always in JSON's grammar.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map in the order of the text, without duplicate keys.
    Map(Vec<Entry>),
}

/// One member of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// Where the key begins.
    pub key_start: Position,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// A node without a tag.
    pub fn new(content: Content, start: Position, end: Position) -> Self {
        Self { content, tag: None, start, end }
    }

    /// The member `key`, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|e| &e.value)
    }

    /// The member `key` with its key's place.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|e| e.key == key)
    }

    /// The members of a map; none of anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Node] {
        match &self.content {
            Content::List(items) => items,
            _ => &[],
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.content {
            Content::Bool(b) => Some(b),
            _ => None,
        }
    }

    /// A text, number or truth value as text, as AWS reads scalars where it wants a string.
    pub fn scalar_text(&self) -> Option<String> {
        match &self.content {
            Content::Text(text) | Content::Number(text) => Some(text.clone()),
            Content::Bool(b) => Some(b.to_string()),
            Content::Null | Content::List(_) | Content::Map(_) => None,
        }
    }

    /// What it is, in words for a message.
    pub fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "null",
            Content::Bool(_) => "a boolean",
            Content::Number(_) => "a number",
            Content::Text(_) => "a string",
            Content::List(_) => "a list",
            Content::Map(_) => "a map",
        }
    }

    /// The plain value. A tagged node becomes `{"!Tag": value}`, so that no tag is lost unseen.
    pub fn to_json(&self) -> Value {
        let value = match &self.content {
            Content::Null => Value::Null,
            Content::Bool(b) => Value::Bool(*b),
            // The readers checked the grammar and the range.
            Content::Number(raw) => raw.parse().map_or(Value::Null, Value::Number),
            Content::Text(text) => Value::String(text.clone()),
            Content::List(items) => Value::Array(items.iter().map(Node::to_json).collect()),
            Content::Map(entries) => {
                Value::Object(entries.iter().map(|e| (e.key.clone(), e.value.to_json())).collect())
            }
        };
        match &self.tag {
            None => value,
            Some(tag) => Value::Object([(format!("!{tag}"), value)].into_iter().collect()),
        }
    }

    /// The node at `pointer`.
    pub fn at(&self, pointer: &Pointer) -> Option<&Node> {
        pointer.steps().try_fold(self, |node, step| node.step(&step))
    }

    /// Where `pointer` begins; for a node that is not there, the nearest that holds it.
    pub fn locate(&self, pointer: &Pointer) -> Position {
        let mut node = self;
        for step in pointer.steps() {
            match node.step(&step) {
                Some(next) => node = next,
                None => break,
            }
        }
        node.start
    }

    fn step(&self, step: &str) -> Option<&Node> {
        match &self.content {
            Content::List(items) => step.parse::<usize>().ok().and_then(|i| items.get(i)),
            _ => self.get(step),
        }
    }
}
