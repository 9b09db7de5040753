//! The context object that somebody gives in place of the real one.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html>

use serde_json::{Map, Value};
use trainyard_lang::asl::{State, StateKind};

use super::{Error, decide::within};

/// What kind of value a field has.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
    Any,
}

/// The objects in a context object and their fields.
const FIELDS: &[(&str, &[(&str, Kind)])] = &[
    (
        "Execution",
        &[
            ("Id", Kind::Text),
            ("Input", Kind::Any),
            ("Name", Kind::Text),
            ("RoleArn", Kind::Text),
            ("StartTime", Kind::Text),
            ("RedriveCount", Kind::Number),
            ("RedriveTime", Kind::Text),
        ],
    ),
    ("State", &[("EnteredTime", Kind::Text), ("Name", Kind::Text), ("RetryCount", Kind::Number)]),
    ("StateMachine", &[("Id", Kind::Text), ("Name", Kind::Text)]),
    ("Task", &[("Token", Kind::Text)]),
];

/// Reads it and refuses what could not stand in the context object of such a state.
pub(super) fn read(text: &str, state: &State) -> Result<Value, Error> {
    let given: Value = serde_json::from_str(within("context", text)?)
        .map_err(|error| invalid(&format!("the text is not JSON: {error}")))?;
    for (name, value) in object("Context object", &given)? {
        match name.as_str() {
            "Map" => return Err(invalid("'Map' field is not supported when mocking a Context object")),
            "Task" if !waits(state) => {
                return Err(invalid(
                    "Context object contains 'Task' when state is not a Task state with a '.sync' or \
                     '.waitForTaskToken' service integration pattern",
                ));
            }
            name => check(name, value)?,
        }
    }
    Ok(given)
}

fn check(name: &str, value: &Value) -> Result<(), Error> {
    let known = FIELDS.iter().find(|(known, _)| *known == name);
    let (_, fields) = known.ok_or_else(|| invalid(&format!("Field '{name}' is not allowed")))?;
    for (field, value) in object(name, value)? {
        let known = fields.iter().find(|(known, _)| known == field);
        let (_, kind) = known.ok_or_else(|| invalid(&format!("Field '{name}.{field}' is not allowed")))?;
        let (right, wanted) = match kind {
            Kind::Text => (value.is_string(), "a string"),
            Kind::Number => (value.is_number(), "a number"),
            Kind::Any => (true, "anything"),
        };
        if !right {
            return Err(invalid(&format!("{name}.{field} must be {wanted}")));
        }
    }
    Ok(())
}

fn object<'v>(name: &str, value: &'v Value) -> Result<&'v Map<String, Value>, Error> {
    value.as_object().ok_or_else(|| invalid(&format!("{name} must be an object")))
}

fn waits(state: &State) -> bool {
    matches!(&state.kind, StateKind::Task(task) if task.resource.pattern().waits())
}

fn invalid(why: &str) -> Error {
    Error::Invalid(format!("Invalid Context object provided: {why}"))
}

#[cfg(test)]
mod tests {
    use trainyard_lang::asl::parse_state;

    use super::*;

    fn read_for(resource: &str, text: &str) -> Result<Value, Error> {
        let state = format!(r#"{{"Type": "Task", "Resource": "arn:aws:states:::{resource}", "End": true}}"#);
        read(text, &parse_state(&state).unwrap())
    }

    #[track_caller]
    fn refuses(text: &str, why: &str) {
        let message = format!("Invalid Context object provided: {why}");
        assert_eq!(read_for("sqs:sendMessage", text).unwrap_err().to_string(), message);
    }

    #[test]
    fn only_what_a_context_object_has_stands_in_it() {
        assert!(read_for("sqs:sendMessage", r#"{"State": {"RetryCount": 2}, "Execution": {}}"#).is_ok());
        refuses(r#"{"Machine": {}}"#, "Field 'Machine' is not allowed");
        refuses(r#"{"State": {"Colour": 1}}"#, "Field 'State.Colour' is not allowed");
        refuses(r#"{"State": {"RetryCount": "2"}}"#, "State.RetryCount must be a number");
        refuses(r#"{"StateMachine": {"Name": null}}"#, "StateMachine.Name must be a string");
        refuses(r#"{"StateMachine": []}"#, "StateMachine must be an object");
        refuses("[]", "Context object must be an object");
        refuses(r#"{"Map": {}}"#, "'Map' field is not supported when mocking a Context object");
    }

    #[test]
    fn tokens_are_for_tasks_that_wait() {
        let token = r#"{"Task": {"Token": "t"}}"#;
        for resource in ["ecs:runTask.sync", "sqs:sendMessage.waitForTaskToken"] {
            assert!(read_for(resource, token).is_ok(), "{resource}");
        }
        let refused = read_for("sqs:sendMessage", token).unwrap_err().to_string();
        assert!(refused.contains("'Task' when state is not a Task state"), "{refused}");
    }
}
