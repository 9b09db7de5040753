//! `Choice`: decides where to go.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html>

use std::borrow::Cow;

use crate::asl::{
    choice::{Choice, read_choice},
    fault::Fault,
    fields::Fields,
    flow::{Flow, Left, Takes},
    scope::Scope,
};

/// A Choice state.
#[derive(Clone, Debug, PartialEq)]
pub struct Choices {
    /// The choices, tried in order.
    pub choices: Vec<Choice>,
    /// Where it leads when no choice matches.
    pub default: Option<String>,
}

/// What a Choice state has decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen<'s> {
    /// The state that goes on.
    pub next: &'s str,
    /// What it gets.
    pub left: Left<'s>,
}

impl Choices {
    /// Where the first matching choice, or the default, leads, and what is handed on.
    ///
    /// A choice that matches hands on what it says itself; what the state says is for the default.
    pub fn decide<'s>(&'s self, flow: &'s Flow, scope: &'s Scope<'_>) -> Result<Chosen<'s>, Fault> {
        let input = flow.input(scope)?;
        for choice in &self.choices {
            if choice.condition.holds(scope.view(&input))? {
                let (output, assigned) = choice.exit.evaluate(scope.view(&input))?;
                let output = match (output, flow) {
                    (Some(output), _) => Cow::Owned(output),
                    (None, Flow::Path(flow)) => flow.output_path.take(scope, input)?,
                    (None, Flow::Jsonata(_)) => input,
                };
                return Ok(Chosen { next: &choice.next, left: Left { output, assigned } });
            }
        }
        let Some(next) = &self.default else {
            return Err(Fault::named(
                "States.NoChoiceMatched",
                "Failed to transition out of the state. The state does not have any transitions or Default that match \
                 its input.",
            ));
        };
        Ok(Chosen { next, left: flow.leave(scope, None)? })
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

pub(super) fn read(fields: &mut Fields<'_>) -> (Flow, Option<Choices>) {
    let flow = Flow::read(fields, Takes::NOTHING);
    let default = fields.text("Default").map(str::to_owned);
    fields.require(&["Choices"]);
    let Some(list) = fields.list("Choices") else { return (flow, None) };
    if list.is_empty() {
        fields.report.schema(&fields.at("Choices"), "Value cannot be empty");
    }
    let read = |(at, value)| read_choice(fields.element("Choices", at, value)?, value);
    let choices = list.iter().enumerate().filter_map(read).collect();
    (flow, Some(Choices { choices, default }))
}
