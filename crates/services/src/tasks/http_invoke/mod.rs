//! `http:invoke`: calls somebody else's HTTP API in a connection's name.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html>
//!
//! `request.rs` reads the state's parameters, `answer.rs` makes a result or a failure of what comes back, both pure;
//! `once.rs` sees to it that what must not be done twice is not.

mod answer;
mod once;
mod request;

use async_trait::async_trait;
use serde_json::Value;
use trainyard_domain::{Failure, ports::OutsideError};

pub use once::Made;

use crate::{
    connections::{Connections, SendError},
    executions::task::{Call, Pattern, Started, Task, TaskError},
    ground::Ground,
};

/// The task.
pub struct HttpInvoke {
    /// Notes what was called.
    pub ground: Ground,
    /// Who calls.
    pub connections: Connections,
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
        let region = call.scope.region.as_str();
        let request = request::read(call.parameters.clone(), region).map_err(|why| runtime(&why))?;
        once::begin(&self.ground, call, &request.draft.method).await?;
        let account = call.scope.account.as_str();
        match self.connections.send(account, &request.connection, &request.draft).await {
            Ok(answer) => {
                let response = answer::read(&answer).map_err(TaskError::Failed)?;
                Ok(Started { response, subject: None })
            }
            Err(SendError::Store(error)) => {
                once::undo(&self.ground, call).await?;
                Err(TaskError::Trouble(error.to_string()))
            }
            Err(error) => Err(TaskError::Failed(failure(&error))),
        }
    }

    async fn observe(&self, _: &Call, started: &Started) -> Result<Option<Value>, TaskError> {
        Ok(Some(started.response.clone()))
    }

    async fn cancel(&self, _: &Call, _: Option<&Started>) -> Result<(), TaskError> {
        Ok(())
    }
}

fn runtime(why: &str) -> TaskError {
    TaskError::Failed(Failure::new("States.Runtime", why))
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
