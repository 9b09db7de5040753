//! Everything that can be said of a file without running it: what is refused, and what will surprise its author.
//!
//! What kind of file it is follows from its content, else from its name. Files that a template names are looked at
//! with it, because only the template knows what is put into them.

mod definition;
mod graph;
mod kind;
mod pattern;
mod substitutions;
mod template;
#[cfg(test)]
mod tests;

pub use kind::Kind;
pub use pattern::lint as lint_pattern;

use crate::{
    buildspec::Buildspec,
    samconfig::{DEFAULT_ENVIRONMENT, SamConfig},
    source::{self, Diagnostic},
};

/// A file that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its path: as it was given, or as a template names it, from the template's directory.
    pub path: String,
    /// Its text.
    pub text: String,
    /// What is wrong with it, in the order of the text.
    pub found: Vec<Diagnostic>,
}

/// Looks at a file. `read` gets the bytes of other files that it names, by the path that stands in it, or says why
/// there are none.
pub fn lint(path: &str, bytes: &[u8], read: &dyn Fn(&str) -> Result<Vec<u8>, String>) -> Vec<Seen> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (found, others) = match Kind::of(path, bytes) {
        Some(Kind::Definition) => (definition::lint(bytes, None), Vec::new()),
        Some(Kind::Buildspec) => (Buildspec::parse(bytes).err().unwrap_or_default(), Vec::new()),
        Some(Kind::SamConfig) => (samconfig(bytes), Vec::new()),
        Some(Kind::Template) => template::lint(bytes, read),
        None => (vec![unknown(bytes)], Vec::new()),
    };
    let mut all = vec![Seen { path: path.to_owned(), text, found }];
    all.extend(others);
    for seen in &mut all {
        seen.found.sort_by_key(|one| one.position);
    }
    all
}

fn unknown(bytes: &[u8]) -> Diagnostic {
    let broken = source::read_json_or_yaml(bytes).err().and_then(|found| found.into_iter().next());
    broken.unwrap_or_else(|| {
        Diagnostic::error(
            "this is no state machine (`StartAt`, `States`), template (`Resources`), buildspec (`phases`) or \
             samconfig.toml",
        )
        .at(source::Position::START)
    })
}

/// Every environment counts: nobody knows which will be deployed.
fn samconfig(bytes: &[u8]) -> Vec<Diagnostic> {
    let root = match source::read_toml(bytes) {
        Ok(root) => root,
        Err(found) => return found,
    };
    let named = root.entries().iter().map(|entry| entry.key.as_str()).filter(|name| *name != "version");
    let mut found: Vec<Diagnostic> = Vec::new();
    for environment in named.chain([DEFAULT_ENVIRONMENT]) {
        for one in SamConfig::parse(bytes, environment).err().unwrap_or_default() {
            if !found.contains(&one) {
                found.push(one);
            }
        }
    }
    found
}
