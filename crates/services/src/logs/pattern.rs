//! Filter patterns: plain terms. All must be there; of those with `?` one must; none with `-` may.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>

use super::Error;

/// A pattern, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pattern {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
}

impl Pattern {
    /// Reads the pattern. JSON, space-delimited and regular expression patterns are refused by name.
    pub(super) fn read(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        for (sign, what) in [('{', "JSON"), ('[', "space-delimited"), ('%', "regular expression")] {
            if text.starts_with(sign) {
                return Err(Error::Invalid(format!("{what} filter patterns are not supported: `{text}`")));
            }
        }
        let mut pattern = Self::default();
        let mut rest = text;
        while !rest.is_empty() {
            let (list, after) = match rest.chars().next() {
                Some('?') => (&mut pattern.any, &rest[1..]),
                Some('-') => (&mut pattern.none, &rest[1..]),
                _ => (&mut pattern.all, rest),
            };
            let (term, after) = term(after).ok_or_else(|| {
                Error::Invalid(format!("Invalid filter pattern: a quote is not closed in `{text}`"))
            })?;
            list.push(term);
            rest = after.trim_start();
        }
        Ok(pattern)
    }

    /// Whether the message fits.
    pub(super) fn fits(&self, message: &str) -> bool {
        let has = |term: &String| message.contains(term.as_str());
        let one = self.any.is_empty() || self.any.iter().any(has);
        one && self.all.iter().all(has) && !self.none.iter().any(has)
    }
}

/// The first term, and what follows it.
fn term(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut term = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((term, &quoted[at + 1..])),
            '\\' => term.extend(letters.next().map(|(_, escaped)| escaped)),
            letter => term.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms() {
        let check = |pattern, message, fits| {
            assert_eq!(Pattern::read(pattern).unwrap().fits(message), fits, "{pattern}: {message}");
        };
        check("", "anything", true);
        check("ERROR", "an ERROR here", true);
        check("ERROR", "an error here", false);
        check("ERROR mse", "ERROR in mse", true);
        check("ERROR mse", "ERROR", false);
        check("\"two words\"", "see two words", true);
        check("\"a\\\"b\"", "a\"b", true);
        check("?ERROR ?WARN", "a WARN", true);
        check("?ERROR ?WARN", "info", false);
        check("ERROR -expected", "expected ERROR", false);
        for bad in ["{ $.a = 1 }", "[ip, user]", "%[0-9]%", "\"open"] {
            assert!(Pattern::read(bad).is_err(), "{bad}");
        }
    }
}
