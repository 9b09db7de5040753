//! What an execution's Task state can ask for: the seam that every integration implements.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trainyard_domain::{Arn, Failure, Principal, Scope};

/// One service integration, such as `sagemaker:createTrainingJob`. One file in `tasks/` each.
#[async_trait]
pub trait Task: Send + Sync {
    /// `<service>:<action>` as it stands in the Resource ARN, without its `.sync` or `.waitForTaskToken`.
    fn resource(&self) -> &'static str;

    /// Whether this way of calling it exists.
    fn takes(&self, pattern: Pattern) -> bool;

    /// Whether it can make the call, if several go to it: what it cannot make fails when it is asked.
    fn offers(&self, _resource: &str) -> bool {
        true
    }

    /// Makes the call. It may be made again with the same token, after a crash: it must not have its effect twice.
    async fn start(&self, call: &Call) -> Result<Started, TaskError>;

    /// The same for somebody who tries a state and looks on: also what went over the wire, where that can be told.
    /// What is secret is left out of it, unless `reveal`.
    async fn start_seen(&self, call: &Call, _reveal: bool) -> (Result<Started, TaskError>, Option<Exchange>) {
        (self.start(call).await, None)
    }

    /// For [`Pattern::Sync`]: whether what was started has ended, and its result. Asked when news of
    /// [`Started::subject`] comes and now and then without.
    async fn observe(&self, call: &Call, started: &Started) -> Result<Option<Value>, TaskError>;

    /// For [`Pattern::Sync`]: the execution was stopped or timed out; ends what was started. Safe to repeat.
    async fn cancel(&self, call: &Call, started: Option<&Started>) -> Result<(), TaskError>;
}

/// How a task is called.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pattern {
    /// The answer of the call is the result.
    RequestResponse,
    /// The result is how the job ended.
    Sync,
    /// The result comes with the task token.
    WaitForTaskToken,
}

/// One call of a task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call {
    /// Deterministic from execution, state entry and attempt: the same after a crash.
    pub token: String,
    /// The execution.
    pub execution: Arn,
    /// The execution's scope.
    pub scope: Scope,
    /// The state machine's role session: who makes the call. Its lineage names the execution.
    pub principal: Principal,
    /// `<service>:<action>`: several actions may share one implementation (`aws-sdk`).
    pub resource: String,
    /// How.
    pub pattern: Pattern,
    /// The state's effective parameters.
    pub parameters: Value,
}

/// What a call began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// The answer of the call. With [`Pattern::RequestResponse`] it is the result.
    pub response: Value,
    /// For [`Pattern::Sync`]: the ARN that events about its end name in `resources`.
    pub subject: Option<String>,
}

/// What went over the wire, in TestState's shapes.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_InspectionData.html>
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// What was sent.
    pub request: Value,
    /// What came back, if anything did.
    pub response: Option<Value>,
}

/// Why a call gave no result.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// It failed: the state machine's own Retry and Catch decide.
    #[error("{0}")]
    Failed(Failure),
    /// Our trouble: the same call is made again later, and the execution knows nothing of it.
    #[error("{0}")]
    Trouble(String),
}
