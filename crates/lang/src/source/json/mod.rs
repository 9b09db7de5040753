//! A strict JSON reader (RFC 8259) that keeps places, and numbers as they were written.

mod fault;
mod jackson;
mod scanner;

use std::collections::HashMap;

use self::scanner::Scanner;
pub use self::{
    fault::{Expected, Fault, SyntaxError},
    jackson::at_source,
};
use super::{Content, Diagnostic, Entry, MAX_DEPTH, Node, Pointer, Position};

/// Reads one JSON text. Of duplicate keys the last one counts, as AWS reads them; each of them is reported
/// beside the tree, for the caller to refuse or not.
pub fn parse(text: &str) -> Result<(Node, Vec<Diagnostic>), SyntaxError> {
    let mut reader = Reader { scanner: Scanner::new(text), open: Vec::new(), duplicates: Vec::new() };
    let root = reader.value(&Pointer::root())?;
    reader.scanner.skip_blanks();
    match reader.scanner.peek() {
        None => Ok((root, reader.duplicates)),
        Some(found) => Err(reader.unexpected(found, Expected::End)),
    }
}

struct Reader<'a> {
    scanner: Scanner<'a>,
    /// Where the objects and lists begin that we are in, with their opening character.
    open: Vec<(char, Position)>,
    duplicates: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn value(&mut self, pointer: &Pointer) -> Result<Node, SyntaxError> {
        self.scanner.skip_blanks();
        let start = self.scanner.position();
        let content = match self.scanner.peek() {
            Some(opening @ ('{' | '[')) => self.container(opening, pointer)?,
            Some('"') => Content::Text(self.scanner.string()?),
            Some('-' | '0'..='9') => Content::Number(self.scanner.number()?),
            Some(c) if c.is_alphabetic() || c == '_' || c == '$' => self.literal()?,
            Some(found) => return Err(self.unexpected(found, Expected::Value)),
            None => return Err(self.end(Expected::Value)),
        };
        Ok(Node::new(content, start, self.scanner.position()))
    }

    fn container(&mut self, opening: char, pointer: &Pointer) -> Result<Content, SyntaxError> {
        if self.open.len() == MAX_DEPTH {
            return Err(SyntaxError { fault: Fault::TooDeep, at: self.scanner.position(), open: None });
        }
        self.open.push((opening, self.scanner.position()));
        self.scanner.bump();
        let content = if opening == '{' { self.object(pointer) } else { self.list(pointer) }?;
        self.open.pop();
        Ok(content)
    }

    fn object(&mut self, pointer: &Pointer) -> Result<Content, SyntaxError> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen: HashMap<String, usize> = HashMap::new();
        if self.close('}') {
            return Ok(Content::Map(entries));
        }
        loop {
            let entry = self.entry(pointer)?;
            match seen.get(&entry.key) {
                None => {
                    seen.insert(entry.key.clone(), entries.len());
                    entries.push(entry);
                }
                Some(&first) => {
                    self.duplicates.push(duplicate(&entry, entries[first].key_start, pointer));
                    entries[first].value = entry.value;
                }
            }
            if self.comma_or('}', Expected::CommaInObject)? {
                return Ok(Content::Map(entries));
            }
        }
    }

    fn entry(&mut self, pointer: &Pointer) -> Result<Entry, SyntaxError> {
        self.scanner.skip_blanks();
        let key_start = self.scanner.position();
        match self.scanner.peek() {
            Some('"') => {}
            Some(found) => return Err(self.unexpected(found, Expected::Key)),
            None => return Err(self.end(Expected::Key)),
        }
        let key = self.scanner.string()?;
        self.scanner.skip_blanks();
        match self.scanner.peek() {
            Some(':') => self.scanner.bump(),
            Some(found) => return Err(self.unexpected(found, Expected::Colon)),
            None => return Err(self.end(Expected::Colon)),
        }
        let value = self.value(&pointer.key(&key))?;
        Ok(Entry { key, key_start, value })
    }

    fn list(&mut self, pointer: &Pointer) -> Result<Content, SyntaxError> {
        let mut items = Vec::new();
        if self.close(']') {
            return Ok(Content::List(items));
        }
        loop {
            items.push(self.value(&pointer.index(items.len()))?);
            if self.comma_or(']', Expected::CommaInList)? {
                return Ok(Content::List(items));
            }
        }
    }

    fn close(&mut self, closing: char) -> bool {
        self.scanner.skip_blanks();
        let closes = self.scanner.peek() == Some(closing);
        if closes {
            self.scanner.bump();
        }
        closes
    }

    /// Whether the container ended here; otherwise a comma was read.
    fn comma_or(&mut self, closing: char, expected: Expected) -> Result<bool, SyntaxError> {
        if self.close(closing) {
            return Ok(true);
        }
        match self.scanner.peek() {
            Some(',') => {
                self.scanner.bump();
                Ok(false)
            }
            Some(found) => Err(self.unexpected(found, expected)),
            None => Err(self.end(expected)),
        }
    }

    fn literal(&mut self) -> Result<Content, SyntaxError> {
        let word = self.scanner.word();
        match word.as_str() {
            "null" => Ok(Content::Null),
            "true" => Ok(Content::Bool(true)),
            "false" => Ok(Content::Bool(false)),
            _ => Err(SyntaxError { fault: Fault::Word(word), at: self.scanner.position(), open: None }),
        }
    }

    fn unexpected(&self, found: char, expected: Expected) -> SyntaxError {
        let fault = Fault::Unexpected { found, expected };
        SyntaxError { fault, at: self.scanner.position(), open: self.open.last().copied() }
    }

    fn end(&self, expected: Expected) -> SyntaxError {
        SyntaxError {
            fault: Fault::End(expected),
            at: self.scanner.position(),
            open: self.open.last().copied(),
        }
    }
}

fn duplicate(entry: &Entry, first: Position, pointer: &Pointer) -> Diagnostic {
    Diagnostic::error(format!("duplicate key `{}`, first at {first}", entry.key))
        .at(entry.key_start)
        .pointing(pointer.key(&entry.key))
}
