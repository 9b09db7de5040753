//! Characters to tokens.

use super::{Expected, Fault, SyntaxError};
use crate::source::Position;

/// Walks over a text and knows where it is.
pub(super) struct Scanner<'a> {
    text: &'a str,
    offset: usize,
    position: Position,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, offset: 0, position: Position::START }
    }

    pub(super) fn position(&self) -> Position {
        self.position
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.text[self.offset..].chars().next()
    }

    pub(super) fn bump(&mut self) {
        let Some(c) = self.peek() else { return };
        self.offset += c.len_utf8();
        if c == '\n' {
            self.position = Position { line: self.position.line + 1, column: 1 };
        } else {
            self.position.column += 1;
        }
    }

    pub(super) fn skip_blanks(&mut self) {
        while let Some(' ' | '\t' | '\r' | '\n') = self.peek() {
            self.bump();
        }
    }

    /// A bare word: what stands where a literal could stand.
    pub(super) fn word(&mut self) -> String {
        self.run(|c| c.is_alphanumeric() || c == '_' || c == '$').to_owned()
    }

    fn run(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let from = self.offset;
        while self.peek().is_some_and(&wanted) {
            self.bump();
        }
        &self.text[from..self.offset]
    }

    /// A number in JSON's grammar that a 64-bit integer or float can hold.
    pub(super) fn number(&mut self) -> Result<String, SyntaxError> {
        let (from, start) = (self.offset, self.position);
        self.accept("-");
        let whole = self.digits()?;
        if whole.len() > 1 && whole.starts_with('0') {
            return Err(fault(Fault::LeadingZero, start));
        }
        if self.accept(".") {
            self.digits()?;
        }
        if self.accept("eE") {
            self.accept("+-");
            self.digits()?;
        }
        let raw = &self.text[from..self.offset];
        match raw.parse::<serde_json::Number>() {
            Ok(_) => Ok(raw.to_owned()),
            Err(_) => Err(fault(Fault::NumberRange, start)),
        }
    }

    fn accept(&mut self, any_of: &str) -> bool {
        let accepted = self.peek().is_some_and(|c| any_of.contains(c));
        if accepted {
            self.bump();
        }
        accepted
    }

    fn digits(&mut self) -> Result<&'a str, SyntaxError> {
        let digits = self.run(|c| c.is_ascii_digit());
        match self.peek() {
            _ if !digits.is_empty() => Ok(digits),
            Some(found) => Err(fault(Fault::Unexpected { found, expected: Expected::Digit }, self.position)),
            None => Err(fault(Fault::End(Expected::Digit), self.position)),
        }
    }

    /// A string in double quotes; the scanner stands at the first of them.
    pub(super) fn string(&mut self) -> Result<String, SyntaxError> {
        self.bump();
        let mut out = String::new();
        loop {
            out.push_str(self.run(|c| c != '"' && c != '\\' && c >= ' '));
            match self.peek() {
                Some('"') => {
                    self.bump();
                    return Ok(out);
                }
                Some('\\') => out.push(self.escape()?),
                Some(control) => return Err(fault(Fault::Control(control), self.position)),
                None => return Err(fault(Fault::End(Expected::Quote), self.position)),
            }
        }
    }

    fn escape(&mut self) -> Result<char, SyntaxError> {
        let start = self.position;
        self.bump();
        let escaped = self.peek().ok_or_else(|| fault(Fault::End(Expected::Quote), self.position))?;
        self.bump();
        match escaped {
            '"' | '\\' | '/' => Ok(escaped),
            'b' => Ok('\u{8}'),
            'f' => Ok('\u{c}'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'u' => self.unicode_escape(start),
            other => Err(fault(Fault::Escape(other), start)),
        }
    }

    fn unicode_escape(&mut self, start: Position) -> Result<char, SyntaxError> {
        let mut units = vec![self.hex4(start)?];
        if (0xd800..0xdc00).contains(&units[0]) && self.text[self.offset..].starts_with("\\u") {
            self.bump();
            self.bump();
            units.push(self.hex4(start)?);
        }
        let lone = || fault(Fault::LoneSurrogate, start);
        let mut chars = char::decode_utf16(units);
        match (chars.next(), chars.next()) {
            (Some(Ok(c)), None) => Ok(c),
            _ => Err(lone()),
        }
    }

    fn hex4(&mut self, start: Position) -> Result<u16, SyntaxError> {
        let from = self.offset;
        for _ in 0..4 {
            if !self.peek().is_some_and(|c| c.is_ascii_hexdigit()) {
                return Err(fault(Fault::Escape('u'), start));
            }
            self.bump();
        }
        u16::from_str_radix(&self.text[from..self.offset], 16).map_err(|_| fault(Fault::Escape('u'), start))
    }
}

fn fault(fault: Fault, at: Position) -> SyntaxError {
    SyntaxError { fault, at, open: None }
}
