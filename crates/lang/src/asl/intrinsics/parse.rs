//! Text to call.

use serde_json::Value;

use super::{Argument, Call, FORMAT, FUNCTIONS};

/// How deep calls may nest, as AWS has it.
const DEPTH: usize = 10;

pub(super) fn call(text: &str) -> Result<Call, String> {
    let mut reader = Reader { text, at: 0 };
    reader.blanks();
    let call = reader.call(DEPTH)?;
    reader.blanks();
    if reader.at != text.len() {
        return Err(reader.wrong("unexpected text"));
    }
    Ok(call)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn wrong(&self, what: &str) -> String {
        format!("{what} at character {} of `{}`", self.at + 1, self.text)
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, token: char) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len_utf8();
        }
        found
    }

    fn call(&mut self, depth: usize) -> Result<Call, String> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(self.wrong("more than 10 nested function calls"));
        };
        let begin = self.at;
        let name = self.rest().split('(').next().unwrap_or_default().trim_end();
        let known = FUNCTIONS.iter().find(|function| function.name == name);
        let function = known.ok_or_else(|| self.wrong("a path or a function of `States.` expected"))?;
        self.at += name.len();
        self.blanks();
        if !self.eat('(') {
            return Err(self.wrong("`(` expected"));
        }
        let mut arguments = Vec::new();
        self.blanks();
        if !self.eat(')') {
            loop {
                let raw = function.name == FORMAT && arguments.is_empty();
                arguments.push(self.argument(depth, raw)?);
                self.blanks();
                if self.eat(')') {
                    break;
                }
                if !self.eat(',') {
                    return Err(self.wrong("`,` or `)` expected"));
                }
            }
        }
        if !function.takes.contains(&arguments.len()) {
            return Err(self.wrong(&format!(
                "{} does not take {} arguments",
                function.name,
                arguments.len()
            )));
        }
        Ok(Call { text: self.text[begin..self.at].to_owned(), function, arguments })
    }

    fn argument(&mut self, depth: usize, raw: bool) -> Result<Argument, String> {
        self.blanks();
        let rest = self.rest();
        match rest.chars().next() {
            Some('\'') => Ok(Argument::Literal(Value::String(self.quoted(raw)?))),
            Some('$') => {
                let length = path_length(rest);
                let path = rest[..length].trim_end().parse().map_err(|e| format!("{e}"))?;
                self.at += length;
                Ok(Argument::Path(path))
            }
            Some('S') => self.call(depth).map(Argument::Call),
            _ => {
                let word = rest.split([',', ')']).next().unwrap_or_default();
                let value = serde_json::from_str::<Value>(word.trim()).ok();
                let value = value.filter(|v| v.is_number() || v.is_boolean() || v.is_null());
                let value = value.ok_or_else(|| self.wrong("a path, a call or a literal expected"))?;
                self.at += word.len();
                Ok(Argument::Literal(value))
            }
        }
    }

    /// A text in single quotes; `raw` keeps all escapes but that of the quote.
    fn quoted(&mut self, raw: bool) -> Result<String, String> {
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\'' => {
                    self.at += at + 1;
                    return Ok(text);
                }
                '\\' => match chars.next() {
                    Some((_, '\'')) => text.push('\''),
                    Some((_, c @ ('\\' | '{' | '}'))) => {
                        if raw {
                            text.push('\\');
                        }
                        text.push(c);
                    }
                    _ => {
                        self.at += at;
                        return Err(self.wrong("only \\' \\\\ \\{ \\} are escapes"));
                    }
                },
                c => text.push(c),
            }
        }
        Err(self.wrong("a quote is not closed"))
    }
}

/// Where a path among arguments ends: at the first `,` or `)` outside of brackets.
fn path_length(text: &str) -> usize {
    let (mut depth, mut quote) = (0_usize, None);
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') if depth > 0 => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') => depth = depth.saturating_sub(1),
            (None, ',' | ')') if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}
