//! The same faults in the words that AWS's services answer: those of the JSON reader behind them.
//! EventBridge and Step Functions pass that reader's text on to the client, so clients and tests know it.

use super::{Expected, Fault, SyntaxError};
use crate::source::Position;

impl SyntaxError {
    /// The fault in AWS's words with its place, `source` being the whole text.
    pub fn aws_message(&self, source: &str) -> String {
        format!("{}{}", self.aws_reason(source), at_source(source, self.at))
    }

    /// The fault in AWS's words without its place.
    pub fn aws_reason(&self, source: &str) -> String {
        const VALUE: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
        match &self.fault {
            Fault::Unexpected { found: found @ (']' | '}'), expected } if self.closes_wrongly(*expected) => {
                self.aws_close_marker(*found, source)
            }
            Fault::Unexpected { found, expected } => {
                let unexpected = format!("Unexpected character ('{found}' (code {}))", u32::from(*found));
                match expected {
                    Expected::Value | Expected::End => {
                        format!("{unexpected}: expected a valid value {VALUE}")
                    }
                    Expected::Key => format!("{unexpected}: was expecting double-quote to start field name"),
                    Expected::Colon => {
                        format!("{unexpected}: was expecting a colon to separate field name and value")
                    }
                    Expected::CommaInObject => {
                        format!("{unexpected}: was expecting comma to separate Object entries")
                    }
                    Expected::CommaInList => {
                        format!("{unexpected}: was expecting comma to separate Array entries")
                    }
                    Expected::Digit => {
                        format!(
                            "{unexpected} in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value"
                        )
                    }
                    Expected::Quote => {
                        format!("{unexpected}: was expecting closing quote for a string value")
                    }
                }
            }
            Fault::Word(word) => format!("Unrecognized token '{word}': was expecting {VALUE}"),
            Fault::End(Expected::Quote) => {
                "Unexpected end-of-input: was expecting closing quote for a string value".to_owned()
            }
            Fault::End(_) => self.aws_end_of_input(source),
            Fault::Control(c) => format!(
                "Illegal unquoted character ((CTRL-CHAR, code {})): has to be escaped using backslash to be included in string value",
                u32::from(*c)
            ),
            Fault::Escape(c) => format!("Unrecognized character escape '{c}' (code {})", u32::from(*c)),
            Fault::LoneSurrogate => "Incomplete surrogate pair".to_owned(),
            Fault::LeadingZero => "Invalid numeric value: Leading zeroes not allowed".to_owned(),
            Fault::NumberRange => "Numeric value out of range".to_owned(),
            Fault::TooDeep => "Document nesting depth exceeds the maximum allowed".to_owned(),
        }
    }

    fn closes_wrongly(&self, expected: Expected) -> bool {
        matches!(expected, Expected::CommaInList | Expected::CommaInObject) && self.open.is_some()
    }

    fn aws_close_marker(&self, found: char, source: &str) -> String {
        let (opening, at) = self.open.unwrap_or(('{', Position::START));
        let (closing, name) = if opening == '{' { ('}', "Object") } else { (']', "Array") };
        let place = at_source(source, at);
        format!(
            "Unexpected close marker '{found}': expected '{closing}' (for {name} starting at {})",
            place.trim_start_matches("\n at ")
        )
    }

    fn aws_end_of_input(&self, source: &str) -> String {
        let Some((opening, at)) = self.open else {
            return "No content to map due to end-of-input".to_owned();
        };
        let name = if opening == '{' { "Object" } else { "Array" };
        let place = at_source(source, at);
        format!(
            "Unexpected end-of-input: expected close marker for {name} (start marker at {})",
            place.trim_start_matches("\n at ")
        )
    }
}

/// The line that AWS puts behind a reason. It quotes the beginning of the text only.
pub fn at_source(source: &str, at: Position) -> String {
    const QUOTED: usize = 500;
    let length = source.encode_utf16().count();
    let (head, rest) = match source.char_indices().nth(QUOTED) {
        Some((end, _)) if length > QUOTED => {
            (&source[..end], format!("[truncated {} chars]", length - QUOTED))
        }
        _ => (source, String::new()),
    };
    format!("\n at [Source: (String)\"{head}\"{rest}; line: {}, column: {}]", at.line, at.column)
}
