//! What the commands are given: texts, patterns and events, of files or of the standard input.

use std::{io::Read, path::Path};

use serde_json::Value;
use trainyard_lang::{lint, pattern::Pattern};

use crate::{
    failure::{Exit, Failure},
    printer, snippet,
};

/// A file has at most so many bytes: it is in memory as a whole.
const MOST_BYTES: usize = 64 << 20;

/// The text of a file, or of the standard input for `-`.
pub(super) fn text_of(path: &Path) -> Result<String, Failure> {
    read(path, MOST_BYTES)
}

/// What a file is called.
pub(super) fn name_of(path: &Path) -> String {
    if path == Path::new("-") { "the standard input".to_owned() } else { path.display().to_string() }
}

/// A pattern, and its text. What is wrong with it is said with its place.
pub(super) fn pattern_of(path: &Path) -> Result<(String, Pattern), Failure> {
    let text = text_of(path)?;
    if let Ok(pattern) = Pattern::parse(&text) {
        return Ok((text, pattern));
    }
    for found in lint::lint_pattern(&text) {
        printer::talk(snippet::rendered(&name_of(path), &text, &found, printer::colours()));
    }
    Err(Failure::said(Exit::Invalid))
}

/// The events, or entries that tell some, of a file: objects one after the other, or in a list.
pub(super) fn events_of(path: &Path) -> Result<Vec<Value>, Failure> {
    let name = name_of(path);
    events(&text_of(path)?).map_err(|why| Failure::usage(format!("{name}: {why}")))
}

fn events(text: &str) -> Result<Vec<Value>, String> {
    let mut events = Vec::new();
    for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        match value.map_err(|error| error.to_string())? {
            Value::Array(items) => events.extend(items),
            event => events.push(event),
        }
    }
    match events.iter().position(|event| !event.is_object()) {
        Some(at) => Err(format!("the value {} is no JSON object", at + 1)),
        None => Ok(events),
    }
}

/// A text with more bytes is refused, and never cut.
fn read(path: &Path, most: usize) -> Result<String, Failure> {
    let named = |error: std::io::Error| Failure::usage(format!("{}: {error}", name_of(path)));
    let input: Box<dyn Read> = match path == Path::new("-") {
        true => Box::new(std::io::stdin()),
        false => Box::new(std::fs::File::open(path).map_err(named)?),
    };
    let mut text = String::new();
    input.take(most as u64 + 1).read_to_string(&mut text).map_err(named)?;
    if text.len() > most {
        let why = format!("{}: longer than {most} bytes: split it into several files", name_of(path));
        return Err(Failure::usage(why));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_refused_and_not_cut() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "12345").unwrap();
        assert_eq!(read(file.path(), 5).unwrap(), "12345");
        let refused = read(file.path(), 4).unwrap_err().to_string();
        assert!(refused.contains("longer than 4 bytes"), "{refused}");
    }

    #[test]
    fn events_stand_alone_in_lines_or_in_lists() {
        assert_eq!(events(r#"{"a": 1}"#).unwrap().len(), 1);
        assert_eq!(events("{\"a\": 1}\n{\"a\": 2}\n\n[{}, {}]").unwrap().len(), 4);
        let check = |text: &str, part: &str| {
            let why = events(text).unwrap_err();
            assert!(why.contains(part), "{why}");
        };
        check("{\"a\": 1}\n{", "line 2");
        check("{}[{}, 1]", "the value 3 is no JSON object");
    }

    #[test]
    fn a_pattern_is_read_or_its_fault_is_said() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), r#"{"source": ["app"]}"#).unwrap();
        assert_eq!(pattern_of(file.path()).unwrap().0, r#"{"source": ["app"]}"#);
        std::fs::write(file.path(), r#"{"source": "app"}"#).unwrap();
        assert_eq!(pattern_of(file.path()).err().unwrap().exit, Exit::Invalid);
    }
}
