//! The flow of a JSONata state.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{Left, Takes};
use crate::asl::{
    assign::Assign,
    fault::Fault,
    fields::Fields,
    jsonata::Outcome,
    scope::{Scope, Stage, View},
    shape::Shape,
};

/// `Arguments`, `Output`, `Assign`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JsonataFlow {
    /// `Arguments`
    pub arguments: Option<Shape>,
    /// `Output` and `Assign`
    pub exit: Exit,
}

/// The way out of a JSONata state: its own, that of one of its choices, or that of one of its catchers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exit {
    /// `Output`
    pub output: Option<Shape>,
    /// `Assign`
    pub assign: Option<Assign>,
}

impl JsonataFlow {
    pub(super) fn read(fields: &mut Fields<'_>, takes: Takes) -> Self {
        fields.foreign(&["InputPath", "OutputPath"]);
        if takes.result {
            fields.foreign(&["ResultPath", "Parameters"]);
        }
        if takes.selector {
            fields.foreign(&["ResultSelector"]);
        }
        let arguments = if takes.arguments { Shape::read(fields, "Arguments") } else { None };
        let output = Shape::read(fields, "Output");
        let assign = if takes.assign { Assign::read(fields) } else { None };
        Self { arguments, exit: Exit { output, assign } }
    }

    pub(super) fn arguments<'s>(&'s self, scope: &'s Scope<'_>) -> Result<Cow<'s, Value>, Fault> {
        let Some(arguments) = &self.arguments else { return Ok(Cow::Borrowed(scope.input)) };
        let arguments = arguments.fill(scope, scope.input)?;
        scope.record(Stage::AfterArguments, &arguments);
        Ok(Cow::Owned(arguments))
    }

    pub(super) fn leave<'s>(
        &'s self,
        scope: &'s Scope<'_>,
        result: Option<Cow<'s, Value>>,
    ) -> Result<Left<'s>, Fault> {
        if let Some(result) = &result {
            scope.record(Stage::Result, result);
        }
        let outcome = Outcome::of_result(result.as_deref());
        let view = View { outcome: Some(&outcome), ..scope.view(scope.input) };
        let (output, assigned) = self.exit.evaluate(view)?;
        let output = output.map(Cow::Owned).or(result).unwrap_or(Cow::Borrowed(scope.input));
        Ok(Left { output, assigned })
    }
}

impl Exit {
    pub(crate) fn read(fields: &mut Fields<'_>) -> Self {
        Self { output: Shape::read(fields, "Output"), assign: Assign::read(fields) }
    }

    /// The output, if the exit makes one, and the variables that it sets.
    pub(crate) fn evaluate(&self, view: View<'_>) -> Result<(Option<Value>, Map<String, Value>), Fault> {
        let assigned = self.assign.as_ref().map_or_else(|| Ok(Map::new()), |assign| assign.evaluate(view))?;
        let output = self.output.as_ref().map(|output| output.fill_in(view)).transpose()?;
        Ok((output, assigned))
    }
}
