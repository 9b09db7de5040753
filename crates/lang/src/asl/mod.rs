//! The Amazon States Language: text to a checked machine that cannot meet a syntax error when it runs.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html>
//!
//! The JSONPath half of the language, without Map, Parallel and variables; what is left out is refused by name.
//! What runs a machine brings the data and the seed of all chance; nothing here knows the time or an execution.

mod choice;
mod diagnostic;
mod errors;
mod fault;
mod fields;
#[cfg(test)]
mod hostile;
mod integrations;
mod intrinsics;
mod locate;
mod machine;
mod path;
mod resource;
mod scope;
mod states;
mod template;
#[cfg(test)]
mod tests;
mod timestamp;

pub use choice::{Choice, Condition};
pub use diagnostic::{Code, Diagnostic, invalid_definition};
pub use errors::{Catcher, Jitter, Retrier};
pub use fault::Fault;
pub use integrations::{Finding, Integration, TaskState, advise, diagnose, not_recognised, tasks};
pub use locate::check;
pub use machine::{DEFINITION_LIMIT, Machine, Next, parse, parse_value};
pub use path::{Found, Missing, NoPlace, NotAPath, Path, ReferencePath, Root};
pub use resource::{Action, NotAResource, Pattern, Resource};
pub use scope::Scope;
pub use states::{
    Choices, Fail, Pass, Seconds, Selection, State, StateKind, Succeed, Task, Text, Wait, WaitFor, Where,
};
pub use template::{Expression, Template};
