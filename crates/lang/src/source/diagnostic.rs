//! What is wrong with a text, and where.

use std::fmt;

use super::{Node, Pointer, Position};

/// Whether the text can be used in spite of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The text is refused.
    Error,
    /// The text is taken; the author should know.
    Warning,
}

/// One finding about a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether the text is refused for it.
    pub severity: Severity,
    /// A stable name where the language has one, such as ASL's `MISSING_TRANSITION_TARGET`.
    pub code: Option<&'static str>,
    /// Lowercase, no full stop; names the thing and the remedy.
    pub message: String,
    /// The node it is about.
    pub pointer: Pointer,
    /// Its line and column, where the text is at hand.
    pub position: Option<Position>,
    /// The file, where there is one.
    pub file: Option<String>,
}

impl Diagnostic {
    /// An error without a place; add one with [`Self::at`] or [`Self::pointing`].
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code: None,
            message: message.into(),
            pointer: Pointer::root(),
            position: None,
            file: None,
        }
    }

    /// A warning without a place.
    pub fn warning(message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message) }
    }

    /// The same with its stable name.
    #[must_use]
    pub fn with_code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    /// The same at a line and column.
    #[must_use]
    pub fn at(self, position: Position) -> Self {
        Self { position: Some(position), ..self }
    }

    /// The same about a node.
    #[must_use]
    pub fn pointing(self, pointer: Pointer) -> Self {
        Self { pointer, ..self }
    }

    /// The same with the line and column of its pointer in `root`, unless it already has them.
    #[must_use]
    pub fn located_in(self, root: &Node) -> Self {
        let position = self.position.or_else(|| Some(root.locate(&self.pointer)));
        Self { position, ..self }
    }

    /// Whether the text is refused for it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// `file:line:column: message (at /json/pointer)`; parts that are not known are left out.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_deref();
        match (file, self.position) {
            (Some(file), Some(position)) => write!(f, "{file}:{position}: ")?,
            (Some(file), None) => write!(f, "{file}: ")?,
            (None, Some(position)) => write!(f, "{position}: ")?,
            (None, None) => {}
        }
        if self.severity == Severity::Warning {
            f.write_str("warning: ")?;
        }
        f.write_str(&self.message)?;
        if self.pointer.as_str().is_empty() { Ok(()) } else { write!(f, " (at {})", self.pointer) }
    }
}

/// The same diagnostics, all of them about `file`.
pub fn in_file(diagnostics: Vec<Diagnostic>, file: &str) -> Vec<Diagnostic> {
    diagnostics.into_iter().map(|d| Diagnostic { file: Some(file.to_owned()), ..d }).collect()
}
