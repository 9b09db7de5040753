//! The kinds of state, one file each, and what they share.

mod choice;
mod fail;
mod pass;
mod result;
mod seconds;
mod succeed;
mod task;
mod wait;

use serde_json::Value;

pub use self::{
    choice::Choices,
    fail::{Fail, Text},
    pass::Pass,
    result::{Selection, Where},
    seconds::Seconds,
    succeed::Succeed,
    task::Task,
    wait::{Wait, WaitFor},
};
pub(crate) use self::{result::read_result_path, seconds::read_seconds};

use super::{diagnostic::Report, fields::Fields, machine::Next};

/// One state.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Its name.
    pub name: String,
    /// Where it stands in the definition.
    pub pointer: String,
    /// What it does.
    pub kind: StateKind,
}

/// What a state does.
#[derive(Clone, Debug, PartialEq)]
pub enum StateKind {
    /// Calls a service.
    Task(Box<Task>),
    /// Shapes data.
    Pass(Pass),
    /// Decides where to go.
    Choice(Choices),
    /// Waits.
    Wait(Wait),
    /// Ends well.
    Succeed(Succeed),
    /// Ends badly.
    Fail(Fail),
}

/// The names of all kinds, as AWS lists them.
const TYPES: &str = "[Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]";

impl State {
    pub(crate) fn read(name: &str, value: &Value, pointer: String, report: &Report) -> Option<Self> {
        let mut fields = Fields::of(value, pointer.clone(), report)?;
        fields.require(&["Type"]);
        let kind = match fields.text("Type")? {
            "Task" => task::read(&mut fields).map(|task| StateKind::Task(Box::new(task))),
            "Pass" => pass::read(&mut fields).map(StateKind::Pass),
            "Choice" => choice::read(&mut fields).map(StateKind::Choice),
            "Wait" => wait::read(&mut fields).map(StateKind::Wait),
            "Succeed" => Some(StateKind::Succeed(succeed::read(&mut fields))),
            "Fail" => Some(StateKind::Fail(fail::read(&mut fields))),
            later @ ("Map" | "Parallel") => {
                report.unsupported(
                    &fields.at("Type"),
                    format!("States of type '{later}' are not supported yet"),
                );
                return None;
            }
            _ => {
                let message = format!("The field 'Type' should have one of these values: {TYPES}");
                report.schema(&fields.at("Type"), message);
                return None;
            }
        };
        fields.finish();
        Some(Self { name: name.to_owned(), pointer, kind: kind? })
    }

    /// Where the state may lead: the place and name of the field, and the target.
    pub(crate) fn targets(&self) -> Vec<(String, &'static str, &str)> {
        let one = |next: &'_ Next| match next {
            Next::State(_) => Some(format!("{}/Next", self.pointer)),
            Next::End => None,
        };
        let next = match &self.kind {
            StateKind::Task(task) => &task.next,
            StateKind::Pass(pass) => &pass.next,
            StateKind::Wait(wait) => &wait.next,
            StateKind::Choice(choices) => return choices.targets(&self.pointer),
            StateKind::Succeed(_) | StateKind::Fail(_) => return Vec::new(),
        };
        let mut targets = Vec::new();
        if let (Some(pointer), Next::State(target)) = (one(next), next) {
            targets.push((pointer, "Next", target.as_str()));
        }
        if let StateKind::Task(task) = &self.kind {
            let caught = task.catch.iter().enumerate();
            targets.extend(caught.map(|(at, catcher)| {
                (format!("{}/Catch/{at}/Next", self.pointer), "Next", catcher.next.as_str())
            }));
        }
        targets
    }
}

/// `Next` or `End`: exactly one of them.
fn read_next(fields: &mut Fields<'_>) -> Option<Next> {
    let next = fields.text("Next").map(str::to_owned);
    let end = fields.boolean("End");
    match (next, end) {
        (Some(next), None | Some(false)) => Some(Next::State(next)),
        (None, Some(true)) => Some(Next::End),
        (Some(_), Some(true)) => {
            fields.report.schema(&fields.pointer, "Only one of these fields is allowed: [Next, End]");
            None
        }
        (None, _) => {
            if !fields.has("Next") {
                let message = "One of these fields is required: [Next, End] (End must be true)";
                fields.report.schema(&fields.pointer, message);
            }
            None
        }
    }
}
