//! `http:invoke`: calls somebody else's HTTP API in a connection's name.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html>
//!
//! `request.rs` reads the state's parameters, `answer.rs` makes a result or a failure of what comes back, both pure;
//! `once.rs` sees to it that what must not be done twice is not.

mod answer;
mod once;
mod request;
mod shown;

use async_trait::async_trait;
use serde_json::Value;
use trainyard_domain::{Failure, outcall::Answer, ports::OutsideError};
use trainyard_engine::PAYLOAD_LIMIT;

use request::Request;

pub use once::Made;

use crate::{
    connections::{Connections, SendError},
    executions::task::{Call, Exchange, Pattern, Started, Task, TaskError},
    ground::Ground,
};

/// The task.
pub struct HttpInvoke {
    /// Notes what was called.
    pub ground: Ground,
    /// Who calls.
    pub connections: Connections,
    /// The most bytes of an answer.
    pub payload_limit: usize,
}

#[async_trait]
impl Task for HttpInvoke {
    fn resource(&self) -> &'static str {
        "http:invoke"
    }

    fn takes(&self, pattern: Pattern) -> bool {
        pattern == Pattern::RequestResponse
    }

    async fn start(&self, call: &Call) -> Result<Started, TaskError> {
        let Request { connection, draft } = read(call, self.payload_limit)?;
        once::begin(&self.ground, call, &draft.method).await?;
        match self.connections.send(call.scope.account.as_str(), &connection, &draft).await {
            // Nothing was sent.
            Err(SendError::Store(error)) => {
                once::undo(&self.ground, call).await?;
                Err(TaskError::Trouble(error.to_string()))
            }
            answered => outcome(answered.as_ref()),
        }
    }

    /// Made once, whatever comes of it.
    async fn start_seen(&self, call: &Call, reveal: bool) -> (Result<Started, TaskError>, Option<Exchange>) {
        // What is tried is to be the same at AWS.
        let Request { connection, draft } = match read(call, PAYLOAD_LIMIT) {
            Ok(request) => request,
            Err(error) => return (Err(error), None),
        };
        let account = call.scope.account.as_str();
        let (answered, sent) = self.connections.send_seen(account, &connection, &draft, reveal).await;
        let exchange = sent.map(|sent| shown::exchange(&sent, answered.as_ref().ok()));
        (outcome(answered.as_ref()), exchange)
    }

    async fn observe(&self, _: &Call, started: &Started) -> Result<Option<Value>, TaskError> {
        Ok(Some(started.response.clone()))
    }

    async fn cancel(&self, _: &Call, _: Option<&Started>) -> Result<(), TaskError> {
        Ok(())
    }
}

fn read(call: &Call, largest: usize) -> Result<Request, TaskError> {
    let request = request::read(call.parameters.clone(), call.scope.region.as_str(), largest);
    request.map_err(|why| TaskError::Failed(Failure::new("States.Runtime", why)))
}

fn outcome(answered: Result<&Answer, &SendError>) -> Result<Started, TaskError> {
    let response = answered.map_err(failure).and_then(answer::read).map_err(TaskError::Failed)?;
    Ok(Started { response, subject: None })
}

/// What an execution sees of a request that has no answer.
fn failure(error: &SendError) -> Failure {
    let name = match error {
        SendError::NoConnection(_) => "Events.ConnectionResource.ResourceNotFound",
        SendError::Forbidden(_) => "Events.ConnectionResource.AccessDenied",
        SendError::Authorizing(_) => "Events.ConnectionResource.AuthInProgress",
        SendError::Deauthorized { .. } => "Events.ConnectionResource.InvalidConnectionState",
        SendError::NoToken(_) => "Events.ConnectionResource.InternalError",
        SendError::Body(_) | SendError::Outside(OutsideError::Invalid(_)) => "States.Runtime",
        SendError::Outside(OutsideError::TooLarge { .. }) => "States.DataLimitExceeded",
        SendError::Outside(
            OutsideError::Refused(_) | OutsideError::Unreachable(_) | OutsideError::TimedOut(_),
        )
        | SendError::Store(_) => "States.Http.Socket",
    };
    Failure::new(name, error.to_string())
}
