//! The one place that prints: results to stdout, talk to stderr.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is the printer")]

use std::io::{IsTerminal, Write};

use crate::{failure::Failure, harmless::harmless};

/// A command's result: stdout. A reader that has gone away is no failure.
pub(crate) fn result(text: impl std::fmt::Display) {
    let mut stdout = std::io::stdout();
    let _ = match stdout.is_terminal() {
        true => writeln!(stdout, "{}", harmless(&text.to_string())),
        false => writeln!(stdout, "{text}"),
    };
}

/// Talk to the person: stderr.
pub(crate) fn talk(text: impl std::fmt::Display) {
    let mut stderr = std::io::stderr();
    let _ = match stderr.is_terminal() {
        true => writeln!(stderr, "{}", harmless(&text.to_string())),
        false => writeln!(stderr, "{text}"),
    };
}

/// A question to the person: stderr, and the answer follows on the same line.
pub(crate) fn ask(text: impl std::fmt::Display) {
    let mut stderr = std::io::stderr();
    let _ = write!(stderr, "{text}").and_then(|()| stderr.flush());
}

/// Takes the line of a question away that was answered: what follows says how.
pub(crate) fn answered() {
    if live() {
        ask("\x1b[1A\x1b[2K\r");
    }
}

/// Says why a command failed and what to do.
pub(crate) fn failure(failure: &Failure) {
    if failure.message.is_empty() {
        return;
    }
    talk(format_args!("{} {failure}", red("error:")));
    for hint in &failure.hints {
        talk(format_args!("  {} {hint}", cyan("try:")));
    }
}

/// Whether stderr is a terminal that takes colours.
pub(crate) fn colours() -> bool {
    std::io::stderr().is_terminal() && wanted()
}

/// Whether stdout is a terminal that takes colours.
pub(crate) fn result_colours() -> bool {
    std::io::stdout().is_terminal() && wanted()
}

fn wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

/// Whether stderr is a terminal on which lines can move.
pub(crate) fn live() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|t| t != "dumb")
}

/// Whether a person can be asked.
pub(crate) fn interactive() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

fn painted(code: &str, text: &str) -> String {
    if colours() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

/// Bad.
pub(crate) fn red(text: &str) -> String {
    painted("31", text)
}

/// Good.
pub(crate) fn green(text: &str) -> String {
    painted("32", text)
}

/// Mind this.
pub(crate) fn yellow(text: &str) -> String {
    painted("33", text)
}

/// Something to type or to read.
pub(crate) fn cyan(text: &str) -> String {
    painted("36", text)
}

/// Less important.
pub(crate) fn dim(text: &str) -> String {
    painted("2", text)
}
