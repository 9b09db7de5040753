//! `Pass`: hands its input on, or something made of it.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-pass.html>

use std::borrow::Cow;

use serde_json::Value;

use crate::asl::{
    fault::Fault,
    fields::Fields,
    flow::{Flow, Takes},
    language::Language,
    machine::Next,
    scope::Scope,
};

use super::read_next;

/// A Pass state.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// `Result`, which wins over the parameters.
    pub result: Option<Value>,
    /// Where it leads.
    pub next: Next,
}

impl Pass {
    /// What the state comes to, for [`Flow::leave`].
    pub fn result<'s>(
        &'s self,
        flow: &'s Flow,
        scope: &'s Scope<'_>,
    ) -> Result<Option<Cow<'s, Value>>, Fault> {
        match (&self.result, flow) {
            (Some(result), _) => Ok(Some(Cow::Borrowed(result))),
            (None, Flow::Path(_)) => flow.arguments(scope).map(Some),
            (None, Flow::Jsonata(_)) => Ok(None),
        }
    }
}

pub(super) fn read(fields: &mut Fields<'_>) -> (Flow, Option<Pass>) {
    let path = fields.language == Language::JsonPath;
    let flow = Flow::read(fields, Takes { arguments: path, selector: false, ..Takes::RESULT });
    // A Pass calls nothing: it has no arguments in either language.
    fields.native(&["Arguments"]);
    fields.foreign(&["Result"]);
    let result = if path { fields.value("Result").cloned() } else { None };
    (flow, read_next(fields).map(|next| Pass { result, next }))
}
