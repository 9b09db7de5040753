//! A pattern that is not one, in AWS's words.

use super::MAX_CHARS;
use crate::source::{Diagnostic, Pointer, Position, json};

/// Why a text is no event pattern. Shown, it is the message of AWS's `InvalidEventPatternException`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.aws_message())]
pub struct Refused {
    text: String,
    faults: Vec<Fault>,
    /// The text is no JSON object: nothing in it could be judged.
    is_no_object: bool,
}

const WORDS: &str = "Event pattern is not valid. Reason: ";

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

impl Fault {
    /// A fault of the whole rather than of a place in the text.
    pub(super) fn placeless(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), at: None, times: 0, pointer: Pointer::root() }
    }
}

impl Refused {
    pub(super) fn new(text: &str, faults: Vec<Fault>) -> Self {
        Self { text: text.to_owned(), faults, is_no_object: false }
    }

    pub(super) fn of_no_object(self) -> Self {
        Self { is_no_object: true, ..self }
    }

    pub(super) fn too_long(text: &str) -> Self {
        let reason = format!("the pattern has more than {MAX_CHARS} characters");
        let head = text.chars().take(MAX_CHARS).collect::<String>();
        Self::new(&head, vec![Fault::placeless(reason)])
    }

    pub(super) fn syntax(text: &str, error: &json::SyntaxError) -> Self {
        let nothing =
            matches!(error.fault, json::Fault::End(_)) && error.open.is_none() && text.trim().is_empty();
        let reason = if nothing { "Filter is not an object".to_owned() } else { error.aws_reason(text) };
        let fault = Fault { at: Some(error.at), times: 1, ..Fault::placeless(reason) };
        Self::new(text, vec![fault]).of_no_object()
    }

    /// AWS's message for the first fault, as its recorded answers have it: the place is told of a text that is no JSON
    /// object, and of what is wrong inside of one only the reason. [`Refused::aws_raw_message`] tells both.
    pub fn aws_message(&self) -> String {
        if self.is_no_object {
            return self.aws_raw_message();
        }
        format!("{WORDS}{}", self.faults.first().map_or("", |fault| &fault.reason))
    }

    /// The first fault with its place, in the words of AWS's reader.
    pub fn aws_raw_message(&self) -> String {
        let reason = self.faults.first().map_or_else(String::new, |fault| {
            let place = fault.at.map_or_else(String::new, |at| json::at_source(&self.text, at));
            format!("{}{}", fault.reason, place.repeat(fault.times))
        });
        format!("{WORDS}{reason}")
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
