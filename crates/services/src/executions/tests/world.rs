//! A server of rooms that can be crashed and opened again on the same store.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use trainyard_domain::{Principal, Scope, Timestamp};
use trainyard_drivers::blobs::Disk;
use trainyard_store::{Changes, Store};

use super::Desk;
use crate::{
    approvals::{self, Approvals},
    artifacts::Artifacts,
    bus::Bus,
    executions::{
        ChildFilter, Direction, Ears, Execution, Executions, MachineSpec, MapRun, PAYLOAD_LIMIT, StartSpec,
        Status, task::Task,
    },
    ground::Ground,
    logs::Logs,
    targets::StateMachine,
    tasks::{StatesStartExecution, Tasks, events_put_events::EventsPutEvents},
};

pub(super) struct World {
    pub(super) store: Store,
    pub(super) desk: Desk,
    pub(super) executions: Executions,
    pub(super) approvals: Approvals,
    pub(super) bus: Bus,
    pub(super) logs: Logs,
    pub(super) artifacts: Artifacts,
    clock: Arc<AtomicI64>,
    loops: JoinSet<()>,
    pub(super) folder: Arc<TempDir>,
    config: Config,
}

/// How the server is told to be.
#[derive(Clone, Copy)]
struct Config {
    /// Whether no definition is taken with tasks that it has not.
    strict: bool,
    payload_limit: usize,
}

const USUAL: Config = Config { strict: false, payload_limit: PAYLOAD_LIMIT };

impl World {
    pub(super) async fn new() -> Self {
        let store = Store::in_memory().await.unwrap();
        let folder = Arc::new(tempfile::tempdir().unwrap());
        Self::open(store, Desk::default(), Arc::new(AtomicI64::new(1_700_000_000_000)), folder, USUAL)
    }

    /// One whose executions take so many bytes of data.
    pub(super) async fn taking(payload_limit: usize) -> Self {
        Self::new().await.crash_and_take(payload_limit).await
    }

    /// One that takes no definition with tasks that it has not.
    pub(super) async fn strict() -> Self {
        let store = Store::in_memory().await.unwrap();
        Self::open(
            store,
            Desk::default(),
            Arc::default(),
            Arc::new(tempfile::tempdir().unwrap()),
            Config { strict: true, ..USUAL },
        )
    }

    fn open(store: Store, desk: Desk, clock: Arc<AtomicI64>, folder: Arc<TempDir>, config: Config) -> Self {
        let hands = clock.clone();
        let now = Arc::new(move || Timestamp(hands.load(Ordering::SeqCst)));
        let blobs = Arc::new(Disk::open(&folder.path().join("blobs")).unwrap());
        let store = store.beside(blobs.clone());
        let ground = Ground::with_clock(store.clone(), now);
        let logs = Logs::open(ground.clone(), folder.path()).unwrap();
        let artifacts = Artifacts::new(ground.clone(), blobs);
        let (bus, executions) =
            (Bus::new(ground.clone()), Executions::new(ground.clone(), logs.clone(), artifacts.clone()));
        let executions = executions.taking(config.payload_limit);
        let approvals = Approvals::new(ground);
        let put_events = EventsPutEvents(bus.clone());
        let start = |parsed| StatesStartExecution { executions: executions.clone(), parsed };
        let tasks = Tasks::new([
            Arc::new(desk.clone()) as Arc<dyn Task>,
            Arc::new(put_events),
            Arc::new(start(false)),
            Arc::new(start(true)),
        ]);
        executions.equip(tasks.strict(config.strict));
        bus.meet(
            vec![Arc::new(StateMachine(executions.clone()))],
            vec![Arc::new(Ears(executions.clone())), Arc::new(approvals::Ears(approvals.clone()))],
        );
        let mut loops = JoinSet::new();
        let (e, b) = (executions.clone(), bus.clone());
        loops.spawn(async move { e.watch(CancellationToken::new()).await });
        loops.spawn(async move { b.watch(CancellationToken::new()).await });
        Self { store, desk, executions, approvals, bus, logs, artifacts, clock, loops, folder, config }
    }

    /// Everything in memory is gone, at whatever point it was; what is on disk and outside is not.
    pub(super) async fn crash(self) -> Self {
        let payload_limit = self.config.payload_limit;
        self.crash_and_take(payload_limit).await
    }

    /// The same, and from then on executions take so many bytes of data.
    pub(super) async fn crash_and_take(mut self, payload_limit: usize) -> Self {
        self.loops.shutdown().await;
        // With the process the store's writer dies: nothing is committed later. Commits are done in their order.
        let mut nothing = Changes::new();
        nothing.cancel("nothing", "");
        self.store.commit(nothing).await.unwrap();
        let config = Config { payload_limit, ..USUAL };
        Self::open(self.store.clone(), self.desk.clone(), self.clock.clone(), self.folder.clone(), config)
    }

    /// Only what is asked for is done, and nothing by itself, until it is opened again.
    pub(super) async fn halt(&mut self) {
        self.loops.shutdown().await;
    }

    pub(super) fn pass(&self, time: Duration) {
        self.clock.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
        for topic in ["timers", "observations"] {
            self.store.hint(topic).notify_one();
        }
    }

    pub(super) async fn machine(&self, name: &str, definition: &Value) -> String {
        let made = self.executions.create_machine(&scope(), &root(), spec(name, definition)).await.unwrap();
        made.machine.arn().to_string()
    }

    pub(super) async fn start(&self, machine: &str, name: &str, input: &Value) -> String {
        let spec = StartSpec {
            machine: machine.to_owned(),
            name: Some(name.to_owned()),
            input: Some(input.to_string()),
            ..StartSpec::default()
        };
        self.executions.start(&root(), spec).await.unwrap().arn().to_string()
    }

    /// Waits until the execution is over.
    pub(super) async fn over(&self, arn: &str) -> Execution {
        self.until("the end of the execution", async || {
            let execution = self.executions.describe(arn).await.unwrap();
            (execution.status != Status::Running).then_some(execution)
        })
        .await
    }

    /// Waits until work of this name is on the desk; says its token.
    pub(super) async fn work(&self, name: &str) -> String {
        self.until(name, async || self.desk.begun(name).pop()).await
    }

    /// Waits until the history has an event of this type.
    pub(super) async fn event(&self, arn: &str, kind: &str) -> Value {
        self.until(kind, async || self.history(arn).await.into_iter().find(|event| event["type"] == kind))
            .await
    }

    pub(super) async fn until<T>(&self, what: &str, look: impl AsyncFn() -> Option<T>) -> T {
        let seen = async {
            loop {
                if let Some(seen) = look().await {
                    break seen;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), seen)
            .await
            .unwrap_or_else(|_| panic!("waited in vain for {what}"))
    }

    /// The children of the map run that are asked for, the latest first.
    pub(super) async fn children(&self, run: &MapRun, which: ChildFilter) -> Vec<Execution> {
        let listed = self.executions.list_children(&run.arn.to_string(), which, 1000, None).await.unwrap().0;
        listed.into_iter().map(|child| child.execution).collect()
    }

    pub(super) async fn history(&self, arn: &str) -> Vec<Value> {
        let (mut events, mut after) = (Vec::new(), None);
        loop {
            let page = self.executions.history(arn, Direction::Forward, 1000, after).await.unwrap();
            events.extend(page.events.iter().map(trainyard_engine::HistoryEvent::to_aws));
            after = page.next;
            if after.is_none() {
                return events;
            }
        }
    }

    pub(super) async fn types(&self, arn: &str) -> Vec<String> {
        let history = self.history(arn).await;
        history.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    }
}

/// Those that stand so.
pub(super) fn that_are(status: Status) -> ChildFilter {
    ChildFilter { status: Some(status), ..ChildFilter::default() }
}

pub(super) fn scope() -> Scope {
    Scope::default_scope()
}

pub(super) fn root() -> Principal {
    Principal::root(&scope())
}

pub(super) fn spec(name: &str, definition: &Value) -> MachineSpec {
    MachineSpec {
        name: name.to_owned(),
        definition: definition.to_string(),
        role: "arn:aws:iam::000000000000:role/service-role/machine".to_owned(),
        ..MachineSpec::default()
    }
}

/// A Task state that lays work of its own name on the desk.
pub(super) fn task(suffix: &str, then: Value) -> Value {
    let mut state = json!({
        "Type": "Task",
        "Resource": format!("arn:aws:states:::desk:work{suffix}"),
        "Parameters": {"name.$": "$$.State.Name"},
        "ResultPath": "$.result",
    });
    for (name, value) in then.as_object().unwrap() {
        state[name] = value.clone();
    }
    state
}

/// A machine of these states, beginning with the first.
pub(super) fn machine(states: Value) -> Value {
    let first = states.as_object().unwrap().keys().next().unwrap().clone();
    json!({"StartAt": first, "States": states})
}
