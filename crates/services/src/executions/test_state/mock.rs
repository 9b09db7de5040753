//! Mocks: whether the state takes one, and whether what it gives could be true.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_MockInput.html>

use serde_json::Value;
use trainyard_domain::Failure;
use trainyard_lang::asl::{Integration, Map, Mode, Resource, State, StateKind};

use super::{Error, Rigour, TestSpec, context, decide::within};

/// What the state's work comes to, if it is mocked. What nobody can call is not tried without a mock.
pub(super) fn read(spec: &TestSpec, state: &State) -> Result<Option<Result<Value, Failure>>, Error> {
    let Some(mock) = &spec.mock else {
        return if needs_mock(state) {
            Err(invalid(format!(
                "State type '{}' is not supported when a mock is not specified",
                kind(state)
            )))
        } else if spec.context.is_some() {
            Err(invalid("A Context object can only be specified when a mock is specified"))
        } else {
            Ok(None)
        };
    };
    if !matches!(state.kind, StateKind::Task(_) | StateKind::Map(_) | StateKind::Parallel(_)) {
        return Err(invalid(format!(
            "State type '{}' is not supported when a mock is specified",
            kind(state)
        )));
    }
    if let Some(context) = &spec.context {
        context::read(context, state)?;
    }
    match (&mock.result, &mock.failure) {
        (Some(result), None) => Ok(Some(Ok(read_result(result, mock.rigour, state)?))),
        (None, Some(failure)) => {
            let Some(error) = &failure.error else {
                return Err(invalid("Mocked errorOutput must specify an error"));
            };
            Ok(Some(Err(Failure::new(error.as_str(), failure.cause.clone().unwrap_or_default()))))
        }
        (Some(_), Some(_)) => Err(invalid("A mock must specify either a result or an errorOutput, not both")),
        (None, None) => Err(invalid("A mock must specify either a result or an errorOutput")),
    }
}

/// Tasks that wait for somebody else, and states that have others inside.
fn needs_mock(state: &State) -> bool {
    match &state.kind {
        StateKind::Task(task) => {
            task.resource.pattern().waits() || matches!(task.resource, Resource::Activity(_))
        }
        StateKind::Parallel(_) | StateKind::Map(_) => true,
        StateKind::Pass(_)
        | StateKind::Choice(_)
        | StateKind::Wait(_)
        | StateKind::Succeed
        | StateKind::Fail(_) => false,
    }
}

fn read_result(text: &str, rigour: Rigour, state: &State) -> Result<Value, Error> {
    let result: Value = serde_json::from_str(within("mock.result", text)?)
        .map_err(|error| invalid(format!("Mocked result must be valid JSON: {error}")))?;
    match &state.kind {
        StateKind::Parallel(parallel) if list(&result)?.len() != parallel.branches.len() => {
            let message =
                "Mocked result must contain the same number of items as number of Parallel branches.";
            return Err(invalid(message));
        }
        StateKind::Map(map) if !writes(map) => {
            list(&result)?;
        }
        StateKind::Task(task) => {
            let integration = Integration::find(&task.resource);
            let flaws = integration.map(|known| known.mismatches(&result, rigour)).unwrap_or_default();
            if let Some(first) = flaws.first() {
                // It has no name itself.
                let flaw = first.to_string().replacen("Field ''", "The result", 1);
                return Err(invalid(format!("Mock result schema validation error: {flaw}")));
            }
        }
        _ => {}
    }
    Ok(result)
}

fn list(result: &Value) -> Result<&Vec<Value>, Error> {
    result.as_array().ok_or_else(|| invalid("Mocked result must be an array."))
}

/// Whether what the Map gives is where its results are written.
fn writes(map: &Map) -> bool {
    match &map.mode {
        Mode::Distributed(distributed) => {
            distributed.writer.as_ref().is_some_and(|writer| writer.resource.is_some())
        }
        Mode::Inline => false,
    }
}

fn kind(state: &State) -> &'static str {
    match &state.kind {
        StateKind::Task(_) => "Task",
        StateKind::Pass(_) => "Pass",
        StateKind::Choice(_) => "Choice",
        StateKind::Wait(_) => "Wait",
        StateKind::Succeed => "Succeed",
        StateKind::Fail(_) => "Fail",
        StateKind::Parallel(_) => "Parallel",
        StateKind::Map(_) => "Map",
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::Invalid(message.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use trainyard_lang::asl::parse_state;

    use super::{
        super::{Mock, MockFailure},
        *,
    };

    fn spec(result: Option<&str>, error: Option<&str>, rigour: Rigour) -> TestSpec {
        let failure = error
            .map(|error| MockFailure { error: Some(error.to_owned()), cause: Some("because".to_owned()) });
        let mock = Mock { result: result.map(str::to_owned), failure, rigour };
        TestSpec { mock: Some(mock), ..TestSpec::default() }
    }

    #[track_caller]
    fn refuses(state: &Value, spec: &TestSpec, message: &str) {
        let state = parse_state(&state.to_string()).unwrap();
        assert_eq!(read(spec, &state).unwrap_err().to_string(), message);
    }

    fn branch(name: &str) -> Value {
        json!({"StartAt": name, "States": {name: {"Type": "Pass", "End": true}}})
    }

    fn task(resource: &str) -> Value {
        json!({"Type": "Task", "Resource": format!("arn:aws:states:::{resource}"), "Parameters": {}, "End": true})
    }

    #[test]
    fn some_states_do_work_and_take_a_mock() {
        let given = spec(Some("1"), None, Rigour::Strict);
        for (kind, state) in [
            ("Wait", json!({"Type": "Wait", "Seconds": 1, "End": true})),
            (
                "Choice",
                json!({"Type": "Choice", "Default": "A", "Choices": [
                {"Variable": "$.a", "IsPresent": true, "Next": "B"}]}),
            ),
        ] {
            refuses(
                &state,
                &given,
                &format!("State type '{kind}' is not supported when a mock is specified"),
            );
        }
        let none = TestSpec::default();
        let parallel = json!({"Type": "Parallel", "Branches": [branch("P")], "End": true});
        refuses(&parallel, &none, "State type 'Parallel' is not supported when a mock is not specified");
        let waits = task("sqs:sendMessage.waitForTaskToken");
        refuses(&waits, &none, "State type 'Task' is not supported when a mock is not specified");
    }

    #[test]
    fn a_mock_is_a_result_or_a_failure() {
        let state = task("sqs:sendMessage");
        let both = spec(Some("{}"), Some("Boom"), Rigour::None);
        refuses(&state, &both, "A mock must specify either a result or an errorOutput, not both");
        refuses(
            &state,
            &spec(None, None, Rigour::None),
            "A mock must specify either a result or an errorOutput",
        );
        let failure =
            read(&spec(None, Some("Boom"), Rigour::None), &parse_state(&state.to_string()).unwrap());
        assert_eq!(failure.unwrap(), Some(Err(Failure::new("Boom", "because"))));
    }

    #[test]
    fn branches_and_iterations_give_lists() {
        let parallel =
            json!({"Type": "Parallel", "Branches": [branch("P"), branch("Q"), branch("R")], "End": true});
        let strict = |result| spec(Some(result), None, Rigour::Strict);
        refuses(&parallel, &strict("3"), "Mocked result must be an array.");
        let message = "Mocked result must contain the same number of items as number of Parallel branches.";
        refuses(&parallel, &strict("[1, 2]"), message);
        let map = json!({"Type": "Map", "ItemProcessor": branch("P"), "End": true});
        refuses(&map, &strict("{}"), "Mocked result must be an array.");
    }

    #[test]
    fn results_look_like_answers_as_far_as_they_must() {
        let state = task("sqs:sendMessage");
        let message = "Mock result schema validation error: Field 'MessageId' must be a string";
        for rigour in [Rigour::Strict, Rigour::Present] {
            refuses(&state, &spec(Some(r#"{"MessageId": 5}"#), None, rigour), message);
        }
        let message = "Mock result schema validation error: The result must be an object";
        refuses(&state, &spec(Some("[]"), None, Rigour::Present), message);
        let anything = spec(Some(r#"{"MessageId": 5}"#), None, Rigour::None);
        let read = read(&anything, &parse_state(&state.to_string()).unwrap()).unwrap();
        assert_eq!(read, Some(Ok(json!({"MessageId": 5}))));
    }
}
