//! Which operation a target means, with which members. Pure.
//!
//! A target that names a thing is a call of the operation that starts it; one that names an operation
//! (`arn:aws:scheduler:::aws-sdk:<service>:<action>`) is called with its input as members.
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html>
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html>

use serde_json::{Map, Value, json};
use trainyard_domain::{Arn, Scope};

use super::{Target, context::Context};

/// An operation with its members.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Operation {
    pub scope: Scope,
    pub service: String,
    pub action: String,
    pub input: Value,
}

/// What kind of thing a target's ARN names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    StateMachine(Arn),
    Queue(Arn),
    EventBus(Arn),
    Pipeline(Arn),
    BuildProject(Arn),
    /// `<service>` and `<action>`.
    Universal(String, String),
}

/// Of these actions the Scheduler calls none: they only read.
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html#unsupported-api-actions>
const READING: &[&str] = &[
    "get",
    "describe",
    "list",
    "poll",
    "receive",
    "search",
    "scan",
    "query",
    "select",
    "read",
    "lookup",
    "discover",
    "validate",
    "batchGet",
    "batchDescribe",
    "batchRead",
    "transactGet",
    "adminGet",
    "adminList",
    "testMigration",
    "retrieve",
    "testConnection",
    "translateDocument",
    "isAuthorized",
    "invokeModel",
];

impl Kind {
    /// What the target's ARN names; otherwise why it cannot be a target.
    pub(super) fn of(target: &Target, scope: &Scope) -> Result<Self, String> {
        let arn: Arn = target.arn.parse().map_err(|_| format!("Target {} is not an ARN.", target.arn))?;
        if arn.service == "scheduler" {
            return universal(&arn);
        }
        if arn.account != scope.account.as_str() || arn.scope().is_none() {
            return Err(format!("Target {arn} is not of this account and a region."));
        }
        let names = |kind: &str| arn.resource_of(kind).is_some_and(|name| !name.is_empty());
        match arn.service.as_str() {
            "states" if names("stateMachine") => Ok(Self::StateMachine(arn)),
            "events" if names("event-bus") => Ok(Self::EventBus(arn)),
            "sagemaker" if names("pipeline") => Ok(Self::Pipeline(arn)),
            "codebuild" if names("project") => Ok(Self::BuildProject(arn)),
            "sqs" if !arn.resource.contains(['/', ':']) => Ok(Self::Queue(arn)),
            _ => Err(format!("Target {arn} is not of a kind that this server can start.")),
        }
    }
}

fn universal(arn: &Arn) -> Result<Kind, String> {
    let named = arn.resource.strip_prefix("aws-sdk:").and_then(|rest| rest.split_once(':'));
    let word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    match named.filter(|(service, action)| word(service) && word(action)) {
        Some(_) if !arn.region.is_empty() || !arn.account.is_empty() => Err(format!(
            "Target {arn} names a region or an account: write arn:aws:scheduler:::{}.",
            arn.resource
        )),
        Some((_, action)) if READING.iter().any(|reading| begins(action, reading)) => {
            Err(format!("Target {arn} only reads, and what it reads would be given to nobody."))
        }
        Some((service, action)) => Ok(Kind::Universal(service.to_owned(), action.to_owned())),
        None => {
            Err(format!("Target {arn} is not of the form arn:aws:scheduler:::aws-sdk:service:apiAction."))
        }
    }
}

/// Whether `getObject` begins with `get`; `getaway` does not.
fn begins(action: &str, word: &str) -> bool {
    let rest = action.strip_prefix(word);
    rest.is_some_and(|rest| rest.chars().next().is_none_or(|next| !next.is_ascii_lowercase()))
}

/// The operation that is called at one attempt.
pub(super) fn of(target: &Target, scope: &Scope, context: &Context<'_>) -> Result<Operation, String> {
    let kind = Kind::of(target, scope)?;
    let given = target.input.as_deref().map(|input| context.fill(input));
    let text = || given.clone().unwrap_or_else(|| notice(scope, context));
    let (arn, service, action, input) = match &kind {
        Kind::Universal(service, action) => {
            let members = members(given.as_deref().unwrap_or("{}"))?;
            let (scope, input) = (scope.clone(), Value::Object(members));
            return Ok(Operation { scope, service: service.clone(), action: action.clone(), input });
        }
        // The name follows from the time: an attempt that comes again starts nothing.
        Kind::StateMachine(arn) => {
            let members = json!({"StateMachineArn": arn.to_string(), "Input": text(), "Name": context.token});
            (arn, "sfn", "startExecution", members)
        }
        Kind::Queue(arn) => (arn, "sqs", "sendMessage", message(target, arn, text())),
        Kind::EventBus(arn) => (arn, "eventbridge", "putEvents", event(target, arn, text())?),
        Kind::Pipeline(arn) => (arn, "sagemaker", "startPipelineExecution", pipeline(target, arn, context)),
        Kind::BuildProject(arn) => (arn, "codebuild", "startBuild", build(arn, given.as_deref(), context)?),
    };
    let scope = arn.scope().ok_or_else(|| format!("Target {arn} names no region."))?;
    Ok(Operation { scope, service: service.to_owned(), action: action.to_owned(), input })
}

fn members(input: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(input).map_err(|error| format!("the target's Input is not a JSON object: {error}"))
}

/// What a target is given for which no input was said.
fn notice(scope: &Scope, context: &Context<'_>) -> String {
    let notice = json!({
        "version": "0",
        "id": context.token,
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": scope.account.as_str(),
        "time": context.due.to_seconds_string(),
        "region": scope.region.to_string(),
        "resources": [context.schedule.to_string()],
        "detail": "{}",
    });
    notice.to_string()
}

/// The URL of a queue as AWS writes it: its host says nothing here.
pub(super) fn queue_url(arn: &Arn) -> String {
    let Arn { region, account, resource, .. } = arn;
    format!("https://sqs.{region}.amazonaws.com/{account}/{resource}")
}

fn message(target: &Target, arn: &Arn, body: String) -> Value {
    let mut members = json!({"QueueUrl": queue_url(arn), "MessageBody": body});
    if let Some(group) = target.sqs_parameters.as_ref().and_then(|of| of.message_group_id.as_ref()) {
        members["MessageGroupId"] = json!(group);
    }
    members
}

fn event(target: &Target, arn: &Arn, detail: String) -> Result<Value, String> {
    let of = target.event_bridge_parameters.as_ref();
    let of = of.ok_or_else(|| "the target is an event bus and has no EventBridgeParameters".to_owned())?;
    let bus = arn.resource_of("event-bus").unwrap_or_default();
    Ok(json!({"Entries": [
        {"EventBusName": bus, "Source": of.source, "DetailType": of.detail_type, "Detail": detail},
    ]}))
}

fn pipeline(target: &Target, arn: &Arn, context: &Context<'_>) -> Value {
    let of = target.sage_maker_pipeline_parameters.clone().unwrap_or_default();
    let parameters: Vec<Value> = of
        .pipeline_parameter_list
        .iter()
        .map(|of| json!({"Name": of.name, "Value": context.fill(&of.value)}))
        .collect();
    json!({
        "PipelineName": arn.to_string(),
        "PipelineParameters": parameters,
        "ClientRequestToken": context.token,
    })
}

/// The input of a target that is a project is StartBuild's, without the project.
fn build(arn: &Arn, given: Option<&str>, context: &Context<'_>) -> Result<Value, String> {
    let mut members = members(given.unwrap_or("{}"))?;
    members.insert("projectName".to_owned(), arn.resource_of("project").unwrap_or_default().into());
    members.insert("idempotencyToken".to_owned(), context.token.into());
    Ok(Value::Object(members))
}
