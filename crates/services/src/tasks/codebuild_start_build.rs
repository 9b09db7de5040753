//! `codebuild:startBuild`; with `.sync` the result is how the build ended.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-codebuild.html>

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use trainyard_domain::{Failure, Principal};

use crate::{
    builds::{Builds, Error, StartRequest, Status},
    executions::task::{Call, Pattern, Started, Task, TaskError},
    ground::uuid_from,
    refusal::{Refusal, is_passing},
    shape,
};

/// The errors that the SDK has a class for; all others come as the service's general one.
const NAMED: &[&str] = &[
    "AccountLimitExceededException",
    "InvalidInputException",
    "OAuthProviderException",
    "ResourceAlreadyExistsException",
    "ResourceNotFoundException",
];

/// The task.
pub struct CodeBuildStartBuild(pub Builds);

#[async_trait]
impl Task for CodeBuildStartBuild {
    fn resource(&self) -> &'static str {
        "codebuild:startBuild"
    }

    fn takes(&self, pattern: Pattern) -> bool {
        matches!(pattern, Pattern::RequestResponse | Pattern::Sync)
    }

    async fn start(&self, call: &Call) -> Result<Started, TaskError> {
        let request: StartRequest = shape::read(renamed(call.parameters.clone(), &lower_first))
            .map_err(|misfit| failed("InvalidInputException", &misfit.to_string(), call))?;
        let build = self.0.start_for_task(&call.scope, &call.principal, request, &call.token).await;
        let build = build.map_err(|error| refused(&error, call))?;
        let mut response = self.shown(&build);
        let http = json!({"AllHttpHeaders": {}, "HttpHeaders": {}, "HttpStatusCode": 200});
        response["SdkHttpMetadata"] = http;
        response["SdkResponseMetadata"] = json!({"RequestId": uuid_from(&["request", &call.token])});
        Ok(Started { response, subject: Some(build.arn().to_string()) })
    }

    async fn observe(&self, call: &Call, started: &Started) -> Result<Option<Value>, TaskError> {
        let arn = started.subject.as_deref().unwrap_or_default();
        let build = match self.0.build(&call.scope, arn).await {
            Ok(build) => build,
            Err(error @ Error::NoBuild(_)) => {
                return Err(TaskError::Failed(Failure::task(error.to_string())));
            }
            Err(error) => return Err(TaskError::Trouble(error.to_string())),
        };
        match build.status {
            Status::InProgress => Ok(None),
            Status::Succeeded => Ok(Some(self.shown(&build))),
            Status::Failed | Status::Fault | Status::TimedOut | Status::Stopped => {
                Err(TaskError::Failed(Failure::task(self.shown(&build).to_string())))
            }
        }
    }

    async fn cancel(&self, call: &Call, started: Option<&Started>) -> Result<(), TaskError> {
        let begun = started.and_then(|started| started.subject.clone());
        let Some(id) = begun.or_else(|| self.begun_id(call)) else { return Ok(()) };
        match self.0.stop(&call.scope, &Principal::root(&call.scope), &id).await {
            // Nothing was begun.
            Ok(_) | Err(Error::NoBuild(_)) => Ok(()),
            Err(error) => Err(TaskError::Trouble(error.to_string())),
        }
    }
}

impl CodeBuildStartBuild {
    /// The build in the names of the SDK.
    fn shown(&self, build: &crate::builds::Build) -> Value {
        json!({"Build": renamed(self.0.describe(build), &upper_first)})
    }

    /// The id of the build that the call begins, or would have begun. One that others can begin too, by the same
    /// token of theirs, is not ours to end.
    fn begun_id(&self, call: &Call) -> Option<String> {
        let text = |member: &str| call.parameters.get(member).and_then(Value::as_str);
        if text("IdempotencyToken").is_some() {
            return None;
        }
        let project = text("ProjectName")?.rsplit('/').next()?;
        Some(format!("{project}:{}", Builds::uuid_of_task(&call.token)))
    }
}

fn refused(error: &Error, call: &Call) -> TaskError {
    if is_passing(error) {
        return TaskError::Trouble(error.to_string());
    }
    failed(error.code(), &error.to_string(), call)
}

/// In the words of the SDK for Java, which AWS's own integration uses.
fn failed(code: &str, message: &str, call: &Call) -> TaskError {
    let class = if NAMED.contains(&code) { code } else { "AWSCodeBuildException" };
    let request = uuid_from(&["request", &call.token]);
    let cause = format!(
        "{message} (Service: AWSCodeBuild; Status Code: 400; Error Code: {code}; Request ID: {request}; Proxy: null)"
    );
    TaskError::Failed(Failure::new(format!("CodeBuild.{class}"), cause))
}

/// The same with other names of members; in requests and builds no name is the user's own.
fn renamed(value: Value, name: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|item| renamed(item, name)).collect(),
        Value::Object(members) => {
            let renamed = members.into_iter().map(|(key, member)| (name(&key), renamed(member, name)));
            Value::Object(renamed.collect::<Map<_, _>>())
        }
        other => other,
    }
}

fn upper_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
}
