//! `states:startExecution`: starts an execution of another state machine; with `.sync` the result is how it ended,
//! with `.sync:2` the same with JSON in place of text.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html>

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use trainyard_domain::{Failure, Kind, Principal};

use crate::{
    executions::{
        Error, Execution, Executions, Parent, StartSpec, Status,
        task::{Call, Pattern, Started, Task, TaskError},
    },
    ground::uuid_from,
    refusal::{Refusal, is_passing},
    shape,
};

/// The task.
pub struct StatesStartExecution {
    /// Where executions are.
    pub executions: Executions,
    /// Whether the result of `.sync` holds JSON in place of text.
    pub parsed: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Parameters {
    state_machine_arn: String,
    name: Option<String>,
    /// A text as it is, anything else as JSON text.
    input: Option<Value>,
    trace_header: Option<String>,
}

#[async_trait]
impl Task for StatesStartExecution {
    fn resource(&self) -> &'static str {
        if self.parsed { "states:startExecution:2" } else { "states:startExecution" }
    }

    fn takes(&self, pattern: Pattern) -> bool {
        !self.parsed || pattern == Pattern::Sync
    }

    async fn start(&self, call: &Call) -> Result<Started, TaskError> {
        let asked: Parameters = shape::read(call.parameters.clone())
            .map_err(|misfit| failed("ValidationException", &misfit.to_string(), call))?;
        let spec = StartSpec {
            name: Some(asked.name.clone().unwrap_or_else(|| name(call))),
            machine: asked.state_machine_arn,
            input: asked.input.map(|input| match input {
                Value::String(text) => text,
                input => input.to_string(),
            }),
            trace: asked.trace_header,
            parent: Some(Parent { token: call.token.clone(), waits: call.pattern == Pattern::Sync }),
        };
        let begun =
            self.executions.start(&call.principal, spec).await.map_err(|error| refused(&error, call))?;
        let arn = begun.arn().to_string();
        let http = json!({"AllHttpHeaders": {}, "HttpHeaders": {}, "HttpStatusCode": 200});
        let response = json!({
            "ExecutionArn": arn,
            "SdkHttpMetadata": http,
            "SdkResponseMetadata": {"RequestId": uuid_from(&["request", &call.token])},
            "StartDate": begun.started.millis(),
        });
        Ok(Started { response, subject: Some(arn) })
    }

    async fn observe(&self, _: &Call, started: &Started) -> Result<Option<Value>, TaskError> {
        let arn = started.subject.as_deref().unwrap_or_default();
        let execution = match self.executions.describe(arn).await {
            Ok(execution) => execution,
            // An execution in memory cannot be waited for, nor one that cannot be read.
            Err(error @ (Error::InvalidArn(_) | Error::NoExecution(_) | Error::Poisoned { .. })) => {
                return Err(TaskError::Failed(Failure::task(error.to_string())));
            }
            Err(error) => return Err(TaskError::Trouble(error.to_string())),
        };
        match execution.status {
            Status::Running => Ok(None),
            Status::Succeeded => Ok(Some(described(&execution, self.parsed))),
            Status::Failed | Status::TimedOut | Status::Aborted => {
                Err(TaskError::Failed(Failure::task(described(&execution, self.parsed).to_string())))
            }
        }
    }

    async fn cancel(&self, call: &Call, started: Option<&Started>) -> Result<(), TaskError> {
        let arn = match started.and_then(|started| started.subject.clone()) {
            Some(arn) => Some(arn),
            None => begun_arn(call),
        };
        let Some(arn) = arn else { return Ok(()) };
        match self.executions.describe(&arn).await {
            Ok(execution) if execution.parent.as_ref().is_some_and(|parent| parent.token == call.token) => {}
            // Nothing was begun, or somebody else has.
            Ok(_) | Err(Error::NoExecution(_) | Error::InvalidArn(_)) => return Ok(()),
            Err(error) => return Err(TaskError::Trouble(error.to_string())),
        }
        let by = Principal::root(&call.scope);
        let stopped = self.executions.stop(&by, &arn, (None, None)).await;
        stopped.map(drop).map_err(|error| TaskError::Trouble(error.to_string()))
    }
}

/// The name of an execution that was given none: the same at every attempt of the same call.
fn name(call: &Call) -> String {
    uuid_from(&["execution", &call.token])
}

/// The ARN of the execution that the call begins, or would have begun.
fn begun_arn(call: &Call) -> Option<String> {
    let text = |member: &str| call.parameters.get(member).and_then(Value::as_str);
    let machine = text("StateMachineArn")?;
    let machine = machine
        .split_once(":stateMachine:")
        .map(|(prefix, rest)| (prefix, rest.split(':').next().unwrap_or_default()));
    let (prefix, machine) = machine?;
    let name = text("Name").map_or_else(|| name(call), str::to_owned);
    Some(format!("{prefix}:execution:{machine}:{name}"))
}

/// The execution as `DescribeExecution` shows it, in the names of the SDK.
fn described(execution: &Execution, parsed: bool) -> Value {
    let data = |text: &str| match serde_json::from_str(text) {
        Ok(value) if parsed => value,
        _ => Value::from(text),
    };
    let mut shown = json!({
        "ExecutionArn": execution.arn(),
        "Input": data(&execution.input),
        "InputDetails": {"Included": true},
        "Name": execution.name,
        "StartDate": execution.started.millis(),
        "StateMachineArn": execution.machine_arn(),
        "Status": execution.status.as_str(),
    });
    for (name, arn) in
        [("StateMachineVersionArn", execution.version_arn()), ("StateMachineAliasArn", execution.alias_arn())]
    {
        if let Some(arn) = arn {
            shown[name] = json!(arn);
        }
    }
    if let Some(end) = &execution.end {
        shown["StopDate"] = json!(end.at.millis());
        if let Some(output) = &end.output {
            shown["Output"] = data(output);
            shown["OutputDetails"] = json!({"Included": true});
        }
        for (name, text) in [("Error", &end.error), ("Cause", &end.cause)] {
            if let Some(text) = text {
                shown[name] = text.as_str().into();
            }
        }
    }
    shown
}

fn refused(error: &Error, call: &Call) -> TaskError {
    if is_passing(error) && error.kind() != Kind::Busy {
        return TaskError::Trouble(error.to_string());
    }
    failed(error.code(), &error.to_string(), call)
}

/// In the words of the SDK for Java, which AWS's own integration uses.
fn failed(code: &str, message: &str, call: &Call) -> TaskError {
    let class = code.strip_suffix("Exception").unwrap_or(code);
    let request = uuid_from(&["request", &call.token]);
    let cause = format!(
        "{message} (Service: AWSStepFunctions; Status Code: 400; Error Code: {code}; Request ID: {request}; Proxy: null)"
    );
    TaskError::Failed(Failure::new(format!("StepFunctions.{class}Exception"), cause))
}
