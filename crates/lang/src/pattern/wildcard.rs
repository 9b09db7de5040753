//! `{"wildcard": "a*b"}`: `*` stands for any text; `\*` and `\\` for themselves.

use std::sync::Arc;

use super::{
    operator::{Handle, Operator, fault, text_operand},
    refused::Fault,
    value::Scalar,
};
use crate::source::Node;

/// The literal texts around the stars, in order; there is one more of them than stars.
#[derive(Debug)]
pub(crate) struct Wildcard(Vec<String>);

pub(super) fn read(node: &Node) -> Result<Arc<dyn Operator>, Fault> {
    let text = text_operand("wildcard", node)?;
    Ok(Arc::new(Wildcard::parse(text).map_err(|reason| fault(reason, node.end))?))
}

impl Wildcard {
    /// Positions in the reasons are AWS's: bytes, counting the opening quote.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (mut literals, mut current) = (Vec::new(), String::new());
        let mut chars = text.char_indices().peekable();
        while let Some((i, c)) = chars.next() {
            let next = chars.peek().map(|(_, c)| *c);
            let literal = match (c, next) {
                ('*', Some('*')) => return Err(format!("Consecutive wildcard characters at pos {}", i + 1)),
                ('*', _) => {
                    literals.push(std::mem::take(&mut current));
                    continue;
                }
                ('\\', Some(escaped @ ('*' | '\\'))) => {
                    chars.next();
                    escaped
                }
                ('\\', _) => return Err(format!("Invalid escape character at pos {}", i + 1)),
                (c, _) => c,
            };
            current.push(literal);
        }
        literals.push(current);
        Ok(Self(literals))
    }

    /// The literal texts around the stars.
    pub(super) fn literals(&self) -> &[String] {
        &self.0
    }

    /// Each literal is taken at its first place behind the one before: if any choice fits, that one does.
    pub(super) fn fits(&self, value: &str) -> bool {
        let [first, middle @ .., last] = self.0.as_slice() else {
            return self.0.first().is_some_and(|only| only == value);
        };
        let Some(mut rest) = value.strip_prefix(first.as_str()) else { return false };
        for literal in middle {
            match rest.find(literal.as_str()) {
                Some(at) => rest = &rest[at + literal.len()..],
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}

impl Operator for Wildcard {
    fn passes(&self, value: &Scalar<'_>) -> bool {
        matches!(value, Scalar::Text(text) if self.fits(text))
    }

    fn handle(&self) -> Handle<'_> {
        match self.0.as_slice() {
            [only] => Handle::Text(only),
            [first, ..] if !first.is_empty() => Handle::Prefix(first),
            [.., last] if !last.is_empty() => Handle::Suffix(last),
            pieces => Handle::Pieces(pieces),
        }
    }

    fn wildcards(&self) -> &[Wildcard] {
        std::slice::from_ref(self)
    }
}
