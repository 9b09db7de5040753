//! Questions to the person at the terminal.

use std::{
    io::BufRead,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use super::steps::PAUSE;
use crate::{failure::Failure, printer, screen::Step};

/// Reads what is typed. One reader for all questions: a question that was answered elsewhere must not take the
/// answer to the next.
pub(super) struct Asking {
    typed: Mutex<Option<mpsc::UnboundedReceiver<String>>>,
    yes: bool,
}

/// How a question was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Yes, by `--yes` or here.
    Yes(&'static str),
    /// No, here.
    No,
    /// Somebody answered elsewhere.
    Elsewhere,
}

/// A question.
pub(super) struct Question<'a> {
    /// The step's title.
    pub title: &'a str,
    /// What is asked.
    pub text: &'a str,
    /// The command that answers it from elsewhere.
    pub command: String,
}

impl Asking {
    /// With `yes`, nobody is asked.
    pub(super) fn new(yes: bool) -> Self {
        Self { typed: Mutex::new(None), yes }
    }

    /// Asks, and goes on looking whether somebody has answered elsewhere: `open` says whether nobody has. Returns
    /// the answer and the step, which goes on.
    pub(super) async fn ask(
        &self,
        question: Question<'_>,
        open: impl AsyncFn() -> Result<bool, Failure>,
    ) -> Result<(Answer, Step), Failure> {
        let began = Instant::now();
        if !self.yes && !printer::interactive() {
            let step = Step::begin(question.title);
            return Ok((elsewhere(&question, open).await?, step));
        }
        if self.yes {
            return Ok((Answer::Yes("--yes"), Step::begin(question.title)));
        }
        let answer = self.at_terminal(&question, open).await?;
        Ok((answer, Step::begin(question.title).since(began.elapsed())))
    }

    async fn at_terminal(
        &self,
        question: &Question<'_>,
        open: impl AsyncFn() -> Result<bool, Failure>,
    ) -> Result<Answer, Failure> {
        let mut typed = self.typed.lock().unwrap_or_else(PoisonError::into_inner).take();
        let lines = typed.get_or_insert_with(read_lines);
        // What was typed before the question was seen is no answer to it.
        let _ = nix::sys::termios::tcflush(std::io::stdin(), nix::sys::termios::FlushArg::TCIFLUSH);
        while lines.try_recv().is_ok() {}
        printer::ask(format_args!("{} {} [y/N] ", printer::yellow("?"), question.text));
        let answer = loop {
            match tokio::time::timeout(Duration::from_secs(1), lines.recv()).await {
                Ok(Some(line)) if is_yes(&line) => break Answer::Yes("you"),
                Ok(Some(_)) => break Answer::No,
                // No more is typed here; that is no answer.
                Ok(None) => {
                    printer::talk("");
                    return elsewhere(question, open).await;
                }
                Err(_) if open().await? => {}
                Err(_) => {
                    printer::talk("");
                    break Answer::Elsewhere;
                }
            }
        };
        printer::answered();
        *self.typed.lock().unwrap_or_else(PoisonError::into_inner) = typed;
        Ok(answer)
    }
}

/// Says how to answer, and waits until somebody has.
async fn elsewhere(
    question: &Question<'_>,
    open: impl AsyncFn() -> Result<bool, Failure>,
) -> Result<Answer, Failure> {
    printer::talk(format_args!("     waits for an answer: {}", question.command));
    while open().await? {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(Answer::Elsewhere)
}

fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// A thread of its own: one that waits for a line cannot be ended, and must not hold up the end of the process.
fn read_lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_is_one() {
        for yes in ["y", " Y ", "yes"] {
            assert!(is_yes(yes));
        }
        for no in ["", "n", "yess", "no"] {
            assert!(!is_yes(no));
        }
    }
}
