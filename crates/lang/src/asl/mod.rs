//! The Amazon States Language: text to a checked machine that cannot meet a syntax error when it runs.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html>
//!
//! What runs a machine brings the data and the seed of all chance; nothing here knows the time or an execution.

mod assign;
mod choice;
mod diagnostic;
mod errors;
mod fault;
mod fields;
mod flow;
mod graph;
#[cfg(test)]
mod hostile;
mod integrations;
mod intrinsics;
mod jsonata;
mod language;
mod locate;
mod machine;
mod parts;
mod path;
mod resource;
mod scope;
mod shape;
mod single;
mod states;
mod template;
#[cfg(test)]
mod tests;
mod timestamp;
mod tree;
mod variables;

pub use assign::Assign;
pub use choice::{Choice, Condition};
pub use diagnostic::{Code, Diagnostic, VariableReferences, invalid_definition};
pub use errors::{CatchWay, Catcher, Jitter, Retrier};
pub use fault::Fault;
pub use flow::{Exit, Flow, JsonataFlow, Left, PathFlow};
pub use graph::Graph;
pub use integrations::{Finding, Integration, TaskState, advise, diagnose, tasks};
pub use jsonata::{Expression as JsonataExpression, Query};
pub use language::Language;
pub use locate::check;
pub use machine::{DEFINITION_LIMIT, Machine, Next, parse, parse_value};
pub use parts::{Context, Node, Part, Parts};
pub use path::{Found, Missing, NoPlace, NotAPath, Path, ReferencePath, Root};
pub use resource::{Action, NotAResource, Pattern, Resource};
pub use scope::{Recorder, Scope, Stage, Variables};
pub use shape::Shape;
pub use single::parse_state;
pub use states::{
    Choices, Chosen, Count, Credentials, CsvHeaders, Distributed, ExecutionType, Fail, Given, InputType,
    ItemBatcher, ItemReader, Items, ManifestType, Map, Mode, OutputType, Parallel, Pass, Percentage,
    ReaderConfig, ResultWriter, Seconds, Selection, State, StateKind, Task, Text, Transformation, Unpacking,
    Wait, WaitFor, Where, WriterConfig,
};
pub use template::{Expression, Member, Template};
pub use tree::Tree;
