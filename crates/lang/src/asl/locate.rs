//! Diagnostics with line and column, for people who have the file open.

use crate::source;

use super::{Diagnostic, Machine, parse};

/// Reads a definition as [`parse`] does and says where in the text each fault is. A name that is given twice is a
/// fault too.
pub fn check(text: &str) -> Result<Machine, Vec<source::Diagnostic>> {
    let root = source::read_json(text.as_bytes())?;
    parse(text).map_err(|found| found.iter().map(|one| one.to_source().located_in(&root)).collect())
}

impl Diagnostic {
    /// The same in the form that all languages share.
    pub fn to_source(&self) -> source::Diagnostic {
        let pointer = self.pointer.as_deref().filter(|pointer| *pointer != "/").unwrap_or_default();
        source::Diagnostic::error(self.message.as_str())
            .with_code(self.code.as_str())
            .pointing(pointer.into())
    }
}
