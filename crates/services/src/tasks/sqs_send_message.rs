//! `sqs:sendMessage`; with `.waitForTaskToken`, whoever receives the message answers.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-sqs.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use trainyard_domain::Failure;

use crate::{
    executions::task::{Call, Pattern, Started, Task, TaskError},
    ground::uuid_from,
    queues::{Attribute, Caller, Error, Letter, QueueName, Queues, Sending, Sent},
    refusal::{Refusal, is_passing},
    shape,
};

/// The task.
pub struct SqsSendMessage(pub Queues);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Parameters {
    queue_url: Option<String>,
    /// Text, or JSON that is sent as its text.
    #[serde(default)]
    message_body: Value,
    delay_seconds: Option<u32>,
    #[serde(default)]
    message_attributes: BTreeMap<String, Attribute>,
    message_deduplication_id: Option<String>,
    message_group_id: Option<String>,
}

#[async_trait]
impl Task for SqsSendMessage {
    fn resource(&self) -> &'static str {
        "sqs:sendMessage"
    }

    fn takes(&self, pattern: Pattern) -> bool {
        matches!(pattern, Pattern::RequestResponse | Pattern::WaitForTaskToken)
    }

    /// The message is known by the call's token: a call that is made again sends nothing.
    async fn start(&self, call: &Call) -> Result<Started, TaskError> {
        let parameters: Parameters = shape::read(call.parameters.clone()).map_err(|misfit| {
            failed(call, ("AmazonSQSException", "InvalidParameterValue"), &misfit.to_string())
        })?;
        let url = parameters.queue_url.as_deref().ok_or_else(|| {
            failed(call, ("AmazonSQSException", "MissingParameter"), &Error::Missing("QueueUrl").to_string())
        })?;
        // The SDK sends to the host in the URL; one without a queue's path is somebody else's, whom we do not reach.
        let name = QueueName::of_url(url, &call.scope).map_err(|_| unreachable_host(url))?;
        let sending = Sending {
            letter: Letter {
                attributes: parameters.message_attributes,
                ..Letter::of(body(parameters.message_body))
            },
            delay: parameters.delay_seconds,
            group: parameters.message_group_id,
            dedup: parameters.message_deduplication_id,
            token: Some(call.token.clone()),
            ..Sending::default()
        };
        let sent = self.0.send(&Caller::principal(&call.principal), &name, sending).await;
        let sent = sent.map_err(|error| refused(call, &error))?;
        Ok(Started { response: response(call, sent), subject: None })
    }

    async fn observe(&self, _: &Call, started: &Started) -> Result<Option<Value>, TaskError> {
        Ok(Some(started.response.clone()))
    }

    async fn cancel(&self, _: &Call, _: Option<&Started>) -> Result<(), TaskError> {
        Ok(())
    }
}

fn body(given: Value) -> String {
    match given {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn response(call: &Call, sent: Sent) -> Value {
    let http = json!({"AllHttpHeaders": {}, "HttpHeaders": {}, "HttpStatusCode": 200});
    let mut response = json!({"MD5OfMessageBody": sent.body_md5, "MessageId": sent.id});
    if let Some(md5) = sent.attributes_md5 {
        response["MD5OfMessageAttributes"] = md5.into();
    }
    if let Some(number) = sent.sequence {
        response["SequenceNumber"] = number.to_string().into();
    }
    response["SdkHttpMetadata"] = http;
    response["SdkResponseMetadata"] = json!({"RequestId": request_id(call)});
    response
}

/// What may pass is ours and tried again, the rest is the user's to catch.
fn refused(call: &Call, error: &Error) -> TaskError {
    if is_passing(error) {
        return TaskError::Trouble(error.to_string());
    }
    let names = match error.code() {
        "QueueDoesNotExist" => ("QueueDoesNotExistException", "AWS.SimpleQueueService.NonExistentQueue"),
        "InvalidMessageContents" => ("InvalidMessageContentsException", "InvalidMessageContents"),
        "UnsupportedOperation" => {
            ("UnsupportedOperationException", "AWS.SimpleQueueService.UnsupportedOperation")
        }
        // The SDK has no classes for these.
        "MissingRequiredParameterException" => ("AmazonSQSException", "MissingParameter"),
        "InvalidParameterValueException" => ("AmazonSQSException", "InvalidParameterValue"),
        "AccessDeniedException" => ("AmazonSQSException", "AccessDenied"),
        code => ("AmazonSQSException", code),
    };
    failed(call, names, &error.to_string())
}

/// In the words of the SDK for Java, which AWS's own integrations use.
fn failed(call: &Call, (class, code): (&str, &str), message: &str) -> TaskError {
    let cause = format!(
        "{message} (Service: AmazonSQS; Status Code: 400; Error Code: {code}; Request ID: {}; Proxy: null)",
        request_id(call)
    );
    TaskError::Failed(Failure::new(format!("SQS.{class}"), cause))
}

fn unreachable_host(url: &str) -> TaskError {
    let host =
        url.split_once("://").map_or(url, |(_, rest)| rest).split(['/', ':']).next().unwrap_or_default();
    let cause = format!("Unable to execute HTTP request: {host}: Name or service not known");
    TaskError::Failed(Failure::new("SQS.SdkClientException", cause))
}

/// The same at every attempt of the same call.
fn request_id(call: &Call) -> String {
    uuid_from(&["request", &call.token])
}
