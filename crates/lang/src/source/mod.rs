//! Reads JSON, YAML and TOML texts into one tree whose every node knows its line and column.
//!
//! Never reads a file and never guesses: what is not plain data (merge keys, unknown tags, a second document)
//! is refused with its place.

mod cursor;
mod diagnostic;
pub mod json;
mod node;
mod pointer;
mod position;
mod text;
mod toml;
mod yaml;

pub use cursor::Cursor;
pub use diagnostic::{Diagnostic, Severity, in_file};
pub use node::{Content, Entry, Node};
pub use pointer::Pointer;
pub use position::Position;
pub use text::MAX_BYTES;

/// Nesting deeper than this is refused: real definitions stay far below, and readers recurse.
pub const MAX_DEPTH: usize = 128;

/// Reads one JSON text; a duplicate key is an error. All diagnostics come at once, a syntax error ends the list.
pub fn read_json(bytes: &[u8]) -> Result<Node, Vec<Diagnostic>> {
    let text = text::checked(bytes)?;
    let (node, mut duplicates) = json::parse(text).map_err(|e| vec![e.diagnostic()])?;
    duplicates.sort_by_key(|d| d.position);
    if duplicates.is_empty() { Ok(node) } else { Err(duplicates) }
}

/// Reads one YAML document of plain data: a tag such as `!Ref` is an error.
pub fn read_yaml(bytes: &[u8]) -> Result<Node, Vec<Diagnostic>> {
    yaml::parse(text::checked(bytes)?, yaml::Tags::Refuse)
}

/// Reads one YAML document and keeps local tags: `!Ref x` has the tag `Ref`. The caller judges them.
pub fn read_yaml_with_tags(bytes: &[u8]) -> Result<Node, Vec<Diagnostic>> {
    yaml::parse(text::checked(bytes)?, yaml::Tags::Keep)
}

/// Reads one TOML text.
pub fn read_toml(bytes: &[u8]) -> Result<Node, Vec<Diagnostic>> {
    toml::parse(text::checked(bytes)?)
}

/// Reads JSON when the first visible character opens an object or a list, YAML with tags otherwise.
pub fn read_json_or_yaml(bytes: &[u8]) -> Result<Node, Vec<Diagnostic>> {
    let first = bytes.iter().find(|b| !b.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(b));
    match first {
        Some(b'{' | b'[') => read_json(bytes),
        _ => read_yaml_with_tags(bytes),
    }
}

#[cfg(test)]
mod tests;
