//! What the tasks of SageMaker share: how requests are read and how errors are named.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html>

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use trainyard_domain::{Arn, Failure};

use crate::{
    endpoints::Caller,
    executions::task::{Call, Started, TaskError},
    jobs::{self, Jobs, Kind},
    refusal::{Refusal, is_passing},
    shape,
};

/// The errors that the SDK has a class for; all others come as the service's general one.
const NAMED: &[&str] = &["ConflictException", "ResourceInUse", "ResourceLimitExceeded", "ResourceNotFound"];

/// The state's parameters as the operation's request.
pub(super) fn request<T: DeserializeOwned>(call: &Call) -> Result<T, TaskError> {
    shape::read(call.parameters.clone())
        .map_err(|misfit| failed("ValidationException", &misfit.to_string(), call))
}

/// A room's error as the task's: what may pass is ours and tried again, the rest is the user's to catch.
pub(super) fn refused(error: &dyn Refusal, call: &Call) -> TaskError {
    if is_passing(error) {
        return TaskError::Trouble(error.to_string());
    }
    failed(error.code(), &error.to_string(), call)
}

fn failed(code: &str, message: &str, call: &Call) -> TaskError {
    let class = match code {
        code if !NAMED.contains(&code) => "AmazonSageMakerException".to_owned(),
        code if code.ends_with("Exception") => code.to_owned(),
        code => format!("{code}Exception"),
    };
    // The words of the SDK for Java, which AWS's own integrations use.
    let cause = format!(
        "{message} (Service: AmazonSageMaker; Status Code: 400; Error Code: {code}; Request ID: {}; Proxy: null)",
        request_id(call)
    );
    TaskError::Failed(Failure::new(format!("SageMaker.{class}"), cause))
}

/// The call's answer with what AWS adds about the HTTP exchange.
pub(super) fn answered(mut answer: Value, call: &Call) -> Value {
    if let Some(members) = answer.as_object_mut() {
        let http = json!({"AllHttpHeaders": {}, "HttpHeaders": {}, "HttpStatusCode": 200});
        members.insert("SdkHttpMetadata".to_owned(), http);
        members.insert("SdkResponseMetadata".to_owned(), json!({"RequestId": request_id(call)}));
    }
    answer
}

/// The same at every attempt of the same call.
fn request_id(call: &Call) -> String {
    crate::ground::uuid_from(&["request", &call.token])
}

pub(super) fn caller(call: &Call) -> Caller<'_> {
    Caller { principal: &call.principal, scope: &call.scope, token: Some(&call.token) }
}

/// What a call that began a job answers: `member` holds the job's ARN, and news of it tells the job's end.
pub(super) fn begun(member: &str, arn: &Arn, call: &Call) -> Started {
    let response = answered(json!({member: arn}), call);
    Started { response, subject: Some(arn.to_string()) }
}

/// How a job is: its result if it has ended well, a failure if not.
pub(super) async fn outcome(jobs: &Jobs, kind: Kind, started: &Started) -> Result<Option<Value>, TaskError> {
    let trouble = |e: jobs::Error| TaskError::Trouble(e.to_string());
    let job = match &started.subject {
        Some(arn) => jobs.by_arn(arn).await.map_err(trouble)?.filter(|job| job.kind == kind),
        None => None,
    };
    let Some(job) = job else {
        let cause =
            format!("the job {} is not there any more", started.subject.as_deref().unwrap_or_default());
        return Err(TaskError::Failed(Failure::task(cause)));
    };
    let described = jobs.describe(&job);
    match job.phase {
        jobs::Phase::Ended(jobs::End::Completed) => Ok(Some(described)),
        jobs::Phase::Ended(_) => Err(TaskError::Failed(Failure::task(described.to_string()))),
        _ => Ok(None),
    }
}

/// The execution does not want the job any more. The job may not have been begun: then there is nothing to end.
pub(super) async fn stop(jobs: &Jobs, kind: Kind, call: &Call, member: &str) -> Result<(), TaskError> {
    let Some(name) = call.parameters.get(member).and_then(Value::as_str) else { return Ok(()) };
    let trouble = |e: jobs::Error| TaskError::Trouble(e.to_string());
    match jobs.find(kind, &call.scope, name).await.map_err(trouble)? {
        // A job of that name that somebody else began is not ours to end.
        Some(held) if held.value.token.as_deref() == Some(&call.token) => {
            jobs.stop(kind, &call.scope, name).await.map(drop).map_err(trouble)
        }
        _ => Ok(()),
    }
}
