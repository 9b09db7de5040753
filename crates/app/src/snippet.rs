//! Findings about files as a person reads them: the line, with what is meant underlined.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use trainyard_lang::source::{Diagnostic, Position, Severity};

/// The finding about the file `path` with this text, over several lines.
pub(crate) fn rendered(path: &str, text: &str, found: &Diagnostic, colours: bool) -> String {
    let level = match found.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let position = found.position.unwrap_or(Position::START);
    let line = text.lines().nth(position.line as usize - 1).unwrap_or_default();
    let start = offset(line, position.column as usize - 1);
    let annotation = AnnotationKind::Primary.span(start..start + token(&line[start..]));
    let snippet = Snippet::source(line).path(path).line_start(position.line as usize).annotation(annotation);
    let title = level.primary_title(found.message.as_str());
    let title = match found.code {
        Some(code) => title.id(code),
        None => title,
    };
    let renderer = if colours { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[title.element(snippet)])
}

/// Where the character stands, in bytes; the end, if there is no such character.
fn offset(line: &str, character: usize) -> usize {
    line.char_indices().nth(character).map_or(line.len(), |(at, _)| at)
}

/// How many bytes belong together from the beginning: a text in quotes, a word, or one character.
fn token(rest: &str) -> usize {
    let Some(first) = rest.chars().next() else { return 0 };
    if matches!(first, '"' | '\'') {
        let mut escaped = false;
        let behind = rest.char_indices().skip(1).find(|(_, c)| {
            let ends = *c == first && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        return behind.map_or(rest.len(), |(at, quote)| at + quote.len_utf8());
    }
    let breaks = |c: char| c.is_whitespace() || ",:{}[]=#".contains(c);
    if rest.starts_with("${") {
        return rest.find('}').map_or(rest.len(), |at| at + 1);
    }
    let word = rest.find(breaks).unwrap_or(rest.len());
    if word == 0 { first.len_utf8() } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_what_belongs_together() {
        let check = |rest: &str, expect: &str| assert_eq!(&rest[..token(rest)], expect);
        check(r#""a \"b\" c": 1"#, r#""a \"b\" c""#);
        check("word: x", "word");
        check("{\"a\"", "{");
        check("${Name}, 1", "${Name}");
        check("ü, 1", "ü");
        check("\"open", "\"open");
        check("", "");
    }

    #[test]
    fn the_line_is_shown_with_what_is_meant_underlined() {
        let found =
            Diagnostic::error("no such state").with_code("MISSING").at(Position { line: 2, column: 3 });
        let shown = rendered("m.json", "{\n  \"Näxt\": 1\n}", &found, false);
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines[0], "error[MISSING]: no such state");
        assert!(lines[1].contains("m.json:2:3"), "{shown}");
        assert!(lines[3].contains("\"Näxt\": 1") && lines[4].contains("^^^^^^"), "{shown}");
        assert!(rendered("m.json", "", &found, false).contains("no such state"));
        assert!(rendered("m.json", "{\n  \"a\"", &found, true).contains('\x1b'));
    }

    #[test]
    fn nothing_of_a_file_moves_the_terminal() {
        let found = Diagnostic::warning("the name \x1b[31mred").at(Position { line: 1, column: 1 });
        assert!(!rendered("m.json", "\x1b[2J", &found, false).contains('\x1b'));
    }
}
