//! `Pass`: hands its input on, or something made of it.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-pass.html>

use serde_json::Value;

use crate::asl::{fields::Fields, machine::Next, template::Template};

use super::{Selection, Where, read_next, read_result_path, result::read_selection, task::read_template};

/// A Pass state.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// `InputPath`
    pub input_path: Selection,
    /// `Parameters`
    pub parameters: Option<Template>,
    /// `Result`, which wins over the parameters.
    pub result: Option<Value>,
    /// `ResultPath`
    pub result_path: Where,
    /// `OutputPath`
    pub output_path: Selection,
    /// Where it leads.
    pub next: Next,
}

pub(super) fn read(fields: &mut Fields<'_>) -> Option<Pass> {
    let input_path = read_selection(fields, "InputPath");
    let parameters = read_template(fields, "Parameters");
    let result = fields.value("Result").cloned();
    let result_path = read_result_path(fields);
    let output_path = read_selection(fields, "OutputPath");
    let next = read_next(fields)?;
    Some(Pass { input_path, parameters, result, result_path, output_path, next })
}
