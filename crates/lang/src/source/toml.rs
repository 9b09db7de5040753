//! TOML to the tree.

use ::toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Content, Diagnostic, Entry, Node, Position};

/// Reads one TOML text. Dates become text, integers of other bases decimal numbers.
pub(super) fn parse(text: &str) -> Result<Node, Vec<Diagnostic>> {
    let places = Places::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut found: Vec<Diagnostic> = errors
        .iter()
        .map(|e| {
            let at = places.at(e.span().map_or(text.len(), |s| s.start));
            Diagnostic::error(e.message().replace('\n', ", ")).at(at)
        })
        .collect();
    let content = map(table.get_ref(), &places, &mut found);
    if found.is_empty() { Ok(Node::new(content, Position::START, places.at(text.len()))) } else { Err(found) }
}

fn map(table: &DeTable<'_>, places: &Places, found: &mut Vec<Diagnostic>) -> Content {
    let mut members: Vec<_> = table.iter().collect();
    members.sort_by_key(|(key, _)| key.span().start);
    Content::Map(
        members
            .into_iter()
            .map(|(key, value)| Entry {
                key: key.get_ref().to_string(),
                key_start: places.at(key.span().start),
                value: node(value, places, found),
            })
            .collect(),
    )
}

fn node(value: &Spanned<DeValue<'_>>, places: &Places, found: &mut Vec<Diagnostic>) -> Node {
    let (start, end) = (places.at(value.span().start), places.at(value.span().end));
    let mut number = |spelling: Option<String>| {
        spelling.map_or_else(
            || {
                found.push(Diagnostic::error("the number is out of range").at(start));
                Content::Null
            },
            Content::Number,
        )
    };
    let content = match value.get_ref() {
        DeValue::String(text) => Content::Text(text.to_string()),
        DeValue::Integer(n) => number(i64::from_str_radix(n.as_str(), n.radix()).ok().map(|n| n.to_string())),
        DeValue::Float(n) => {
            let finite = n.as_str().parse().ok().and_then(serde_json::Number::from_f64);
            number(finite.map(|n| n.to_string()))
        }
        DeValue::Boolean(b) => Content::Bool(*b),
        DeValue::Datetime(date) => Content::Text(date.to_string()),
        DeValue::Array(items) => Content::List(items.iter().map(|item| node(item, places, found)).collect()),
        DeValue::Table(table) => map(table, places, found),
    };
    Node::new(content, start, end)
}

/// Lines and columns of byte offsets.
struct Places {
    line_starts: Vec<usize>,
    /// How many characters begin before each byte.
    chars_before: Vec<u32>,
}

impl Places {
    fn of(text: &str) -> Self {
        let mut line_starts = vec![0];
        let mut chars_before = Vec::with_capacity(text.len() + 1);
        let mut chars = 0;
        for (i, byte) in text.bytes().enumerate() {
            chars_before.push(chars);
            // The bytes behind the first of a character begin with the bits 10.
            chars += u32::from(byte & 0b1100_0000 != 0b1000_0000);
            if byte == b'\n' {
                line_starts.push(i + 1);
            }
        }
        chars_before.push(chars);
        Self { line_starts, chars_before }
    }

    fn at(&self, offset: usize) -> Position {
        let offset = offset.min(self.chars_before.len() - 1);
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let line_start = self.line_starts[line - 1];
        Position {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: self.chars_before[offset] - self.chars_before[line_start] + 1,
        }
    }
}
