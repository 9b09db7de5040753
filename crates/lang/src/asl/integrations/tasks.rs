//! The Tasks of a definition as it is written, also of one that has faults elsewhere.

use serde_json::{Map, Value};

use crate::asl::{fields::below, resource::Resource};

/// A Task state of a definition, with a resource that can be read.
pub struct TaskState<'d> {
    /// Where it stands.
    pub pointer: String,
    /// What it calls.
    pub resource: Resource,
    /// Whether it speaks JSONata.
    pub jsonata: bool,
    state: &'d Map<String, Value>,
}

impl<'d> TaskState<'d> {
    /// The field with the parameters.
    pub fn field(&self) -> &'static str {
        if self.jsonata { "Arguments" } else { "Parameters" }
    }

    /// The parameters, if there are any.
    pub fn parameters(&self) -> Option<&'d Value> {
        self.state.get(self.field())
    }
}

/// All Tasks of a definition, at whatever depth, or the one that the definition is, in the order of the text.
pub fn tasks(definition: &Value) -> Vec<TaskState<'_>> {
    let mut found = Vec::new();
    let jsonata = speaks_jsonata(definition, false);
    match definition.get("States") {
        Some(_) => graph(definition, "", jsonata, &mut found),
        None => state(definition, String::new(), jsonata, &mut found),
    }
    found
}

fn speaks_jsonata(object: &Value, machine: bool) -> bool {
    object.get("QueryLanguage").map_or(machine, |language| language == "JSONata")
}

/// A machine, a branch or an item processor. The machine's language is that of all states which do not say another.
fn graph<'d>(graph: &'d Value, pointer: &str, jsonata: bool, found: &mut Vec<TaskState<'d>>) {
    let pointer = below(pointer, "States");
    for (name, one) in graph.get("States").and_then(Value::as_object).into_iter().flatten() {
        state(one, below(&pointer, name), jsonata, found);
    }
}

fn state<'d>(one: &'d Value, pointer: String, machine: bool, found: &mut Vec<TaskState<'d>>) {
    let Some(fields) = one.as_object() else { return };
    let field = |name: &str| one.get(name).and_then(Value::as_str);
    match field("Type") {
        Some("Task") => {
            if let Some(Ok(resource)) = field("Resource").map(str::parse) {
                let jsonata = speaks_jsonata(one, machine);
                found.push(TaskState { pointer, resource, jsonata, state: fields });
            }
        }
        Some("Parallel") => {
            let branches = one.get("Branches").and_then(Value::as_array);
            for (at, branch) in branches.into_iter().flatten().enumerate() {
                graph(branch, &format!("{pointer}/Branches/{at}"), machine, found);
            }
        }
        Some("Map") => {
            for name in ["ItemProcessor", "Iterator"] {
                if let Some(processor) = one.get(name) {
                    graph(processor, &below(&pointer, name), machine, found);
                }
            }
        }
        _ => {}
    }
}
