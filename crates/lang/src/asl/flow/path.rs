//! The flow of a JSONPath state.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{Left, Takes};
use crate::asl::{
    assign::Assign,
    fault::Fault,
    fields::Fields,
    scope::{Scope, Stage},
    states::{Selection, Where, read_result_path, read_selection},
    template::{Template, read_template},
};

/// `InputPath`, `Parameters`, `ResultSelector`, `ResultPath`, `OutputPath`, `Assign`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PathFlow {
    /// `InputPath`
    pub input_path: Selection,
    /// `Parameters`
    pub parameters: Option<Template>,
    /// `ResultSelector`
    pub result_selector: Option<Template>,
    /// `ResultPath`
    pub result_path: Where,
    /// `OutputPath`
    pub output_path: Selection,
    /// `Assign`
    pub assign: Option<Assign>,
}

impl PathFlow {
    pub(super) fn read(fields: &mut Fields<'_>, takes: Takes) -> Self {
        fields.foreign(if takes.arguments { &["Arguments", "Output"] } else { &["Output"] });
        let input_path = read_selection(fields, "InputPath");
        let parameters = if takes.arguments { read_template(fields, "Parameters") } else { None };
        let result_selector = if takes.selector { read_template(fields, "ResultSelector") } else { None };
        let result_path = if takes.result { read_result_path(fields) } else { Where::Replace };
        let output_path = read_selection(fields, "OutputPath");
        let assign = if takes.assign { Assign::read(fields) } else { None };
        Self { input_path, parameters, result_selector, result_path, output_path, assign }
    }

    pub(super) fn input<'s>(&'s self, scope: &'s Scope<'_>) -> Result<Cow<'s, Value>, Fault> {
        let input = self.input_path.take(scope, Cow::Borrowed(scope.input))?;
        scope.record(Stage::AfterInputPath, &input);
        Ok(input)
    }

    pub(super) fn arguments<'s>(&'s self, scope: &'s Scope<'_>) -> Result<Cow<'s, Value>, Fault> {
        let input = self.input(scope)?;
        let arguments = match &self.parameters {
            Some(parameters) => Cow::Owned(parameters.fill(scope.view(&input))?),
            None => input,
        };
        scope.record(Stage::AfterParameters, &arguments);
        Ok(arguments)
    }

    /// In `Assign`, `$` is the result as it came or, of a state without any, what it works on.
    pub(super) fn leave<'s>(
        &'s self,
        scope: &'s Scope<'_>,
        result: Option<Cow<'s, Value>>,
    ) -> Result<Left<'s>, Fault> {
        let Some(result) = result else {
            let input = self.input(scope)?;
            let assigned = self.assigned(scope, &input)?;
            return Ok(Left { output: self.output_path.take(scope, input)?, assigned });
        };
        scope.record(Stage::Result, &result);
        let assigned = self.assigned(scope, &result)?;
        let selected = match &self.result_selector {
            Some(selector) => Cow::Owned(selector.fill(scope.view(&result))?),
            None => result,
        };
        scope.record(Stage::AfterResultSelector, &selected);
        let merged = self.result_path.put(scope.input, selected)?;
        scope.record(Stage::AfterResultPath, &merged);
        Ok(Left { output: self.output_path.take(scope, merged)?, assigned })
    }

    fn assigned(&self, scope: &Scope<'_>, dollar: &Value) -> Result<Map<String, Value>, Fault> {
        self.assign.as_ref().map_or_else(|| Ok(Map::new()), |assign| assign.evaluate(scope.view(dollar)))
    }
}
