//! How data goes into a state and out of it: one thing for all kinds of state, in both query languages.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html>

mod jsonata;
mod path;

use std::borrow::Cow;

use serde_json::{Map, Value};

pub use self::{
    jsonata::{Exit, JsonataFlow},
    path::PathFlow,
};
use super::{fault::Fault, fields::Fields, language::Language, scope::Scope};

/// The fields of a state that shape data.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "every state has one; most are the larger")]
pub enum Flow {
    /// `InputPath`, `Parameters`, `ResultSelector`, `ResultPath`, `OutputPath`, `Assign`
    Path(PathFlow),
    /// `Arguments`, `Output`, `Assign`
    Jsonata(JsonataFlow),
}

/// What a state hands on.
#[derive(Clone, Debug, PartialEq)]
pub struct Left<'s> {
    /// Its output. Borrowed from the scope's input or the result where it is just that.
    pub output: Cow<'s, Value>,
    /// The variables that it sets.
    pub assigned: Map<String, Value>,
}

/// Which of the fields a kind of state has.
#[derive(Clone, Copy)]
pub(crate) struct Takes {
    /// `Parameters` or `Arguments`.
    pub(crate) arguments: bool,
    /// `ResultSelector`
    pub(crate) selector: bool,
    /// `ResultPath`
    pub(crate) result: bool,
    /// `Assign`
    pub(crate) assign: bool,
}

impl Takes {
    /// Fields of states that make nothing.
    pub(crate) const NOTHING: Self = Self { arguments: false, selector: false, result: false, assign: true };
    /// Fields of states that do something and take its result.
    pub(crate) const RESULT: Self = Self { arguments: true, selector: true, result: true, assign: true };
}

impl Flow {
    /// The flow of a state that hands nothing on.
    pub(crate) fn none(language: Language) -> Self {
        match language {
            Language::JsonPath => Self::Path(PathFlow::default()),
            Language::Jsonata => Self::Jsonata(JsonataFlow::default()),
        }
    }

    pub(crate) fn read(fields: &mut Fields<'_>, takes: Takes) -> Self {
        match fields.language {
            Language::JsonPath => Self::Path(PathFlow::read(fields, takes)),
            Language::Jsonata => Self::Jsonata(JsonataFlow::read(fields, takes)),
        }
    }

    /// What the state works on before templates: what `InputPath` leaves, or the input itself.
    pub fn input<'s>(&'s self, scope: &'s Scope<'_>) -> Result<Cow<'s, Value>, Fault> {
        match self {
            Self::Path(flow) => flow.input(scope),
            Self::Jsonata(_) => Ok(Cow::Borrowed(scope.input)),
        }
    }

    /// What is handed to the task or the branches: `Parameters` or `Arguments`, or else what the state works on.
    pub fn arguments<'s>(&'s self, scope: &'s Scope<'_>) -> Result<Cow<'s, Value>, Fault> {
        match self {
            Self::Path(flow) => flow.arguments(scope),
            Self::Jsonata(flow) => flow.arguments(scope),
        }
    }

    /// What the state hands on. There is no `result` of states that make nothing.
    pub fn leave<'s>(
        &'s self,
        scope: &'s Scope<'_>,
        result: Option<Cow<'s, Value>>,
    ) -> Result<Left<'s>, Fault> {
        match self {
            Self::Path(flow) => flow.leave(scope, result),
            Self::Jsonata(flow) => flow.leave(scope, result),
        }
    }
}
