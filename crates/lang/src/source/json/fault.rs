//! What can be wrong with a JSON text.

use crate::source::{Diagnostic, Position};

/// The first fault of a text that is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What it is.
    pub fault: Fault,
    /// Where the reader stood.
    pub at: Position,
    /// The object or list that was open there: its opening character and place.
    pub open: Option<(char, Position)>,
}

/// A kind of fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A character that does not belong there.
    Unexpected {
        /// The character.
        found: char,
        /// What could stand there.
        expected: Expected,
    },
    /// A bare word that is no literal.
    Word(String),
    /// The text ends too early.
    End(Expected),
    /// A control character inside a string.
    Control(char),
    /// `\` and a character that it does not escape.
    Escape(char),
    /// Half of a surrogate pair.
    LoneSurrogate,
    /// A number such as `012`.
    LeadingZero,
    /// A number that no 64-bit integer or float holds.
    NumberRange,
    /// Nested deeper than [`crate::source::MAX_DEPTH`].
    TooDeep,
}

/// What could stand at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// A value.
    Value,
    /// A key in double quotes.
    Key,
    /// The colon behind a key.
    Colon,
    /// A comma or the end of the object.
    CommaInObject,
    /// A comma or the end of the list.
    CommaInList,
    /// A digit.
    Digit,
    /// The closing quote of a string.
    Quote,
    /// Nothing more.
    End,
}

impl SyntaxError {
    /// The error in our words.
    pub fn diagnostic(&self) -> Diagnostic {
        let message = match &self.fault {
            Fault::Unexpected { found, expected } => {
                format!("unexpected character `{}`, expected {}", shown(*found), words(*expected))
            }
            Fault::Word(word) => format!("unknown word `{word}`, expected {}", words(Expected::Value)),
            Fault::End(expected) => format!("the text ends too early, expected {}", words(*expected)),
            Fault::Control(c) => {
                format!("control character `{}` in a string, write it as an escape", shown(*c))
            }
            Fault::Escape(c) => format!("`\\{}` is not an escape sequence", shown(*c)),
            Fault::LoneSurrogate => "half of a surrogate pair is not a character".to_owned(),
            Fault::LeadingZero => "a number must not begin with a zero".to_owned(),
            Fault::NumberRange => "the number is out of range".to_owned(),
            Fault::TooDeep => format!("nested deeper than {} levels", crate::source::MAX_DEPTH),
        };
        Diagnostic::error(message).at(self.at)
    }
}

fn shown(c: char) -> String {
    if c.is_control() { c.escape_default().to_string() } else { c.to_string() }
}

fn words(expected: Expected) -> &'static str {
    match expected {
        Expected::Value => "a value",
        Expected::Key => "a key in double quotes",
        Expected::Colon => "a colon behind the key",
        Expected::CommaInObject => "a comma or `}`",
        Expected::CommaInList => "a comma or `]`",
        Expected::Digit => "a digit",
        Expected::Quote => "the closing quote of a string",
        Expected::End => "the end of the text",
    }
}
