//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html>

use serde::Deserialize;
use serde_json::{Map, Value, json};
use trainyard_services::executions::{
    Configuration, ErrorDetails, Inspection, Mock, MockFailure, Rigour, TestSpec, Tested, task::Exchange,
};

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    definition: String,
    state_name: Option<String>,
    role_arn: Option<String>,
    input: Option<String>,
    #[serde(default)]
    inspection_level: Level,
    #[serde(default)]
    reveal_secrets: bool,
    variables: Option<String>,
    context: Option<String>,
    mock: Option<MockInput>,
    #[serde(default)]
    state_configuration: StateConfiguration,
}

#[derive(Default, Deserialize, PartialEq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Level {
    #[default]
    Info,
    Debug,
    Trace,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MockInput {
    result: Option<String>,
    error_output: Option<ErrorOutput>,
    #[serde(default)]
    field_validation_mode: Mode,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ErrorOutput {
    error: Option<String>,
    cause: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Mode {
    #[default]
    Strict,
    Present,
    None,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StateConfiguration {
    retrier_retry_count: Option<u32>,
    error_caused_by_state: Option<String>,
    map_iteration_failure_count: Option<u64>,
    map_item_reader_data: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let level = input.inspection_level;
    let configuration = input.state_configuration;
    let spec = TestSpec {
        definition: input.definition,
        state: input.state_name,
        role: input.role_arn,
        input: input.input,
        variables: input.variables,
        context: input.context,
        mock: input.mock.map(mock),
        configuration: Configuration {
            retries: configuration.retrier_retry_count,
            error_caused_by: configuration.error_caused_by_state,
            failed_iterations: configuration.map_iteration_failure_count,
            reader_data: configuration.map_item_reader_data,
        },
        reveal: input.reveal_secrets,
    };
    let executions = &context.services.executions;
    let tested = executions.test_state(&context.scope, &context.principal, spec).await?;
    Ok(answer(tested, &level))
}

fn mock(given: MockInput) -> Mock {
    let failure = given.error_output.map(|ErrorOutput { error, cause }| MockFailure { error, cause });
    let rigour = match given.field_validation_mode {
        Mode::Strict => Rigour::Strict,
        Mode::Present => Rigour::Present,
        Mode::None => Rigour::None,
    };
    Mock { result: given.result, failure, rigour }
}

fn answer(tested: Tested, level: &Level) -> Value {
    let Tested { status, output, error, cause, next, inspection, exchange } = tested;
    let mut answer = object([
        ("status", Some(status.into())),
        ("output", output.map(Value::from)),
        ("error", error.map(Value::from)),
        ("cause", cause.map(Value::from)),
        ("nextState", next.map(Value::from)),
    ]);
    if *level != Level::Info {
        let mut inspected = inspected(inspection);
        if let Some(exchange) = exchange.filter(|_| *level == Level::Trace) {
            let Exchange { request, response } = exchange;
            inspected.extend(object([("request", Some(request)), ("response", response)]));
        }
        answer.insert("inspectionData".to_owned(), inspected.into());
    }
    answer.into()
}

fn inspected(inspection: Inspection) -> Map<String, Value> {
    let details = |ErrorDetails { catcher, retrier, backoff }| {
        object([
            ("catchIndex", catcher.map(Value::from)),
            ("retryIndex", retrier.map(Value::from)),
            ("retryBackoffIntervalSeconds", backoff.map(Value::from)),
        ])
    };
    let mut shown = object([
        ("errorDetails", inspection.error_details.map(details).map(Value::from)),
        ("maxConcurrency", inspection.concurrency.map(Value::from)),
        ("toleratedFailureCount", inspection.tolerated_count.map(Value::from)),
        ("toleratedFailurePercentage", inspection.tolerated_percentage.map(|part| json!(part))),
    ]);
    shown.extend(inspection.texts.into_iter().map(|(name, text)| (name.to_owned(), text.into())));
    shown
}

/// An object of the members that are there.
fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Map<String, Value> {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
