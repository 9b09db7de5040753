//! A node together with the way to it, for readers that walk a tree and report.

use super::{Content, Diagnostic, Node, Pointer, Position};

/// A node and its pointer. Steps never fail silently: what is not there is `None`.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    /// The node.
    pub node: &'a Node,
    /// The way to it from the root.
    pub pointer: Pointer,
    /// Where its key begins, else where it begins itself.
    pub named_at: Position,
}

impl<'a> Cursor<'a> {
    /// At the root of a tree.
    pub fn root(node: &'a Node) -> Self {
        Self { node, pointer: Pointer::root(), named_at: node.start }
    }

    /// At the member `key`.
    pub fn get(&self, key: &str) -> Option<Self> {
        let entry = self.node.entry(key)?;
        Some(Self { node: &entry.value, pointer: self.pointer.key(key), named_at: entry.key_start })
    }

    /// Over the members of a map; none of anything else.
    pub fn entries(&self) -> impl Iterator<Item = (&'a str, Self)> {
        let pointer = self.pointer.clone();
        self.node.entries().iter().map(move |e| {
            let at = Self { node: &e.value, pointer: pointer.key(&e.key), named_at: e.key_start };
            (e.key.as_str(), at)
        })
    }

    /// Over the items of a list; none of anything else.
    pub fn items(&self) -> impl Iterator<Item = Self> {
        let pointer = self.pointer.clone();
        self.node.items().iter().enumerate().map(move |(i, node)| Self {
            node,
            pointer: pointer.index(i),
            named_at: node.start,
        })
    }

    /// An error about the value.
    pub fn error(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(message).at(self.node.start).pointing(self.pointer.clone())
    }

    /// An error about the key.
    pub fn key_error(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(message).at(self.named_at).pointing(self.pointer.clone())
    }

    /// The members, or an error that `what` must be a map.
    pub fn expect_map(&self, what: &str) -> Result<(), Diagnostic> {
        match self.node.content {
            Content::Map(_) => Ok(()),
            _ => Err(self.error(format!("{what} must be a map, not {}", self.node.kind()))),
        }
    }

    /// The items, or an error that `what` must be a list.
    pub fn expect_list(&self, what: &str) -> Result<(), Diagnostic> {
        match self.node.content {
            Content::List(_) => Ok(()),
            _ => Err(self.error(format!("{what} must be a list, not {}", self.node.kind()))),
        }
    }

    /// The text, or an error that `what` must be a string.
    pub fn expect_text(&self, what: &str) -> Result<&'a str, Diagnostic> {
        self.node
            .as_text()
            .ok_or_else(|| self.error(format!("{what} must be a string, not {}", self.node.kind())))
    }
}
