//! State machines: what AWS refuses, and what AWS takes and will not do what it looks like.

use serde_json::Value;

use super::{graph, substitutions};
use crate::{
    asl,
    source::{self, Diagnostic, Node, Pointer},
};

/// Looks at a definition, JSON or YAML. `given`: what its template puts into it, if it has a template.
pub(super) fn lint(bytes: &[u8], given: Option<&[&str]>) -> Vec<Diagnostic> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = given.map(|given| not_given(&text, given)).unwrap_or_default();
    match read(bytes) {
        Ok(root) => found.extend(judged(&root)),
        Err(broken) => found.extend(broken),
    }
    found
}

/// The tree; places that a template fills stand for a number where they are not quoted.
fn read(bytes: &[u8]) -> Result<Node, Vec<Diagnostic>> {
    let first = bytes.iter().find(|b| !b.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(b));
    match std::str::from_utf8(bytes) {
        Ok(text) if first == Some(&b'{') => source::read_json(substitutions::readable(text).as_bytes()),
        _ => source::read_yaml(bytes),
    }
}

fn not_given(text: &str, given: &[&str]) -> Vec<Diagnostic> {
    let open = substitutions::places(text).into_iter().filter(|place| !given.contains(&place.name.as_str()));
    let warn = |place: substitutions::Place| {
        let words = format!(
            "the template does not give `{}`: add it to DefinitionSubstitutions, or the text stays as it is",
            place.name
        );
        Diagnostic::warning(words).with_code("MISSING_SUBSTITUTION").at(place.at)
    };
    open.map(warn).collect()
}

/// What is wrong with a definition that stands at the root of a tree.
pub(super) fn judged(root: &Node) -> Vec<Diagnostic> {
    let mut definition = root.to_json();
    substitutions::with_resources(&mut definition);
    let mut found: Vec<Diagnostic> = refused(&definition)
        .iter()
        .map(asl::Diagnostic::to_source)
        .filter(|one| !is_open(root, one))
        .collect();
    for task in asl::tasks(&definition) {
        let advice = asl::advise(&task).into_iter();
        let later = |one: asl::Finding| {
            let words = format!("{}: the task will fail when it runs", one.message);
            Diagnostic::warning(words).with_code("UNKNOWN_PARAMETER").pointing(one.pointer.as_str().into())
        };
        found.extend(advice.map(later));
    }
    found.extend(graph::lint(&definition));
    found.into_iter().map(|one| located(root, one)).collect()
}

fn refused(definition: &Value) -> Vec<asl::Diagnostic> {
    let mut found = asl::parse_value(definition).err().unwrap_or_default();
    found.extend(asl::diagnose(definition, |_| false));
    found
}

/// Whether it is about a text that the template will change.
fn is_open(root: &Node, one: &Diagnostic) -> bool {
    root.at(&one.pointer).and_then(Node::as_text).is_some_and(substitutions::has_place)
}

/// The finding at its line and column: of the member that its message names, where the place has it.
fn located(root: &Node, one: Diagnostic) -> Diagnostic {
    let named = || {
        let (name, node) = (quoted(&one.message)?, root.at(&one.pointer)?);
        let entry = node.entry(name).or_else(|| node.entry(&format!("{name}.$")))?;
        Some(entry.key_start)
    };
    match named().or_else(|| key_of(root, &one.pointer)) {
        Some(position) => one.at(position),
        None => one.located_in(root),
    }
}

/// The first name in quotes.
fn quoted(message: &str) -> Option<&str> {
    let (_, behind) = message.split_once(['\'', '"'])?;
    behind.split(['\'', '"']).next()
}

/// Where the key of an object or a list stands: the value itself begins with a bracket, which says little.
fn key_of(root: &Node, pointer: &Pointer) -> Option<source::Position> {
    let (parent, last) = pointer.as_str().rsplit_once('/')?;
    let entry = root.at(&parent.into())?.entry(&last.replace("~1", "/").replace("~0", "~"))?;
    let container = matches!(entry.value.content, source::Content::Map(_) | source::Content::List(_));
    container.then_some(entry.key_start)
}
