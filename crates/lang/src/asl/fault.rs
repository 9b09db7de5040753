//! Why a state could not be carried out: a name that `Catch` knows and a cause in AWS's words.

/// A failure of an expression of the definition on the data it met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `States.Runtime`, `States.IntrinsicFailure`, …
    pub error: &'static str,
    /// What happened, without the state's name: whoever runs the state puts that before it.
    pub cause: String,
}

impl Fault {
    /// `States.Runtime`: the execution cannot go on, and no `Catch` helps.
    pub fn runtime(cause: impl Into<String>) -> Self {
        Self { error: "States.Runtime", cause: cause.into() }
    }

    /// `States.IntrinsicFailure`: a function did not take its arguments.
    pub fn intrinsic(cause: impl Into<String>) -> Self {
        Self { error: "States.IntrinsicFailure", cause: cause.into() }
    }

    /// `States.DataLimitExceeded`: what was to be made is larger than a state may hand on.
    pub fn too_large(cause: impl Into<String>) -> Self {
        Self { error: "States.DataLimitExceeded", cause: cause.into() }
    }
}
