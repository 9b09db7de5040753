//! Starting and stopping.

use std::sync::Arc;

use trainyard_domain::{Arn, Principal, Timestamp};
use trainyard_engine::{Decision, Fact, Payload, Run, Start, decide};
use trainyard_lang::source;
use trainyard_store::{Changes, Error as StoreError, Expect, Held};

use super::{
    Error, Executions,
    carry::carry,
    execution::{self, Execution, Parent, Status},
    machine::{MachineType, StateMachine},
    names::{self, Qualified, Qualifier},
    news,
    redrivable::Redrives,
    routing,
    runs::{Known, Loaded, Place, largest},
    tell::{Extra, Told},
};
use crate::{audit, bus};

/// What an execution is started with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StartSpec {
    /// The state machine's ARN.
    pub machine: String,
    /// Its name; a UUID where none is given.
    pub name: Option<String>,
    /// Its input, as JSON text; `{}` where none is given.
    pub input: Option<String>,
    /// The caller's trace header.
    pub trace: Option<String>,
    /// The task that starts it: called again after a crash, it gets the execution that it has started.
    pub parent: Option<Parent>,
}

/// What an execution begins with.
pub(super) struct Chosen {
    pub(super) machine: StateMachine,
    pub(super) revision: String,
    pub(super) version: Option<u64>,
    pub(super) alias: Option<String>,
}

impl Executions {
    /// Starts an execution. Starting it again with the same name and input while it runs is no error and starts
    /// nothing. When it returns, the execution is on disk and survives.
    pub async fn start(&self, by: &Principal, spec: StartSpec) -> Result<Execution, Error> {
        let chosen = self.choose(by, &spec.machine).await?;
        if chosen.machine.kind == MachineType::Express {
            return self.start_express(by, spec, chosen).await;
        }
        let name = spec.name.unwrap_or_else(|| self.ground.uuid());
        names::check(&name)?;
        let (input, value) = read_input(spec.input, self.payload_limit)?;
        let known = self.known(&chosen.machine.scope, &chosen.revision).await?;
        let at = self.moment()?;
        let mut execution =
            begin(by, (spec.trace, spec.parent), chosen, (name, input, known.role.clone(), at.now));
        let fact = Fact::Started(Box::new(start(&execution, value)));
        let decision = decide(&known.machine, &Run::default(), &fact, &at);
        let mut changes = Changes::new();
        bus::tell(&mut changes, &news::status_changed(&execution, at.now))?;
        audit::note(&mut changes, &self.ground, by, "states:StartExecution", execution.arn())?;
        let absent = self.absent_activities(&decision).await?;
        let offers = carry(&mut changes, (&self.ground, at.now), &mut execution, &decision, &absent)?;
        if let Some(journal) = &known.journal {
            journal.note(&mut changes, &execution, &decision.events)?;
        }
        changes.put(&execution, Expect::Absent)?;
        let offers = self.counter.to_offer(offers);
        match self.begin_in_seat(&execution, (known, &decision), changes).await {
            Ok(()) => {
                offers.committed();
                Ok(execution)
            }
            // There is one of that name. It was not looked for before, as most names are new.
            Err(StoreError::Conflict(_)) => {
                let Execution { scope, machine, name, input, parent, .. } = &execution;
                let there = self.execution(&scope.to_string(), machine, name).await?;
                again(
                    there.ok_or_else(|| Error::Busy(execution.arn().to_string()))?.value,
                    input,
                    parent.as_ref(),
                )
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Commits the begin. An execution that goes on stays in its seat: what it waits for need not read it.
    async fn begin_in_seat(
        &self,
        execution: &Execution,
        (known, decision): (Arc<Known>, &Decision),
        changes: Changes,
    ) -> Result<(), StoreError> {
        if execution.status != Status::Running {
            return self.ground.store.commit(changes).await;
        }
        let seat = self.runs.seat(&execution.arn());
        let mut place = seat.lock().await;
        self.ground.store.commit(changes).await?;
        let (execution, run) = (execution.clone(), Run::fold(&decision.events));
        let largest = largest(&decision.events);
        self.runs.rests(&execution.arn(), largest);
        *place = Place::Here(Box::new(Loaded { execution, document: Expect::Any, known, run, largest }));
        Ok(())
    }

    /// The revision that an execution started by this ARN begins with. An alias throws the dice.
    pub(super) async fn choose(&self, by: &Principal, arn: &str) -> Result<Chosen, Error> {
        let Qualified { scope, machine, qualifier } = names::qualified(arn)?;
        let missing = || Error::NoMachine(arn.to_owned());
        // Rules start executions too: nobody reaches another account's state machine by its ARN.
        if scope.account != by.account {
            return Err(missing());
        }
        let machine = self.held_machine(&scope, &machine).await?.value;
        let (number, alias) = match qualifier {
            None => {
                let revision = machine.revision.clone();
                return Ok(Chosen { machine, revision, version: None, alias: None });
            }
            Some(Qualifier::Version(number)) => (number, None),
            Some(Qualifier::Alias(name)) => {
                let alias = self.alias(&scope, &machine.name, &name).await?.ok_or_else(missing)?.value;
                let number = routing::choose(&alias.routes, self.moment()?.seed).ok_or_else(missing)?;
                (number, Some(name))
            }
        };
        let version = self.version(&scope, &machine.name, number).await?.ok_or_else(missing)?.value;
        Ok(Chosen { machine, revision: version.revision, version: Some(number), alias })
    }

    /// Stops the execution; says when it ended. Stopping one that is over changes nothing.
    pub async fn stop(
        &self,
        by: &Principal,
        arn: &str,
        (error, cause): (Option<String>, Option<String>),
    ) -> Result<Timestamp, Error> {
        let execution = self.describe(arn).await?;
        if execution.scope.account != by.account {
            return Err(Error::NoExecution(arn.to_owned()));
        }
        if let Some(end) = execution.end {
            return Ok(end.at);
        }
        let mut told = Changes::new();
        audit::note(&mut told, &self.ground, by, "states:StopExecution", arn)?;
        let at = execution.arn();
        let extra = Extra { told, ..Extra::default() };
        match self.tell(&at, &Fact::StopAsked { error, cause }, extra).await? {
            Told::Heard | Told::Stale => {
                let ended = self.describe(arn).await?.end;
                Ok(ended.map_or_else(|| self.ground.now(), |end| end.at))
            }
        }
    }

    pub(super) async fn execution(
        &self,
        scope: &str,
        machine: &str,
        name: &str,
    ) -> Result<Option<Held<Execution>>, Error> {
        Ok(self.ground.store.get(scope, &execution::id(machine, name)).await?)
    }

    /// The execution of that ARN.
    pub async fn describe(&self, arn: &str) -> Result<Execution, Error> {
        let (scope, machine, name) = names::execution(arn)?;
        let held = self.execution(&scope.to_string(), &machine, &name).await?;
        let execution = held.ok_or_else(|| Error::NoExecution(arn.to_owned()))?.value;
        let broken: Option<Arn> = Some(execution.arn()).filter(|_| execution.end.is_none());
        match broken.and_then(|arn| self.runs.broken(&arn)) {
            Some(reason) => Err(Error::Poisoned { what: format!("the history of {arn}"), reason }),
            None => Ok(execution),
        }
    }
}

/// An execution that begins now, with this name and input, in this role.
pub(super) fn begin(
    by: &Principal,
    (trace, parent): (Option<String>, Option<Parent>),
    chosen: Chosen,
    (name, input, role, started): (String, String, Arn, Timestamp),
) -> Execution {
    Execution {
        scope: chosen.machine.scope,
        machine: chosen.machine.name,
        name,
        express: None,
        revision: chosen.revision,
        role,
        input,
        started,
        status: Status::Running,
        end: None,
        lineage: by.lineage.clone(),
        by: by.arn.clone(),
        trace,
        parent,
        child: None,
        version: chosen.version,
        alias: chosen.alias,
        redrives: Redrives::default(),
    }
}

pub(super) fn start(execution: &Execution, input: Payload) -> Start {
    Start {
        execution_arn: execution.arn().to_string(),
        name: execution.name.clone(),
        role_arn: execution.role.to_string(),
        start_time: execution.started,
        input,
        machine_arn: execution.machine_arn().to_string(),
        machine_name: execution.machine.clone(),
        redrive_count: Some(execution.redrives.count),
        redrive_time: execution.redrives.last,
    }
}

/// The input, of so many bytes at most, as text and as JSON; `{}` where none is given.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
pub(super) fn read_input(input: Option<String>, most: usize) -> Result<(String, Payload), Error> {
    let input = input.unwrap_or_else(|| "{}".to_owned());
    if input.len() > most {
        return Err(Error::Invalid(format!(
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less than or equal to {most}"
        )));
    }
    if input.trim().is_empty() {
        return Err(Error::InvalidInput("Invalid execution input.".to_owned()));
    }
    // What is wrong is said as AWS's reader says it.
    let value = Payload::parse(&input).map_err(|error| match source::json::parse(&input) {
        Err(fault) => Error::InvalidInput(fault.aws_reason(&input)),
        Ok(_) => Error::InvalidInput(error.to_string()),
    })?;
    Ok((input, value))
}

/// Starting what is there already.
fn again(there: Execution, input: &str, parent: Option<&Parent>) -> Result<Execution, Error> {
    if parent.is_some() && there.parent.as_ref() == parent {
        return Ok(there);
    }
    if there.status == Status::Running && there.input == input {
        return Ok(there);
    }
    Err(Error::ExecutionExists(there.arn().to_string()))
}
