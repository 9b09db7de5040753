//! `A=b C='d e'`: parameters and their values in one text, as on the command line.

/// The pairs of a text such as `A=b C='d e' ParameterKey=F,ParameterValue=g`, in order.
///
/// A value may be quoted by `'` or `"`; a backslash takes the next character as it is, but not between `'`.
pub fn parse_overrides(text: &str) -> Result<Vec<(String, String)>, String> {
    words(text)?.iter().map(|word| pair(word)).collect()
}

/// One pair that is a text of its own: blanks belong to the value, quotes around the value do not.
pub(super) fn parse_one(text: &str) -> Result<(String, String), String> {
    let (key, value) = pair(text.trim())?;
    let quoted = ['"', '\''].iter().find_map(|q| value.strip_prefix(*q)?.strip_suffix(*q));
    Ok((key, quoted.map_or(value.clone(), str::to_owned)))
}

fn pair(word: &str) -> Result<(String, String), String> {
    let named = word.strip_prefix("ParameterKey=").and_then(|rest| rest.split_once(",ParameterValue="));
    match named.or_else(|| word.split_once('=')) {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        // The word is not shown: it may be the second half of an unquoted secret.
        _ => Err("each pair is `Name=value`, with quotes around a value that has blanks".to_owned()),
    }
}

/// Splits at blanks outside of quotes.
fn words(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let current = match (quote, c) {
            (None, c) if c.is_whitespace() => {
                words.extend(word.take());
                continue;
            }
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
                continue;
            }
            (Some(open), c) if open == c => {
                quote = None;
                continue;
            }
            (None | Some('"'), '\\') => chars.next().unwrap_or('\\'),
            (_, c) => c,
        };
        word.get_or_insert_default().push(current);
    }
    if let Some(open) = quote {
        return Err(format!("a quote {open} is not closed"));
    }
    words.extend(word);
    Ok(words)
}
