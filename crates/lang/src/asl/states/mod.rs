//! The kinds of state, one file each, and what they share.

mod choice;
mod credentials;
mod fail;
mod given;
mod map;
mod parallel;
mod pass;
mod result;
mod seconds;
mod succeed;
mod task;
mod wait;

use serde_json::Value;

pub use self::{
    choice::{Choices, Chosen},
    credentials::Credentials,
    fail::{Fail, Text},
    given::Given,
    map::{
        Count, CsvHeaders, Distributed, ExecutionType, InputType, ItemBatcher, ItemReader, Items,
        ManifestType, Map, Mode, OutputType, Percentage, ReaderConfig, ResultWriter, Transformation,
        Unpacking, WriterConfig,
    },
    parallel::Parallel,
    pass::Pass,
    result::{Selection, Where},
    seconds::Seconds,
    task::Task,
    wait::{Wait, WaitFor},
};
pub(crate) use self::{
    result::{read_result_path, read_selection},
    seconds::read_seconds,
};

use super::{
    diagnostic::Report,
    errors::{Catcher, Retrier},
    fields::Fields,
    flow::Flow,
    language::Language,
    machine::Next,
};

/// What stands around a state while it is read.
#[derive(Clone, Copy)]
pub(crate) struct Around {
    /// The machine's language.
    language: Language,
    /// How many Parallel and Map states are around.
    pub(crate) depth: usize,
}

impl Around {
    pub(crate) fn new(language: Language) -> Self {
        Self { language, depth: 0 }
    }

    /// The same for what is inside of a Parallel or Map state.
    pub(crate) fn inner(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }
}

/// One state.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Its name.
    pub name: String,
    /// Where it stands in the definition.
    pub pointer: String,
    /// The language of its expressions.
    pub language: Language,
    /// How data goes in and out.
    pub flow: Flow,
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
    Succeed,
    /// Ends badly.
    Fail(Fail),
    /// Runs branches side by side.
    Parallel(Box<Parallel>),
    /// Runs a graph for each item.
    Map(Box<Map>),
}

/// The names of all kinds, as AWS lists them.
const TYPES: &str = "[Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]";

impl State {
    pub(crate) fn read(
        name: &str,
        value: &Value,
        pointer: String,
        report: &Report,
        around: Around,
    ) -> Option<Self> {
        report.enter(name, &pointer);
        let state = Self::read_inside(name, value, pointer, report, around);
        report.leave();
        state
    }

    fn read_inside(
        name: &str,
        value: &Value,
        pointer: String,
        report: &Report,
        around: Around,
    ) -> Option<Self> {
        let mut fields = Fields::of(value, pointer.clone(), report)?;
        fields.language = Language::read(&mut fields, Some(around.language));
        fields.require(&["Type"]);
        let kind = fields.text("Type")?;
        let Some((flow, kind)) = read_kind(kind, &mut fields, around) else {
            let message = format!("The field 'Type' should have one of these values: {TYPES}");
            report.schema(&fields.at("Type"), message);
            return None;
        };
        let language = fields.language;
        fields.finish();
        Some(Self { name: name.to_owned(), pointer, language, flow, kind: kind? })
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
            StateKind::Parallel(parallel) => &parallel.next,
            StateKind::Map(map) => &map.next,
            StateKind::Succeed | StateKind::Fail(_) => return Vec::new(),
        };
        let mut targets = Vec::new();
        if let (Some(pointer), Next::State(target)) = (one(next), next) {
            targets.push((pointer, "Next", target.as_str()));
        }
        let caught = self.catchers().iter().enumerate();
        targets.extend(caught.map(|(at, catcher)| {
            (format!("{}/Catch/{at}/Next", self.pointer), "Next", catcher.next.as_str())
        }));
        targets
    }

    /// Its `Catch`.
    pub fn catchers(&self) -> &[Catcher] {
        match &self.kind {
            StateKind::Task(task) => &task.catch,
            StateKind::Parallel(parallel) => &parallel.catch,
            StateKind::Map(map) => &map.catch,
            _ => &[],
        }
    }

    /// Its `Retry`.
    pub fn retriers(&self) -> &[Retrier] {
        match &self.kind {
            StateKind::Task(task) => &task.retry,
            StateKind::Parallel(parallel) => &parallel.retry,
            StateKind::Map(map) => &map.retry,
            _ => &[],
        }
    }
}

/// None if there is no such kind; no kind in it if the state is broken.
fn read_kind(kind: &str, fields: &mut Fields<'_>, around: Around) -> Option<(Flow, Option<StateKind>)> {
    Some(match kind {
        "Task" => {
            let (flow, task) = task::read(fields);
            (flow, task.map(|task| StateKind::Task(Box::new(task))))
        }
        "Pass" => {
            let (flow, pass) = pass::read(fields);
            (flow, pass.map(StateKind::Pass))
        }
        "Choice" => {
            let (flow, choices) = choice::read(fields);
            (flow, choices.map(StateKind::Choice))
        }
        "Wait" => {
            let (flow, wait) = wait::read(fields);
            (flow, wait.map(StateKind::Wait))
        }
        "Succeed" => (succeed::read(fields), Some(StateKind::Succeed)),
        "Fail" => {
            let (flow, fail) = fail::read(fields);
            (flow, Some(StateKind::Fail(fail)))
        }
        "Parallel" => {
            let (flow, parallel) = parallel::read(fields, around);
            (flow, parallel.map(|parallel| StateKind::Parallel(Box::new(parallel))))
        }
        "Map" => {
            let (flow, map) = map::read(fields, around);
            (flow, map.map(|map| StateKind::Map(Box::new(map))))
        }
        _ => return None,
    })
}

/// `Next` or `End`: exactly one of them.
fn read_next(fields: &mut Fields<'_>) -> Option<Next> {
    let next = fields.text("Next").map(str::to_owned);
    let end = fields.boolean("End");
    match (next, end) {
        (Some(next), None | Some(false)) => Some(Next::State(next)),
        (None, Some(true)) => Some(Next::End),
        (Some(_), Some(true)) => {
            let message = "There should only be one of the following fields: [Next, End]";
            fields.report.schema(&fields.pointer, message);
            None
        }
        (None, _) => {
            if !fields.has("Next") {
                let message = "This object should have only one of the following fields: [Next, End]";
                fields.report.schema(&fields.pointer, message);
            }
            None
        }
    }
}
