//! Starting and stopping.

use trainyard_domain::{Arn, Principal, Timestamp};
use trainyard_engine::{Fact, Payload, Run, Start, decide};
use trainyard_store::{Changes, Error as StoreError, Expect, Held};

use super::{
    Error, Executions,
    carry::carry,
    execution::{self, Execution, Status},
    names, news,
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
}

/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
const MOST_INPUT: usize = 256 * 1024;

impl Executions {
    /// Starts an execution. Starting it again with the same name and input while it runs is no error and starts
    /// nothing. When it returns, the execution is on disk and survives.
    pub async fn start(&self, by: &Principal, spec: StartSpec) -> Result<Execution, Error> {
        let (scope, machine) = names::machine(&spec.machine)?;
        // Rules start executions too: nobody reaches another account's state machine by its ARN.
        if scope.account != by.account {
            return Err(Error::NoMachine(spec.machine));
        }
        let name = spec.name.unwrap_or_else(|| self.ground.uuid());
        names::check(&name)?;
        let input = spec.input.unwrap_or_else(|| "{}".to_owned());
        let value = read_input(&input)?;
        let held = self.held_machine(&scope, &machine).await?;
        if let Some(there) = self.execution(&scope.to_string(), &machine, &name).await? {
            return again(there.value, &input);
        }
        let known = self.known(&scope, &held.value.revision).await?;
        let at = self.moment()?;
        let mut execution = Execution {
            scope,
            machine,
            name,
            revision: held.value.revision,
            role: known.role.clone(),
            input,
            started: at.now,
            status: Status::Running,
            end: None,
            lineage: by.lineage.clone(),
            by: by.arn.clone(),
            trace: spec.trace,
        };
        let fact = Fact::Started(Box::new(start(&execution, value)));
        let decision = decide(&known.machine, &Run::default(), &fact, &at);
        let mut changes = Changes::new();
        bus::tell(&mut changes, &news::status_changed(&execution, at.now))?;
        audit::note(&mut changes, &self.ground, by, "states:StartExecution", execution.arn())?;
        carry(&mut changes, &self.ground, &mut execution, &decision, at.now)?;
        changes.put(&execution, Expect::Absent)?;
        match self.ground.store.commit(changes).await {
            Ok(()) => Ok(execution),
            Err(StoreError::Conflict(_)) => {
                let Execution { scope, machine, name, input, .. } = &execution;
                let there = self.execution(&scope.to_string(), machine, name).await?;
                again(there.ok_or_else(|| Error::Busy(execution.arn().to_string()))?.value, input)
            }
            Err(error) => Err(error.into()),
        }
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
        let extra = Extra { told, stale: Changes::new() };
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

fn start(execution: &Execution, input: Payload) -> Start {
    Start {
        execution_arn: execution.arn().to_string(),
        name: execution.name.clone(),
        role_arn: execution.role.to_string(),
        start_time: execution.started,
        input,
        machine_arn: execution.machine_arn().to_string(),
        machine_name: execution.machine.clone(),
    }
}

fn read_input(input: &str) -> Result<Payload, Error> {
    if input.len() > MOST_INPUT {
        return Err(Error::Invalid(format!(
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less than or equal to {MOST_INPUT}"
        )));
    }
    Payload::parse(input).map_err(|e| Error::InvalidInput(e.to_string()))
}

/// Starting what is there already.
fn again(there: Execution, input: &str) -> Result<Execution, Error> {
    if there.status == Status::Running && there.input == input {
        return Ok(there);
    }
    Err(Error::ExecutionExists(there.arn().to_string()))
}
