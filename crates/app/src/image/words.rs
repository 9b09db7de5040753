//! Splitting a command line into words, as a shell would without expanding anything.

/// The words of `text`. Quotes keep blanks together; a backslash takes the next character as it is, except inside
/// single quotes. `None` if a quote is left open.
pub(super) fn split(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), close) if open == close => quote = None,
            (Some('\''), other) => word.get_or_insert_default().push(other),
            (_, '\\') => word.get_or_insert_default().push(letters.next()?),
            (Some(_), other) => word.get_or_insert_default().push(other),
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, blank) if blank.is_whitespace() => words.extend(word.take()),
            (None, other) => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let check = |text: &str, expect: Option<&[&str]>| {
            let expect = expect.map(|words| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
            assert_eq!(split(text), expect, "{text}");
        };
        check("", Some(&[]));
        check("  a  b ", Some(&["a", "b"]));
        check(r#"a "b c" 'd "e' f\ g"#, Some(&["a", "b c", "d \"e", "f g"]));
        check(r#"a'b'"c" ''"#, Some(&["abc", ""]));
        check("'open", None);
        check("end\\", None);
    }
}
