//! How a command ends when it does not end well: what is printed, and the exit code.

use std::fmt;

/// Exit codes: stable, part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// The run failed.
    Failed = 1,
    /// Changes are present, and `--detailed-exitcode` asked.
    Changed = 2,
    /// A metric did not pass its gate.
    Gate = 3,
    /// An approval was rejected or expired.
    Rejected = 4,
    /// `--wait` ran out of time.
    TimedOut = 5,
    /// The command line or the configuration is wrong.
    Usage = 64,
    /// A definition is invalid.
    Invalid = 65,
    /// The server cannot be reached.
    Unreachable = 69,
    /// Ctrl-C.
    Interrupted = 130,
}

/// Why a command did not end well.
#[derive(Debug)]
pub(crate) struct Failure {
    /// How the process exits.
    pub exit: Exit,
    /// What went wrong.
    pub message: String,
    /// What to do, or to look at.
    pub hints: Vec<String>,
}

impl Failure {
    /// A failure with that exit code.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hints: Vec::new() }
    }

    /// The command line or the configuration is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The run failed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// It was said already: only the exit code is left.
    pub(crate) fn said(exit: Exit) -> Self {
        Self::new(exit, "")
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
