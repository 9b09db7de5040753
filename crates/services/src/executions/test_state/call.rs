//! The call of a task that is tried without a mock: made once, for real.

use std::time::Duration;

use serde_json::Value;
use trainyard_domain::{Arn, Failure, Principal, Scope, principal::Lineage};
use trainyard_engine::TaskCall;
use trainyard_store::Error as StoreError;

use super::{Error, Executions};
use crate::{
    executions::{
        machines::named,
        task::{Call, Exchange, TaskError},
    },
    identity::role_session,
};

/// How long a test may take.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html>
const LONGEST: Duration = Duration::from_secs(300);

/// What comes of a call, and what went over the wire for it.
pub(super) struct Called {
    pub(super) answer: Result<Value, Failure>,
    pub(super) exchange: Option<Exchange>,
}

impl Executions {
    /// What comes of the call, in the name of that role. Nothing remembers it: it is not made again after a crash.
    pub(super) async fn call_once(
        &self,
        call: &TaskCall,
        (scope, by, role): (&Scope, &Principal, &Arn),
        (execution, reveal): (&str, bool),
    ) -> Result<Called, Error> {
        let found = named(&call.resource).and_then(|(name, pattern)| {
            let task =
                self.tasks.get()?.find(&name).filter(|task| task.takes(pattern) && task.offers(&name))?;
            Some((name, pattern, task.clone()))
        });
        let Some((resource, pattern, task)) = found else {
            let failure = Failure::new("States.Runtime", format!("There is no task {}", call.resource));
            return Ok(Called { answer: Err(failure), exchange: None });
        };
        let session = execution.rsplit(':').next().unwrap_or_default();
        let lineage = Lineage { execution: Some(execution.to_owned()), ..by.lineage.clone() };
        let invalid = |_| Error::InvalidArn(execution.to_owned());
        let made = Call {
            token: call.token.clone(),
            execution: execution.parse().map_err(invalid)?,
            scope: scope.clone(),
            principal: role_session(role, scope.account.clone(), session, lineage),
            resource,
            pattern,
            parameters: call.parameters.value().clone(),
        };
        let limit = call.timeout.map_or(LONGEST, Duration::from_secs).min(LONGEST);
        let late = || (Err(TaskError::Failed(Failure::new("States.Timeout", ""))), None);
        let done = tokio::time::timeout(limit, task.start_seen(&made, reveal)).await;
        let (done, exchange) = done.unwrap_or_else(|_| late());
        let answer = match done {
            Ok(started) => Ok(started.response),
            Err(TaskError::Failed(failure)) => Err(failure),
            Err(TaskError::Trouble(why)) => return Err(StoreError::Internal(why).into()),
        };
        Ok(Called { answer, exchange })
    }
}
