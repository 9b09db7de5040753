//! A failure of the user's own work: data, catchable, shown.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What an ASL `Catch` sees: the error's name and its cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The name, such as `States.Timeout` or `SageMaker.AmazonSageMakerException`.
    pub error: String,
    /// The explanation for a person; often JSON as text.
    pub cause: String,
}

impl Failure {
    /// A failure of that name and cause.
    pub fn new(error: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { error: error.into(), cause: cause.into() }
    }

    /// `States.TaskFailed`, for a task that failed without a name of its own.
    pub fn task(cause: impl Into<String>) -> Self {
        Self::new("States.TaskFailed", cause)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error, self.cause)
    }
}
