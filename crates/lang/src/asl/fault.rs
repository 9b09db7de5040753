//! Why a state could not be carried out: a name that `Catch` knows and a cause in AWS's words.

/// A failure of an expression of the definition on the data it met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `States.Runtime`, `States.IntrinsicFailure`, …
    pub error: &'static str,
    /// What happened, without the state's name: whoever runs the state puts that before it.
    pub cause: String,
    /// The field of the JSONata expression that failed, such as `Output/total`, where it is one.
    pub location: Option<String>,
}

impl Fault {
    /// `States.Runtime`: the execution cannot go on, and no `Catch` helps.
    pub fn runtime(cause: impl Into<String>) -> Self {
        Self::named("States.Runtime", cause)
    }

    /// `States.IntrinsicFailure`: a function did not take its arguments.
    pub fn intrinsic(cause: impl Into<String>) -> Self {
        Self::named("States.IntrinsicFailure", cause)
    }

    /// `States.DataLimitExceeded`: what was to be made is larger than a state may hand on.
    pub fn too_large(cause: impl Into<String>) -> Self {
        Self::named("States.DataLimitExceeded", cause)
    }

    /// `States.QueryEvaluationError`: a JSONata state cannot work with what its expressions gave.
    pub fn query(cause: impl Into<String>) -> Self {
        Self::named("States.QueryEvaluationError", cause)
    }

    /// The same fault, of the expression of that field.
    pub fn located(mut self, field: impl Into<String>) -> Self {
        self.location = Some(field.into());
        self
    }

    /// A failure by another name.
    pub fn named(error: &'static str, cause: impl Into<String>) -> Self {
        Self { error, cause: cause.into(), location: None }
    }
}
