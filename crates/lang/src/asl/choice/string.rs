//! `String…`.

use std::cmp::Ordering;

use serde_json::Value;

/// The order of two texts.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    Some(left.as_str()?.cmp(right.as_str()?))
}

/// `StringMatches`: `*` stands for any text, `\*` for itself.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let mut pieces = vec![String::new()];
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        let last = pieces.len() - 1;
        match c {
            '*' => pieces.push(String::new()),
            '\\' => pieces[last].extend(chars.next()),
            c => pieces[last].push(c),
        }
    }
    let (first, last) = (&pieces[0], &pieces[pieces.len() - 1]);
    if pieces.len() == 1 {
        return first == text;
    }
    let Some(rest) = text.strip_prefix(first.as_str()) else { return false };
    let Some(mut rest) = rest.strip_suffix(last.as_str()) else { return false };
    for piece in &pieces[1..pieces.len() - 1] {
        match rest.find(piece.as_str()) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars() {
        for (pattern, text, expect) in [
            ("*.csv", "a.csv", true),
            ("*.csv", "a.csv.gz", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*a", "a", false),
            ("*", "", true),
            (r"a\*", "a*", true),
            (r"a\*", "ab", false),
            ("abc", "abc", true),
            ("log-*.txt", "log-*.txt", true),
        ] {
            assert_eq!(matches(pattern, text), expect, "{pattern} {text}");
        }
    }
}
