//! Reads an event once and keeps the values of the fields that rules name; all else is skipped, not checked.

use super::{
    NotAnEvent,
    names::Name,
    seen::{Held, Seen},
    skip,
};

/// Containers with named fields may be so deep; an event of our own is never deeper.
const DEEPEST: u32 = 128;

pub(super) struct Reader<'a, 's> {
    text: &'a str,
    at: usize,
    depth: u32,
    seen: &'s mut Seen,
}

type Read<T = ()> = Result<T, NotAnEvent>;

impl<'a, 's> Reader<'a, 's> {
    /// Reads the whole event.
    pub(super) fn read(text: &'a str, names: &Name, seen: &'s mut Seen) -> Read {
        let mut reader = Self { text, at: 0, depth: 0, seen };
        match reader.next_byte()? {
            b'{' => reader.object(names, 0),
            _ => Err(reader.wrong()),
        }
    }

    /// The value that begins at the next visible byte, of a field or of a step to fields.
    fn value(&mut self, name: &Name, member: u32) -> Read {
        match self.next_byte()? {
            b'{' if !name.is_end() => self.object(name, member),
            b'[' => self.list(name, member),
            b'"' => {
                let Some(field) = name.field else { return self.skip() };
                let (start, end, escapes) = self.text_token()?;
                let held = if escapes {
                    self.seen.keep(self.text.get(start..end)).ok_or_else(|| self.wrong())?
                } else {
                    Held::Text { start, end }
                };
                self.seen.leaf(field, held, member);
                Ok(())
            }
            b'{' => self.skip(),
            _ => self.plain(name, member),
        }
    }

    /// The object that begins here. Names in it are told once: when all that lead to fields were found and none of
    /// them leads further, the rest is skipped.
    fn object(&mut self, name: &Name, member: u32) -> Read {
        self.deeper()?;
        self.at += 1;
        let mut found = 0;
        if self.next_byte()? == b'}' {
            return self.shallower();
        }
        loop {
            if self.next_byte()? != b'"' {
                return Err(self.wrong());
            }
            let (start, end, escapes) = self.text_token()?;
            if self.next_byte()? != b':' {
                return Err(self.wrong());
            }
            self.at += 1;
            let key = self.text.get(start..end).unwrap_or_default();
            match name.step(key) {
                Some((bit, below)) if !escapes => {
                    self.value(below, member)?;
                    found |= bit;
                    if Some(found) == name.ends {
                        self.at = skip::container_end(self.text.as_bytes(), self.at, 1)
                            .ok_or_else(|| self.wrong())?;
                        self.depth -= 1;
                        return Ok(());
                    }
                }
                _ => self.odd_member(name, key, escapes, member)?,
            }
            match self.next_byte()? {
                b',' => self.at += 1,
                b'}' => return self.shallower(),
                _ => return Err(self.wrong()),
            }
        }
    }

    /// A member whose name is none of the next steps as it stands: it may be escaped, or be many steps in one.
    fn odd_member(&mut self, name: &Name, key: &str, escapes: bool, member: u32) -> Read {
        let below = if escapes {
            let key = unescaped(key).ok_or_else(|| self.wrong())?;
            name.way(&key)
        } else if key.contains('.') {
            name.way(key)
        } else {
            None
        };
        match below {
            Some(below) => self.value(below, member),
            None => self.skip(),
        }
    }

    /// The list that begins here: it has the name of its items. What stands in an item that is an object or a list
    /// belongs together.
    fn list(&mut self, name: &Name, member: u32) -> Read {
        self.deeper()?;
        self.at += 1;
        let list = self.seen.new_list();
        let mut index = 0;
        if self.next_byte()? == b']' {
            return self.shallower();
        }
        loop {
            let item = match self.next_byte()? {
                b'{' | b'[' => self.seen.member(member, list, index),
                _ => member,
            };
            self.value(name, item)?;
            index += 1;
            match self.next_byte()? {
                b',' => self.at += 1,
                b']' => return self.shallower(),
                _ => return Err(self.wrong()),
            }
        }
    }

    /// A number, `true`, `false` or `null`.
    fn plain(&mut self, name: &Name, member: u32) -> Read {
        let start = self.at;
        self.skip_plain();
        let token = self.text.get(start..self.at).unwrap_or_default();
        let Some(field) = name.field else { return Ok(()) };
        let held = Held::plain(token, start).ok_or_else(|| self.wrong())?;
        self.seen.leaf(field, held, member);
        Ok(())
    }

    fn skip(&mut self) -> Read {
        match self.next_byte()? {
            b'{' | b'[' => {
                self.at =
                    skip::container_end(self.text.as_bytes(), self.at, 0).ok_or_else(|| self.wrong())?;
            }
            b'"' => {
                self.text_token()?;
            }
            _ => self.skip_plain(),
        }
        Ok(())
    }

    fn skip_plain(&mut self) {
        self.at = skip::plain_end(self.text.as_bytes(), self.at);
    }

    /// Start and end of the text that begins here, without its quotes, and whether something in it is escaped.
    fn text_token(&mut self) -> Read<(usize, usize, bool)> {
        let start = self.at + 1;
        let (end, escapes) = skip::text_end(self.text.as_bytes(), start).ok_or_else(|| self.wrong())?;
        self.at = end + 1;
        Ok((start, end, escapes))
    }

    /// The next byte that is no white space; it is not taken.
    fn next_byte(&mut self) -> Read<u8> {
        loop {
            match self.text.as_bytes().get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(byte) => return Ok(*byte),
                None => return Err(self.wrong()),
            }
        }
    }

    fn deeper(&mut self) -> Read {
        self.depth += 1;
        if self.depth > DEEPEST { Err(self.wrong()) } else { Ok(()) }
    }

    fn shallower(&mut self) -> Read {
        self.at += 1;
        self.depth -= 1;
        Ok(())
    }

    fn wrong(&self) -> NotAnEvent {
        NotAnEvent { at: self.at.min(self.text.len()) }
    }
}

/// The text that a JSON text stands for; `raw` is without its quotes.
pub(super) fn unescaped(raw: &str) -> Option<String> {
    serde_json::from_str(&format!("\"{raw}\"")).ok()
}
