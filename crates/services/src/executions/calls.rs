//! Calls tasks.

use std::error::Error as StdError;

use async_trait::async_trait;
use serde_json::json;
use trainyard_domain::{Arn, Failure, Kind};
use trainyard_engine::{Fact, TaskCall};
use trainyard_lang::asl::Resource;
use trainyard_store::{Changes, Expect, WorkItem};

use super::{
    Execution, Executions,
    carry::{CANCELS, CallWork, CancelWork, TASKS},
    machines::named,
    names,
    offers::Offer,
    pending::{OBSERVATIONS, Pending},
    task::{Call, Pattern, Started, Task, TaskError},
    tell::{Extra, stand_still},
};
use crate::{
    refusal::Refusal,
    work::{Outcome, Worker},
};

type Trouble = Box<dyn StdError + Send + Sync>;

/// Makes the calls that executions want made, and tells them what came of it.
pub(super) struct Calls(pub(super) Executions);

#[async_trait]
impl Worker for Calls {
    const TOPIC: &'static str = TASKS;
    // Most of a call is waiting for somebody else.
    const WIDTH: usize = 64;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Trouble> {
        let body = match self.0.ground.store.body(item).await {
            Ok(body) => body,
            Err(error) => return stand_still(error.into()),
        };
        let CallWork { execution: arn, call, events, .. } = match CallWork::read(&body) {
            Ok(work) => work,
            Err(error) => {
                tracing::error!(id = item.id, %error, "a task that cannot be read is put aside");
                return Ok(Outcome::Finished(Changes::new()));
            }
        };
        let (execution, awaited) = match self.0.standing(&arn, (&call.token, events)).await {
            Ok(Some(standing)) => standing,
            Ok(None) => return Ok(Outcome::Finished(Changes::new())),
            Err(error) => return stand_still(error),
        };
        if let Resource::Activity(activity) = &call.resource {
            return if awaited {
                self.offer(item, (&arn, events), activity, &call).await
            } else {
                Ok(Outcome::Finished(Changes::new()))
            };
        }
        let (call, task) = match self.0.call_of(&execution, &call) {
            Ok(known) => known,
            Err(failure) => {
                return self.tell(item, &arn, Fact::TaskFailed { token: call.token, failure }).await;
            }
        };
        if !awaited {
            // It may have been called before a crash: what it began is ended by its name.
            if call.pattern == Pattern::Sync {
                task.cancel(&call, None).await.map_err(|e| e.to_string())?;
            }
            return Ok(Outcome::Finished(Changes::new()));
        }
        match task.start(&call).await {
            Ok(started) => self.started(item, (&arn, events), call, started).await,
            Err(TaskError::Failed(failure)) => {
                let token = call.token;
                let fact = match call.pattern {
                    Pattern::RequestResponse => Fact::TaskFailed { token, failure },
                    Pattern::Sync | Pattern::WaitForTaskToken => Fact::TaskSubmitFailed { token, failure },
                };
                self.tell(item, &arn, fact).await
            }
            Err(TaskError::Trouble(why)) => Err(why.into()),
        }
    }
}

impl Calls {
    /// Offers the task to the workers of the activity, if there is such an activity by now: if there was one when the
    /// task was decided, it was offered then.
    async fn offer(
        &self,
        item: &WorkItem,
        (arn, events): (&Arn, u64),
        activity: &str,
        call: &TaskCall,
    ) -> Result<Outcome, Trouble> {
        match self.0.activity(activity).await {
            Ok(_) => {}
            Err(error) if error.kind() == Kind::NotFound => {
                let failure = Failure::new(error.code(), error.to_string());
                let fact = Fact::TaskSubmitFailed { token: call.token.clone(), failure };
                return self.tell(item, arn, fact).await;
            }
            Err(error) => return Err(error.into()),
        }
        let mut changes = Changes::new();
        let offer = Offer::new((arn, events), activity, call);
        changes.schedule(offer.item()?).finish(item);
        let offers = self.0.counter.to_offer(vec![offer]);
        self.0.ground.store.commit(changes).await?;
        offers.committed();
        Ok(Outcome::Settled)
    }

    async fn started(
        &self,
        item: &WorkItem,
        (arn, events): (&Arn, u64),
        call: Call,
        started: Started,
    ) -> Result<Outcome, Trouble> {
        let (token, response) = (call.token.clone(), started.response.clone());
        match call.pattern {
            Pattern::RequestResponse => {
                self.tell(item, arn, Fact::TaskSucceeded { token, output: response }).await
            }
            Pattern::WaitForTaskToken => self.tell(item, arn, Fact::TaskSubmitted { token, response }).await,
            Pattern::Sync => {
                let mut extra = Extra::default();
                let pending = Pending::new((arn.clone(), events), call, started);
                for changes in [&mut extra.told, &mut extra.stale] {
                    changes.put(&pending, Expect::Any)?.finish(item);
                }
                extra.told.schedule(WorkItem::now(OBSERVATIONS, token.clone(), ""));
                // Nobody waits for it any more: what was begun is ended.
                let cancel = json!(CancelWork { execution: arn.clone(), shown: true }).to_string();
                extra.stale.schedule(WorkItem::now(CANCELS, token.clone(), cancel));
                self.0.tell(arn, &Fact::TaskSubmitted { token, response }, extra).await?;
                Ok(Outcome::Settled)
            }
        }
    }

    /// Tells the fact and takes the work off in the same commit.
    async fn tell(&self, item: &WorkItem, arn: &Arn, fact: Fact) -> Result<Outcome, Trouble> {
        let mut changes = Changes::new();
        changes.finish(item);
        self.0.tell(arn, &fact, Extra::always(changes)).await?;
        Ok(Outcome::Settled)
    }
}

impl Executions {
    /// The call as the task wants it, and the task; or why it cannot be called.
    pub(super) fn call_of(
        &self,
        execution: &Execution,
        call: &TaskCall,
    ) -> Result<(Call, std::sync::Arc<dyn Task>), Failure> {
        let missing = || {
            let cause =
                format!("{} is not built yet: no task of that name can be called here", call.resource);
            Failure::new("States.Runtime", cause)
        };
        let (resource, pattern) = named(&call.resource).ok_or_else(missing)?;
        let task = self.tasks.get().and_then(|tasks| tasks.find(&resource));
        let task = task.filter(|task| task.takes(pattern)).ok_or_else(missing)?.clone();
        let principal = match &call.role {
            None => execution.principal(),
            Some(role) => {
                let role = names::role(&execution.scope, role);
                let role = role.map_err(|error| Failure::new("States.TaskFailed", error.to_string()))?;
                execution.principal_in(&role)
            }
        };
        let call = Call {
            token: call.token.clone(),
            execution: execution.arn(),
            scope: execution.scope.clone(),
            principal,
            resource,
            pattern,
            parameters: call.parameters.value().clone(),
        };
        Ok((call, task))
    }
}
