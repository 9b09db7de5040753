//! Nodes of generated resources. They stand where their origin stands.

use crate::source::{Content, Entry, Node, Position};

/// Makes nodes at one place.
#[derive(Clone, Copy)]
pub(super) struct Make {
    pub(super) at: Position,
}

impl Make {
    fn node(self, content: Content) -> Node {
        Node::new(content, self.at, self.at)
    }

    pub(super) fn text(self, text: &str) -> Node {
        self.node(Content::Text(text.to_owned()))
    }

    pub(super) fn list(self, items: Vec<Node>) -> Node {
        self.node(Content::List(items))
    }

    /// A map of the members that are there.
    pub(super) fn map<const N: usize>(self, members: [(&str, Option<Node>); N]) -> Node {
        let members = members.into_iter().filter_map(|(key, value)| Some((key, value?)));
        let entry = |(key, value): (&str, Node)| Entry { key: key.to_owned(), key_start: self.at, value };
        self.node(Content::Map(members.map(entry).collect()))
    }

    pub(super) fn reference(self, logical_id: &str) -> Node {
        self.map([("Ref", Some(self.text(logical_id)))])
    }

    pub(super) fn arn_of(self, logical_id: &str) -> Node {
        self.map([("Fn::GetAtt", Some(self.list(vec![self.text(logical_id), self.text("Arn")])))])
    }
}
