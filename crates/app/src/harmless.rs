//! Text of others, such as a job's lines, for a terminal: colours stay, and nothing else is obeyed. A line could move the
//! cursor over what stands there, name the window, or type into it.

use std::borrow::Cow;

/// The text as a terminal may have it. Of what a carriage return writes over, only the last is shown.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c.is_control() && c != '\n') {
        return Cow::Borrowed(text);
    }
    let lines = text.split('\n').map(|line| {
        let line = line.strip_suffix('\r').unwrap_or(line);
        shown(line.rsplit('\r').next().unwrap_or(line))
    });
    Cow::Owned(lines.collect::<Vec<_>>().join("\n"))
}

fn shown(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(next) = rest.chars().next() {
        let length = colour(rest).unwrap_or(0);
        if length > 0 {
            shown.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        match next {
            '\t' => shown.push(next),
            control if control.is_control() => shown.extend(control.escape_default()),
            letter => shown.push(letter),
        }
        rest = &rest[next.len_utf8()..];
    }
    shown
}

/// How long the sequence is that the text begins with, if it sets a colour or the like.
fn colour(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\x1b[")?;
    let end = parameters.find(|c: char| !(c.is_ascii_digit() || c == ';'))?;
    parameters[end..].starts_with('m').then_some(2 + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_stay_and_nothing_else() {
        let check = |text: &str, expect: &str| assert_eq!(harmless(text), expect, "{text:?}");
        check("plain\ttext\nünd mehr", "plain\ttext\nünd mehr");
        check("\x1b[31mred\x1b[0m \x1b[1;4mx", "\x1b[31mred\x1b[0m \x1b[1;4mx");
        check("\x1b[2J\x1b[1;1Hgone", "\\u{1b}[2J\\u{1b}[1;1Hgone");
        check("\x1b]0;title\x07", "\\u{1b}]0;title\\u{7}");
        check("\x1bP+q\x1b\\ \u{9b}31m \x08\x7f", "\\u{1b}P+q\\u{1b}\\ \\u{9b}31m \\u{8}\\u{7f}");
        check("10%\r50%\r100%\nok\r", "100%\nok");
        check("\x1b[", "\\u{1b}[");
        check("\x1b[31", "\\u{1b}[31");
    }
}
