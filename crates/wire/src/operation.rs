//! What an operation and a service are, and the one way to call an operation.

use std::{future::Future, pin::Pin, sync::Arc};

use axum::extract::Request;
use bytes::Bytes;
use http::request::Parts;
use serde_json::Value;
use trainyard_domain::{Principal, Scope};
use trainyard_services::Services;

use crate::{
    ApiError,
    face::{Visit, doors::Serving},
    handover::Handover,
    protocol::Older,
    times,
};

/// An answer on its way.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Value, ApiError>> + Send + 'a>>;

/// One operation of an API. Made by [`operation!`](crate::operation!).
pub struct Operation {
    /// As the API names it, such as `StartExecution`.
    pub name: &'static str,
    /// Does it. The input's members have the wire's names; times in it and in the answer are milliseconds
    /// ([`trainyard_domain::Timestamp`] as serde writes it), see [`Service::times`].
    pub run: for<'a> fn(&'a Context, Value) -> Answer<'a>,
}

/// One AWS service.
pub struct Service {
    /// The service in a signature's scope, such as `states`. Two services may share one.
    pub signing: &'static str,
    /// The AWS SDK for Java v2's id as Step Functions spells it in errors, such as `Sfn`; in lower case it is the
    /// service in `aws-sdk:sfn:startExecution`.
    /// <https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html>
    pub sdk: &'static str,
    /// How it speaks.
    pub protocol: Protocol,
    /// The error code for an input that breaks a rule, such as `ValidationException`.
    pub invalid: &'static str,
    /// The names of all members, at any depth, that are times: from AWS's model of the service.
    pub times: &'static [&'static str],
    /// The names of members whose value is a map with keys of the user's: their case is never touched.
    pub maps: &'static [&'static str],
    /// The names of members that hold JSON as text: Step Functions lets `aws-sdk:` tasks give the value itself.
    pub texts: &'static [&'static str],
    /// The codes of the errors that AWS's model of the service knows: they have an exception class in the SDK.
    pub errors: &'static [&'static str],
    /// What it can do.
    pub operations: &'static [Operation],
}

/// How a service speaks.
#[derive(Clone, Copy)]
pub enum Protocol {
    /// JSON over `POST /`, the operation in `X-Amz-Target: <target>.<operation>`.
    /// <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>
    Json {
        /// `1.0` or `1.1`.
        version: &'static str,
        /// The prefix of `X-Amz-Target`, such as `AWSStepFunctions`.
        target: &'static str,
        /// Whether members begin with a capital on the wire.
        pascal: bool,
    },
    /// A form in, XML out, the operation in `Action`.
    /// <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>
    Query {
        /// The API's version, such as `2011-06-15`.
        version: &'static str,
        /// The namespace of the answers.
        namespace: &'static str,
    },
    /// JSON as [`Protocol::Json`] has it, with capital letters, and the query protocol for older clients.
    /// <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#awsquerycompatible-trait>
    JsonOrQuery {
        /// Of JSON: `1.0` or `1.1`.
        version: &'static str,
        /// The prefix of `X-Amz-Target`.
        target: &'static str,
        /// The namespace of answers in XML.
        namespace: &'static str,
        /// How the query protocol spells it.
        older: &'static Older,
    },
    /// HTTP of its own, signed as the JSON protocols are. The operations are for `aws-sdk:` tasks.
    Rest {
        /// What its paths begin with, such as `/endpoints/`.
        path: &'static str,
        /// How many bytes a body may have.
        body_limit: usize,
        /// Answers a request whose signature was checked.
        serve: fn(Context, Parts, Bytes) -> Serving,
    },
    /// JSON over HTTP's own methods and paths.
    /// <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>
    RestJson {
        /// Which operation a method and a path mean.
        routes: &'static [Route],
    },
    /// S3, which reads and checks its streams itself. The operations are for `aws-sdk:` tasks.
    S3 {
        /// Answers a request that is not checked yet.
        serve: fn(Visit, Request) -> Serving,
    },
}

/// Which operation a method and a path mean, in a service that speaks JSON over HTTP's own methods and paths.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// Such as `/schedules/{Name}`: a piece in braces is the member of that name.
    pub path: &'static str,
    /// The operation.
    pub operation: &'static str,
    /// Members that stand in the query: the query's name, the member's, and whether it may come several times.
    pub query: &'static [(&'static str, &'static str, bool)],
}

/// How many bytes the body of a JSON or query request may have: more than the largest input that AWS takes
/// (a state machine's definition of 1 MB, escaped as a JSON string).
const BODY_LIMIT: usize = 4 * 1024 * 1024;

impl Protocol {
    pub(crate) fn body_limit(&self) -> usize {
        match self {
            Self::Json { .. } | Self::JsonOrQuery { .. } | Self::Query { .. } | Self::RestJson { .. } => {
                BODY_LIMIT
            }
            Self::Rest { body_limit, .. } => *body_limit,
            Self::S3 { .. } => 0,
        }
    }

    /// Among services that share a signing scope: whether the request is for this one.
    pub(crate) fn takes(&self, parts: &Parts) -> bool {
        let stated =
            parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
        match self {
            Self::Json { target, .. } => {
                stated.strip_prefix(target).is_some_and(|rest| rest.starts_with('.'))
            }
            Self::Rest { path, .. } => stated.is_empty() && parts.uri.path().starts_with(path),
            Self::JsonOrQuery { .. } | Self::Query { .. } | Self::RestJson { .. } | Self::S3 { .. } => true,
        }
    }
}

/// In whose name, where and through what an operation is called.
#[derive(Clone)]
pub struct Context {
    /// The rooms.
    pub services: Arc<Services>,
    /// The service called.
    pub service: &'static Service,
    /// Who calls.
    pub principal: Principal,
    /// Account and region of the call: the principal's account, the signature's region.
    pub scope: Scope,
    /// `http://127.0.0.1:4566`: how the caller reaches us, for URLs in the answer. Nothing stored depends on it.
    pub base_url: String,
    /// The id that the answer carries.
    pub request_id: String,
    /// The task token, when a state machine's task calls: the same call made again after a crash carries the same
    /// one, and must not have its effect twice.
    pub token: Option<String>,
    /// What the answer hands over, which comes back if the answer does not get away.
    pub handover: Handover,
}

impl Service {
    /// How many bytes a body may have. Data of executions comes as a text of JSON in JSON, in which quotes, and letters
    /// beyond ASCII, are up to three times as long.
    pub(crate) fn body_limit(&self, services: &Services) -> usize {
        let data = if self.signing == "states" { 3 * services.executions.payload_limit() } else { 0 };
        self.protocol.body_limit().max(data)
    }

    /// The operation of that name.
    pub fn operation(&self, name: &str) -> Option<&'static Operation> {
        self.operations.iter().find(|operation| operation.name == name)
    }

    /// Whether members begin with a capital on the wire.
    pub fn is_pascal(&self) -> bool {
        match self.protocol {
            Protocol::Json { pascal, .. } => pascal,
            Protocol::JsonOrQuery { .. }
            | Protocol::Query { .. }
            | Protocol::Rest { .. }
            | Protocol::RestJson { .. }
            | Protocol::S3 { .. } => true,
        }
    }
}

/// Calls an operation with the members as a client wrote them: times as seconds or text become milliseconds first.
pub async fn call(context: &Context, operation: &Operation, mut input: Value) -> Result<Value, ApiError> {
    times::read(&mut input, context.service.times)
        .map_err(|message| ApiError::invalid("SerializationException", message))?;
    (operation.run)(context, input).await
}

/// One line of a service's table: the operation's name and the `async fn(&Context, Input) -> Result<Output, ApiError>`
/// that does it, `Input: Deserialize` (with `deny_unknown_fields`), `Output: Serialize`. For an operation without
/// members in its answer: `Output = ()`.
#[macro_export]
macro_rules! operation {
    ($name:ident => $run:path) => {
        $crate::Operation {
            name: stringify!($name),
            run: |context, input| {
                Box::pin(async move {
                    let input = $crate::input::parse(context, input)?;
                    $crate::input::answer(&$run(context, input).await?)
                })
            },
        }
    };
}
