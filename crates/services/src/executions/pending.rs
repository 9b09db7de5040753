//! Tasks that were begun and whose end is waited for.

use std::{error::Error as StdError, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trainyard_domain::Arn;
use trainyard_engine::{Fact, PAYLOAD_LIMIT, Payload};
use trainyard_store::{Changes, Expect, Keys, List, Noun, WorkItem};

use super::{
    Executions,
    task::{Call, Started, Task, TaskError},
    tell::Extra,
};
use crate::work::{Outcome, Worker};

/// The topic of pending tasks to be looked at, by token. News of the end comes by the bus; this is for news that came
/// before the task was noted as pending, or not at all.
pub(super) const OBSERVATIONS: &str = "observations";

/// How long nobody looks when no news comes.
const PAUSE: Duration = Duration::from_secs(10);

/// A task that was begun and has not ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub(super) struct Pending {
    pub(super) execution: Arn,
    pub(super) call: Call,
    pub(super) started: Started,
    /// How many events the history had when the task was decided.
    events: u64,
}

/// The same as it is written: what is large in it is text, which can lie beside the store.
#[derive(Serialize, Deserialize)]
struct Written {
    execution: Arn,
    call: Call,
    started: Started,
    #[serde(default)]
    events: u64,
    /// The call's parameters, if they are large.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parameters: Option<Payload>,
    /// What was answered, if it is large.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    response: Option<Payload>,
}

impl From<Pending> for Written {
    fn from(pending: Pending) -> Self {
        let Pending { execution, mut call, mut started, events } = pending;
        let (parameters, response) = (large(&mut call.parameters), large(&mut started.response));
        Self { execution, call, started, events, parameters, response }
    }
}

impl From<Written> for Pending {
    fn from(written: Written) -> Self {
        let Written { execution, mut call, mut started, events, parameters, response } = written;
        call.parameters = parameters.map_or(call.parameters, Payload::into_value);
        started.response = response.map_or(started.response, Payload::into_value);
        Self { execution, call, started, events }
    }
}

/// Takes the data away if it is large.
fn large(data: &mut Value) -> Option<Payload> {
    let taken = Payload::from(data.take());
    if taken.text().len() > PAYLOAD_LIMIT {
        return Some(taken);
    }
    *data = taken.into_value();
    None
}

impl Pending {
    pub(super) fn new((execution, events): (Arn, u64), call: Call, started: Started) -> Self {
        Self { execution, call, started, events }
    }
}

impl Noun for Pending {
    const KIND: &'static str = "pending-task";
    const SPILLS: bool = true;

    fn scope(&self) -> String {
        String::new()
    }

    fn id(&self) -> String {
        self.call.token.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        if let Some(subject) = &self.started.subject {
            keys.add("subject", subject.clone());
        }
    }
}

type Trouble = Box<dyn StdError + Send + Sync>;

impl Executions {
    /// Looks whether the task has ended and tells its execution. Looking twice at the same end is safe.
    pub(super) async fn observe(&self, pending: &Pending) -> Result<Observed, Trouble> {
        let Pending { execution, call, started, events } = pending;
        let Some(task) = self.task(&call.resource) else {
            return Err(format!("there is no task {} any more", call.resource).into());
        };
        let token = call.token.clone();
        let fact = match task.observe(call, started).await {
            Ok(None) => return Ok(Observed::Running),
            Ok(Some(output)) => Fact::TaskSucceeded { token, output },
            Err(TaskError::Failed(failure)) => Fact::TaskFailed { token, failure },
            Err(TaskError::Trouble(why)) => return Err(why.into()),
        };
        let mut changes = Changes::new();
        changes.delete::<Pending>("", &call.token, Expect::Any).cancel(OBSERVATIONS, &call.token);
        self.tell(execution, &fact, Extra::always(changes).after(*events)).await?;
        Ok(Observed::Ended)
    }

    /// The tasks that wait for news of the subject.
    pub(super) async fn waiting_for(&self, subject: &str) -> Result<Vec<Pending>, Trouble> {
        let (mut waiting, mut after) = (Vec::new(), None);
        loop {
            let list = List::in_scope("").equal("subject", subject).after(after);
            let page = self.ground.store.list::<Pending>(list).await?;
            waiting.extend(page.items.into_iter().map(|held| held.value));
            after = page.next;
            if after.is_none() {
                return Ok(waiting);
            }
        }
    }

    pub(super) fn task(&self, resource: &str) -> Option<&std::sync::Arc<dyn Task>> {
        self.tasks.get()?.find(resource)
    }
}

/// What was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Observed {
    /// It goes on.
    Running,
    /// It has ended, and its execution knows.
    Ended,
}

/// Looks at pending tasks now and then.
pub(super) struct Observations(pub(super) Executions);

#[async_trait]
impl Worker for Observations {
    const TOPIC: &'static str = OBSERVATIONS;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Trouble> {
        let Some(held) = self.0.ground.store.get::<Pending>("", &item.id).await? else {
            return Ok(Outcome::Finished(Changes::new()));
        };
        match self.0.observe(&held.value).await? {
            Observed::Running => Ok(Outcome::Later(PAUSE)),
            Observed::Ended => Ok(Outcome::Settled),
        }
    }
}
