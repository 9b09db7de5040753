//! A pattern that is not one, in AWS's words.

use super::MAX_CHARS;
use crate::source::{Diagnostic, Pointer, Position, json};

/// Why a text is no event pattern. Shown, it is the message of AWS's `InvalidEventPatternException`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.aws_message())]
pub struct Refused {
    text: String,
    faults: Vec<Fault>,
}

/// One thing that is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// AWS's words.
    pub(super) reason: String,
    /// Where AWS's reader stands when it finds it. AWS names no place for CIDR blocks.
    pub(super) at: Option<Position>,
    /// AWS names the place once more for each reader that passes the fault on.
    pub(super) times: usize,
    pub(super) pointer: Pointer,
}

impl Refused {
    pub(super) fn new(text: &str, faults: Vec<Fault>) -> Self {
        Self { text: text.to_owned(), faults }
    }

    pub(super) fn too_long(text: &str) -> Self {
        let reason = format!("the pattern has more than {MAX_CHARS} characters");
        let head = text.chars().take(MAX_CHARS).collect::<String>();
        Self::new(&head, vec![Fault { reason, at: None, times: 0, pointer: Pointer::root() }])
    }

    pub(super) fn syntax(text: &str, error: &json::SyntaxError) -> Self {
        let nothing =
            matches!(error.fault, json::Fault::End(_)) && error.open.is_none() && text.trim().is_empty();
        let reason = if nothing { "Filter is not an object".to_owned() } else { error.aws_reason(text) };
        Self::new(text, vec![Fault { reason, at: Some(error.at), times: 1, pointer: Pointer::root() }])
    }

    /// AWS's message for the first fault.
    pub fn aws_message(&self) -> String {
        let reason = self.faults.first().map_or_else(String::new, |fault| {
            let place = fault.at.map_or_else(String::new, |at| json::at_source(&self.text, at));
            format!("{}{}", fault.reason, place.repeat(fault.times))
        });
        format!("Event pattern is not valid. Reason: {reason}")
    }

    /// All faults with their places.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let diagnostic = |fault: &Fault| Diagnostic {
            position: fault.at,
            ..Diagnostic::error(fault.reason.clone()).pointing(fault.pointer.clone())
        };
        self.faults.iter().map(diagnostic).collect()
    }
}
