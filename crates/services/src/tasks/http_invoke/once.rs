//! A call that must not have its effect twice is noted before it is made. A server that ends in the middle cannot know
//! whether the API has done what it was asked to: the call is not made again, and the state machine's own Retry
//! decides.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use trainyard_domain::Failure;
use trainyard_store::{Changes, Error as StoreError, Expect, Keys, Noun, WorkItem};

use crate::{
    executions::{
        Executions,
        task::{Call, TaskError},
    },
    ground::Ground,
    work::{Outcome, Worker},
};

/// The topic of notes that are over.
const TOPIC: &str = "http-calls-made";

/// So often it is looked whether a note may go.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// The call of this token was made, or is being made.
#[derive(Serialize, Deserialize)]
struct Note {
    token: String,
}

impl Noun for Note {
    const KIND: &'static str = "http-call-made";

    fn scope(&self) -> String {
        String::new()
    }

    fn id(&self) -> String {
        self.token.clone()
    }

    fn keys(&self, _: &mut Keys) {}
}

/// Whether a call of this method can be made again and nothing more comes of it: HTTP says so of all but these.
fn is_repeatable(method: &str) -> bool {
    !matches!(method, "POST" | "PATCH")
}

/// An express execution is not taken up after a crash, and notes nothing.
fn is_express(call: &Call) -> bool {
    call.execution.resource_of("express").is_some()
}

/// Notes that the call is made, or says that it was being made when the server ended.
pub(super) async fn begin(ground: &Ground, call: &Call, method: &str) -> Result<(), TaskError> {
    if is_repeatable(method) || is_express(call) {
        return Ok(());
    }
    let mut changes = Changes::new();
    let trouble = |error: StoreError| TaskError::Trouble(error.to_string());
    changes.put(&Note { token: call.token.clone() }, Expect::Absent).map_err(trouble)?;
    let execution = call.execution.to_string();
    changes.schedule(WorkItem::at(TOPIC, call.token.clone(), ground.now().plus(KEPT), execution));
    match ground.store.commit(changes).await {
        Err(StoreError::Conflict(_)) => {
            let cause = format!(
                "the server ended while this {method} was being made: whether the API has done it is not known, and it \
                 is not made again by itself"
            );
            Err(TaskError::Failed(Failure::new("States.Http.Socket", cause)))
        }
        other => other.map_err(trouble),
    }
}

/// Nothing was sent: the call may be made later.
pub(super) async fn undo(ground: &Ground, call: &Call) -> Result<(), TaskError> {
    let mut changes = Changes::new();
    changes.delete::<Note>("", &call.token, Expect::Any).cancel(TOPIC, &call.token);
    ground.store.commit(changes).await.map_err(|error| TaskError::Trouble(error.to_string()))
}

/// Lets go of notes that nobody asks for any more: those of calls that no execution waits for.
pub struct Made(pub Executions);

#[async_trait]
impl Worker for Made {
    const TOPIC: &'static str = TOPIC;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn std::error::Error + Send + Sync>> {
        if let Ok(execution) = item.body.parse()
            && self.0.awaits(&execution, &item.id).await?
        {
            // However long the server was down: it is the note that keeps the call from being made again.
            return Ok(Outcome::Later(KEPT));
        }
        let mut changes = Changes::new();
        changes.delete::<Note>("", &item.id, Expect::Any);
        Ok(Outcome::Finished(changes))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashSet,
        sync::{
            Arc,
            atomic::{AtomicI64, Ordering},
        },
    };

    use serde_json::{Value, json};
    use trainyard_domain::{Principal, Scope, Timestamp};
    use trainyard_drivers::blobs::Disk;
    use trainyard_store::Store;

    use super::*;
    use crate::{
        artifacts::Artifacts,
        executions::{MachineSpec, StartSpec, task::Pattern},
        logs::Logs,
    };

    /// An execution that waits for its task: nobody makes calls here.
    async fn waiting(executions: &Executions, by: &Principal, scope: &Scope) -> String {
        let call = json!({"Type": "Task", "Resource": "arn:aws:states:::any:call", "End": true});
        let spec = MachineSpec {
            name: "m".to_owned(),
            definition: json!({"StartAt": "call", "States": {"call": call}}).to_string(),
            role: "arn:aws:iam::000000000000:role/machine".to_owned(),
            ..MachineSpec::default()
        };
        let machine = executions.create_machine(scope, by, spec).await.unwrap().machine.arn().to_string();
        let execution = executions.start(by, StartSpec { machine, ..StartSpec::default() }).await.unwrap();
        execution.arn().to_string()
    }

    #[tokio::test]
    async fn a_call_is_not_made_again_however_long_the_server_was_down() {
        let clock = Arc::new(AtomicI64::new(1_700_000_000_000));
        let (hands, folder) = (clock.clone(), tempfile::tempdir().unwrap());
        let now = Arc::new(move || Timestamp(hands.load(Ordering::SeqCst)));
        let ground = Ground::with_clock(Store::in_memory().await.unwrap(), now);
        let logs = Logs::open(ground.clone(), folder.path()).unwrap();
        let blobs = Arc::new(Disk::open(&folder.path().join("blobs")).unwrap());
        let executions = Executions::new(ground.clone(), logs, Artifacts::new(ground.clone(), blobs));
        let (scope, by) = (Scope::default_scope(), Principal::root(&Scope::default_scope()));
        let arn = waiting(&executions, &by, &scope).await;
        let lane = ("tasks", "arn:aws:states:::any:call");
        let calls = ground.store.agenda(lane, ground.now(), (HashSet::new(), 1)).await.unwrap();
        let token = calls.due[0].id.clone();
        let call = Call {
            token: token.clone(),
            execution: arn.parse().unwrap(),
            scope,
            principal: by.clone(),
            resource: "http:invoke".to_owned(),
            pattern: Pattern::RequestResponse,
            parameters: Value::Null,
        };
        begin(&ground, &call, "POST").await.unwrap();
        clock.fetch_add(30 * 24 * 3_600_000, Ordering::SeqCst);
        let made = Made(executions.clone());
        let item = ground.store.due(TOPIC, ground.now(), 1).await.unwrap().remove(0);
        assert!(matches!(made.work(&item).await.unwrap(), Outcome::Later(_)));
        let again = begin(&ground, &call, "POST").await;
        assert!(matches!(again, Err(TaskError::Failed(_))), "{again:?}");
        executions.stop(&by, &arn, (None, None)).await.unwrap();
        let Outcome::Finished(changes) = made.work(&item).await.unwrap() else { panic!("it is kept") };
        ground.store.commit(changes).await.unwrap();
        begin(&ground, &call, "POST").await.unwrap();
    }
}
