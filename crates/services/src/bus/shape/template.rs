//! Templates: JSON, or lines of text in quotes, with `<variable>` in them. Pure.
//!
//! In JSON a variable stands for its value; within quotes for the text that its value is, and one that is a list or an
//! object breaks the JSON, so that nothing is delivered. In lines of text everything goes in as it is, and lists and
//! objects lose their quotes. What an event does not have is an empty text. Recordings of AWS are why; but the quotes
//! in a text are escaped here, where AWS would lose the event.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>

use std::borrow::Cow;

use serde_json::Value;

use super::text;

/// A template gives so many bytes at most.
const LARGEST: usize = 1 << 20;

/// A template, taken apart.
pub(super) struct Template<'t> {
    text: &'t str,
    pieces: Vec<Piece<'t>>,
    /// Whether it is lines of text and not JSON.
    lines: bool,
}

enum Piece<'t> {
    Literal(&'t str),
    Variable { name: &'t str, quoted: bool },
}

/// Why a template cannot be used.
pub(super) enum Flaw {
    /// A variable that nothing is known of.
    Unknown(String),
    /// It can never be JSON.
    NotJson(String),
}

impl<'t> Template<'t> {
    /// Finds the variables. A `<…>` that is no name stays as it is.
    pub(super) fn read(text: &'t str) -> Self {
        let (mut pieces, mut start, mut quoted) = (Vec::new(), 0, false);
        let mut letters = text.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '\\' if quoted => drop(letters.next()),
                '"' => quoted = !quoted,
                '<' => {
                    if let Some(name) = variable(&text[at..]) {
                        pieces.push(Piece::Literal(&text[start..at]));
                        pieces.push(Piece::Variable { name, quoted });
                        start = at + name.len() + 2;
                        // Names are of one-byte letters: as many letters are passed over.
                        letters.nth(name.len());
                    }
                }
                _ => {}
            }
        }
        pieces.push(Piece::Literal(&text[start..]));
        Self { text, pieces, lines: text.trim_start().starts_with('"') }
    }

    /// Whether all variables are known, and it may be JSON when they are filled in.
    pub(super) fn check(&self, known: impl Fn(&str) -> bool) -> Result<(), Flaw> {
        for piece in &self.pieces {
            if let Piece::Variable { name, .. } = piece
                && !known(name)
            {
                return Err(Flaw::Unknown((*name).to_owned()));
            }
        }
        self.fill(|_| None).map(drop).map_err(|_| {
            let filled = self.written(|_| None).unwrap_or_default();
            let error = serde_json::from_str::<Value>(&filled).err();
            Flaw::NotJson(error.map(|error| text::flaw(self.text, &error)).unwrap_or_default())
        })
    }

    /// What it is with these values.
    pub(super) fn fill<'v>(&self, value: impl Fn(&str) -> Option<Cow<'v, Value>>) -> Result<Value, String> {
        let written = self.written(value)?;
        if !self.lines {
            return text::read(&written);
        }
        let lines = serde_json::Deserializer::from_str(&written).into_iter::<String>();
        let lines: Vec<String> = lines.collect::<Result<_, _>>().map_err(|e| text::flaw(self.text, &e))?;
        Ok(Value::String(lines.join("\n")))
    }

    fn written<'v>(&self, value: impl Fn(&str) -> Option<Cow<'v, Value>>) -> Result<String, String> {
        let mut out = String::with_capacity(self.text.len());
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Variable { name, quoted: false } => match value(name) {
                    Some(value) => out.push_str(&value.to_string()),
                    None => out.push_str("\"\""),
                },
                Piece::Variable { name, quoted: true } => {
                    match value(name).as_deref().unwrap_or(&Value::Null) {
                        Value::Null => {}
                        Value::String(text) => out.push_str(&escaped(text)),
                        plain @ (Value::Bool(_) | Value::Number(_)) => out.push_str(&plain.to_string()),
                        value if self.lines => out.push_str(&escaped(&value.to_string().replace('"', ""))),
                        _ => {
                            return Err(format!(
                                "`<{name}>` is a list or an object and stands in quotes: the template gives no JSON"
                            ));
                        }
                    }
                }
            }
            // Short templates can say the same long value very often.
            if out.len() > LARGEST {
                return Err(format!("the template gives more than {LARGEST} bytes"));
            }
        }
        Ok(out)
    }
}

/// The variable's name, if the text begins with one in angle brackets.
fn variable(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix('<')?.split_once('>')?;
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    (!name.is_empty() && name.bytes().all(legal)).then_some(name)
}

/// The text as it stands between quotes.
fn escaped(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned());
    quoted[1..quoted.len() - 1].to_owned()
}
