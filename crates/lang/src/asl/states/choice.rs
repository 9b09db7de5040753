//! `Choice`: decides where to go.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html>

use serde_json::Value;

use crate::asl::{
    choice::{Choice, read_choice},
    fault::Fault,
    fields::Fields,
    scope::Scope,
};

use super::{Selection, result::read_selection};

/// A Choice state.
#[derive(Clone, Debug, PartialEq)]
pub struct Choices {
    /// `InputPath`
    pub input_path: Selection,
    /// `OutputPath`
    pub output_path: Selection,
    /// The choices, tried in order.
    pub choices: Vec<Choice>,
    /// Where it leads when no choice matches.
    pub default: Option<String>,
}

impl Choices {
    /// The state that the first matching choice, or the default, leads to.
    pub fn decide<'v>(&'v self, scope: &Scope<'v>) -> Result<&'v str, Fault> {
        for choice in &self.choices {
            if choice.condition.holds(scope)? {
                return Ok(&choice.next);
            }
        }
        self.default.as_deref().ok_or_else(|| Fault {
            error: "States.NoChoiceMatched",
            cause: "Failed to transition out of the state. The state does not have any transitions or Default that \
                    match its input."
                .to_owned(),
        })
    }

    pub(super) fn targets(&self, pointer: &str) -> Vec<(String, &'static str, &str)> {
        let choices = self.choices.iter().enumerate();
        let mut targets: Vec<_> = choices
            .map(|(at, choice)| (format!("{pointer}/Choices/{at}/Next"), "Next", choice.next.as_str()))
            .collect();
        targets.extend(self.default.as_deref().map(|next| (format!("{pointer}/Default"), "Default", next)));
        targets
    }
}

pub(super) fn read(fields: &mut Fields<'_>) -> Option<Choices> {
    let input_path = read_selection(fields, "InputPath");
    let output_path = read_selection(fields, "OutputPath");
    let default = fields.text("Default").map(str::to_owned);
    fields.require(&["Choices"]);
    let (pointer, report) = (fields.at("Choices"), fields.report);
    let list = fields.list("Choices")?;
    if list.is_empty() {
        report.schema(&pointer, "At least one choice is required");
    }
    let read = |(at, value): (usize, &Value)| read_choice(value, format!("{pointer}/{at}"), report);
    let choices = list.iter().enumerate().filter_map(read).collect();
    Some(Choices { input_path, output_path, choices, default })
}
