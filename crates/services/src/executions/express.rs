//! Express executions: decided as all others are, and in memory only. What is left of them is what they log, and the
//! answer to who has waited.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html>

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::{AbortHandle, Id, JoinError, JoinSet},
};
use trainyard_domain::{Failure, Principal, Timestamp};
use trainyard_engine::{Command, Decision, Fact, Payload, Run, Start, TaskCall, TimerId, apply, decide};
use trainyard_store::Error as StoreError;

use super::{
    Error, Executions,
    carry::finish,
    execution::{Execution, Status},
    machine::MachineType,
    names,
    runs::Known,
    start::{Chosen, StartSpec, begin, read_input, start},
    task::TaskError,
};

/// So many run at a time.
const MOST: usize = 10_000;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LAST_PAUSE: Duration = Duration::from_secs(5);

pub(super) fn places() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(MOST))
}

/// What an express execution would cost.
/// <https://aws.amazon.com/step-functions/pricing/>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Billed {
    /// Begun tenths of a second count in full.
    pub milliseconds: u64,
    /// Begun pieces of 64 MB count in full.
    pub megabytes: u64,
}

impl Billed {
    /// Of an execution that has ended, with the definition that it ran.
    fn of(execution: &Execution, definition: usize) -> Self {
        // What an execution takes before it has any data.
        const BASE: usize = 50 * 1024 * 1024;
        const PIECE: u64 = 64;
        let end = execution.end.as_ref();
        let took = end.map_or(Duration::ZERO, |end| end.at.since(execution.started));
        let output = end.and_then(|end| end.output.as_ref()).map_or(0, String::len);
        let bytes = BASE + definition + execution.input.len() + output;
        let megabytes = u64::try_from(bytes.div_ceil(1024 * 1024)).unwrap_or(u64::MAX);
        let tenths = u64::try_from(took.as_millis().div_ceil(100)).unwrap_or(u64::MAX);
        Self {
            milliseconds: tenths.max(1).saturating_mul(100),
            megabytes: megabytes.div_ceil(PIECE).saturating_mul(PIECE),
        }
    }
}

impl Executions {
    /// Runs an express execution and waits for its end. If nobody waits any more it goes on to its end.
    pub async fn start_sync(&self, by: &Principal, spec: StartSpec) -> Result<(Execution, Billed), Error> {
        let chosen = self.choose(by, &spec.machine).await?;
        if chosen.machine.kind != MachineType::Express {
            return Err(Error::MachineType);
        }
        let (life, input) = self.life(by, spec, chosen).await?;
        let definition = life.known.size;
        let broken = |why: JoinError| StoreError::Internal(format!("an execution broke off: {why}"));
        // As AWS has it: what is waited for has no count of redrives in its context object.
        let begun = Start { redrive_count: None, ..start(&life.execution, input) };
        let execution = tokio::spawn(life.live(begun)).await.map_err(broken)??;
        let billed = Billed::of(&execution, definition);
        Ok((execution, billed))
    }

    /// Starts an express execution that nobody waits for. What it does is seen in its log only.
    pub(super) async fn start_express(
        &self,
        by: &Principal,
        spec: StartSpec,
        chosen: Chosen,
    ) -> Result<Execution, Error> {
        let (life, input) = self.life(by, spec, chosen).await?;
        let execution = life.execution.clone();
        tokio::spawn(async move {
            let (arn, begun) = (life.execution.arn(), start(&life.execution, input));
            if let Err(error) = life.live(begun).await {
                tracing::warn!(execution = %arn, %error, "an express execution cannot go on");
            }
        });
        Ok(execution)
    }

    async fn life(&self, by: &Principal, spec: StartSpec, chosen: Chosen) -> Result<(Life, Payload), Error> {
        let name = spec.name.clone().unwrap_or_else(|| self.ground.uuid());
        names::check(&name)?;
        let (text, input) = read_input(spec.input.clone(), self.payload_limit)?;
        let known = self.known(&chosen.machine.scope, &chosen.revision).await?;
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Error::ExecutionLimit(MOST))?;
        let mut execution =
            begin(by, (spec.trace, spec.parent), chosen, (name, text, known.role.clone(), self.ground.now()));
        execution.express = Some(self.ground.uuid());
        let (timers, calls, tokens) = (BTreeMap::new(), JoinSet::new(), HashMap::new());
        let room = self.clone();
        let life = Life { room, known, execution, run: Run::default(), timers, calls, tokens, _place: place };
        Ok((life, input))
    }
}

/// An execution while it runs.
struct Life {
    room: Executions,
    known: Arc<Known>,
    execution: Execution,
    run: Run,
    timers: BTreeMap<TimerId, Timestamp>,
    calls: JoinSet<Fact>,
    tokens: HashMap<Id, (String, AbortHandle)>,
    _place: OwnedSemaphorePermit,
}

impl Life {
    /// Runs it to its end.
    async fn live(mut self, begun: Start) -> Result<Execution, Error> {
        let mut fact = Fact::Started(Box::new(begun));
        loop {
            self.hear(&fact).await?;
            if self.execution.status != Status::Running {
                // Calls under way end with this set of them.
                return Ok(self.execution);
            }
            fact = self.next().await?;
        }
    }

    async fn hear(&mut self, fact: &Fact) -> Result<(), Error> {
        let at = self.room.moment()?;
        let Decision { events, commands } = decide(&self.known.machine, &self.run, fact, &at);
        for event in &events {
            apply(&mut self.run, event);
        }
        for command in commands {
            self.carry_out(command, at.now);
        }
        if let Some(journal) = &self.known.journal {
            journal.add(&self.room, journal.lines(&self.execution, &events)).await;
        }
        Ok(())
    }

    fn carry_out(&mut self, command: Command, now: Timestamp) {
        match command {
            Command::RunTask(call) => {
                let token = call.token.clone();
                let handle = self.calls.spawn(answer(self.room.clone(), self.execution.clone(), call));
                self.tokens.insert(handle.id(), (token, handle));
            }
            Command::CancelTask { token, .. } => {
                for (of, handle) in self.tokens.values() {
                    if *of == token {
                        handle.abort();
                    }
                }
            }
            Command::WakeAt { timer, at } => {
                self.timers.insert(timer, at);
            }
            Command::ForgetTimer { timer } => {
                self.timers.remove(&timer);
            }
            Command::StartMapRun(call) | Command::RedriveMapRun(call) => {
                let cause = format!("The state '{}' cannot be run by an express execution.", call.state_name);
                let failure = Failure::new("States.Runtime", cause);
                self.calls.spawn(async move { Fact::MapRunFailed { token: call.token, failure } });
            }
            Command::StopMapRun { .. } => {}
            Command::Finish(outcome) => finish(&mut self.execution, &outcome, now),
        }
    }

    /// What happens next: a call is answered, or a time has come.
    async fn next(&mut self) -> Result<Fact, Error> {
        loop {
            let now = self.room.ground.now();
            let first = self.timers.iter().min_by_key(|(_, at)| **at).map(|(timer, at)| (timer.clone(), *at));
            let Some((timer, at)) = first else {
                // Its end is a timer of every express execution.
                let why = format!("{} waits for nothing", self.execution.arn());
                return Err(StoreError::Internal(why).into());
            };
            tokio::select! {
                biased;
                Some(done) = self.calls.join_next_with_id(), if !self.calls.is_empty() => {
                    if let Some(fact) = self.answered(done) {
                        return Ok(fact);
                    }
                }
                () = tokio::time::sleep(at.since(now)) => {
                    if self.room.ground.now() >= at {
                        self.timers.remove(&timer);
                        return Ok(Fact::TimerFired { timer });
                    }
                }
            }
        }
    }

    /// The fact of a call that has ended; none of one that was given up.
    fn answered(&mut self, done: Result<(Id, Fact), JoinError>) -> Option<Fact> {
        match done {
            Ok((id, fact)) => {
                self.tokens.remove(&id);
                Some(fact)
            }
            Err(error) => {
                let (token, _) = self.tokens.remove(&error.id())?;
                if error.is_cancelled() {
                    return None;
                }
                let failure = Failure::new("States.Runtime", format!("the task broke off: {error}"));
                Some(Fact::TaskFailed { token, failure })
            }
        }
    }
}

/// Calls the task. Our own trouble is waited out: the execution knows nothing of it, but for its time.
async fn answer(room: Executions, execution: Execution, call: TaskCall) -> Fact {
    let token = call.token.clone();
    let (call, task) = match room.call_of(&execution, &call) {
        Ok(known) => known,
        Err(failure) => return Fact::TaskFailed { token, failure },
    };
    let mut pause = FIRST_PAUSE;
    loop {
        match task.start(&call).await {
            Ok(started) => return Fact::TaskSucceeded { token, output: started.response },
            Err(TaskError::Failed(failure)) => return Fact::TaskFailed { token, failure },
            Err(TaskError::Trouble(why)) => {
                tracing::warn!(task = call.resource, why, "a task of an express execution is called again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LAST_PAUSE);
            }
        }
    }
}
