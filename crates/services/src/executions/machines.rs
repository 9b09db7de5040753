//! The verbs on state machines.

use trainyard_domain::{Arn, Principal, Scope, Timestamp};
use trainyard_lang::asl::{self, Code, Diagnostic, Machine, Resource};
use trainyard_store::{Changes, Error as StoreError, Expect, Held, List};

use super::{
    Error, Executions,
    machine::{Revision, StateMachine},
    names,
    task::Pattern,
};
use crate::{audit, tasks::Tasks};

/// What a state machine is made with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MachineSpec {
    /// Its name.
    pub name: String,
    /// The definition.
    pub definition: String,
    /// The role.
    pub role: String,
    /// `STANDARD`, which is meant where nothing is said.
    pub kind: Option<String>,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

/// A state machine with one of its revisions.
#[derive(Clone, Debug, PartialEq)]
pub struct Described {
    /// The state machine.
    pub machine: StateMachine,
    /// The revision asked for.
    pub revision: Revision,
}

impl Executions {
    /// Makes a state machine. Making the same again is no error and changes nothing.
    pub async fn create_machine(
        &self,
        scope: &Scope,
        by: &Principal,
        spec: MachineSpec,
    ) -> Result<Described, Error> {
        names::check(&spec.name)?;
        if let Some(kind) = spec.kind.filter(|kind| kind != "STANDARD") {
            return Err(Error::MachineType(kind));
        }
        let role = names::role(scope, &spec.role)?;
        self.check_definition(&spec.definition)?;
        if let Some(there) = self.machine(scope, &spec.name).await? {
            return same(there, &spec.definition, &role);
        }
        let now = self.ground.now();
        let revision = self.revision(scope, &spec.name, (spec.definition, role), now);
        let machine = StateMachine {
            scope: scope.clone(),
            name: spec.name,
            created: now,
            revision: revision.id.clone(),
            updated: false,
            tags: spec.tags,
        };
        let mut changes = Changes::new();
        changes.put(&machine, Expect::Absent)?.put(&revision, Expect::Absent)?;
        audit::note(&mut changes, &self.ground, by, "states:CreateStateMachine", machine.arn())?;
        match self.ground.store.commit(changes).await {
            Ok(()) => Ok(Described { machine, revision }),
            Err(StoreError::Conflict(_)) => {
                let there = self.machine(scope, &machine.name).await?;
                let there = there.ok_or_else(|| Error::Busy(machine.arn().to_string()))?;
                same(there, &revision.definition, &revision.role)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Gives the state machine a new definition or role. Executions that run keep what they began with.
    pub async fn update_machine(
        &self,
        by: &Principal,
        arn: &str,
        (definition, role): (Option<String>, Option<String>),
    ) -> Result<Described, Error> {
        let (scope, name) = names::machine(arn)?;
        if definition.is_none() && role.is_none() {
            return Err(Error::Missing(
                "Either the definition, the role ARN, the LoggingConfiguration, the TracingConfiguration or the EncryptionConfiguration must be specified",
            ));
        }
        let role = role.as_deref().map(|role| names::role(&scope, role)).transpose()?;
        if let Some(definition) = &definition {
            self.check_definition(definition)?;
        }
        let Held { version, value: mut machine } = self.held_machine(&scope, &name).await?;
        let old = self.revision_of(&scope, &machine.revision).await?;
        let what = (definition.unwrap_or(old.definition), role.unwrap_or(old.role));
        let revision = self.revision(&scope, &name, what, self.ground.now());
        machine.revision = revision.id.clone();
        machine.updated = true;
        let mut changes = Changes::new();
        changes.put(&machine, Expect::Version(version))?.put(&revision, Expect::Absent)?;
        audit::note(&mut changes, &self.ground, by, "states:UpdateStateMachine", arn)?;
        self.ground.store.commit(changes).await.map_err(|error| busy(error, arn))?;
        Ok(Described { machine, revision })
    }

    /// The state machine as new executions would begin with it.
    pub async fn describe_machine(&self, arn: &str) -> Result<Described, Error> {
        let (scope, name) = names::machine(arn)?;
        self.machine(&scope, &name).await?.ok_or_else(|| Error::NoMachine(arn.to_owned()))
    }

    /// One page of the state machines, by name.
    pub async fn list_machines(
        &self,
        scope: &Scope,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<StateMachine>, Option<String>), Error> {
        let page = self.ground.store.list(List::in_scope(scope).limit(limit).after(after)).await;
        let page = page.map_err(super::query::token)?;
        Ok((page.items.into_iter().map(|held| held.value).collect(), page.next))
    }

    /// Removes the state machine: nothing new begins, and what runs goes on to its end. Nothing happens if there is
    /// none.
    pub async fn delete_machine(&self, by: &Principal, arn: &str) -> Result<(), Error> {
        let (scope, name) = names::machine(arn)?;
        let mut changes = Changes::new();
        changes.delete::<StateMachine>(&scope.to_string(), &name, Expect::Any);
        audit::note(&mut changes, &self.ground, by, "states:DeleteStateMachine", arn)?;
        Ok(self.ground.store.commit(changes).await?)
    }

    /// Puts tags on the state machine, in place of those with the same keys, and takes the tags of `gone` off it.
    pub async fn tag_machine(
        &self,
        by: &Principal,
        arn: &str,
        tags: Vec<(String, String)>,
        gone: &[String],
    ) -> Result<(), Error> {
        let (scope, name) = names::machine(arn)?;
        let Held { version, value: mut machine } = self.held_machine(&scope, &name).await?;
        machine.tags.retain(|(key, _)| !gone.contains(key) && !tags.iter().any(|(new, _)| new == key));
        machine.tags.extend(tags);
        let mut changes = Changes::new();
        changes.put(&machine, Expect::Version(version))?;
        audit::note(&mut changes, &self.ground, by, "states:TagResource", arn)?;
        self.ground.store.commit(changes).await.map_err(|error| busy(error, arn))
    }

    /// Reads the definition and looks whether Step Functions knows its tasks; every fault is in the error. A task
    /// that is known there and cannot be called here fails when it runs, and is refused only if the server is told so.
    pub fn check_definition(&self, definition: &str) -> Result<Machine, Error> {
        let machine = asl::parse(definition);
        let written: serde_json::Value = serde_json::from_str(definition).unwrap_or_default();
        let mut found = machine.as_ref().err().cloned().unwrap_or_default();
        found.extend(asl::diagnose(&written, |resource| self.implements(resource)));
        if found.is_empty() {
            found = self.not_built(&written);
        }
        if found.is_empty() {
            machine.map_err(Error::InvalidDefinition)
        } else {
            Err(Error::InvalidDefinition(found))
        }
    }

    /// The tasks that cannot be called here: in the log, or refused.
    fn not_built(&self, written: &serde_json::Value) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for task in asl::tasks(written).iter().filter(|task| !self.implements(&task.resource)) {
            let message = format!("{} is not built yet: the task would fail when it runs", task.resource);
            if self.tasks.get().is_some_and(Tasks::are_strict) {
                let pointer = Some(format!("{}/Resource", task.pointer));
                found.push(Diagnostic { code: Code::SchemaValidationFailed, message, pointer });
            } else {
                tracing::warn!(at = task.pointer, "{message}");
            }
        }
        found
    }

    /// Whether there is a task for the resource; activities are the worker's. Before the tasks are known, all are
    /// believed.
    fn implements(&self, resource: &Resource) -> bool {
        if matches!(resource, Resource::Activity(_)) {
            return true;
        }
        let Some(tasks) = self.tasks.get() else { return true };
        let Some((name, pattern)) = named(resource) else { return false };
        tasks.find(&name).is_some_and(|task| task.takes(pattern) && task.offers(&name))
    }

    pub(super) async fn held_machine(&self, scope: &Scope, name: &str) -> Result<Held<StateMachine>, Error> {
        let held = self.ground.store.get(&scope.to_string(), name).await?;
        held.ok_or_else(|| Error::NoMachine(names::machine_arn(scope, name).to_string()))
    }

    pub(super) async fn revision_of(&self, scope: &Scope, id: &str) -> Result<Revision, Error> {
        let held = self.ground.store.get(&scope.to_string(), id).await?;
        let missing = || StoreError::Internal(format!("the state machine's revision {id} is not there"));
        Ok(held.ok_or_else(missing)?.value)
    }

    async fn machine(&self, scope: &Scope, name: &str) -> Result<Option<Described>, Error> {
        let Some(held) = self.ground.store.get::<StateMachine>(&scope.to_string(), name).await? else {
            return Ok(None);
        };
        let revision = self.revision_of(scope, &held.value.revision).await?;
        Ok(Some(Described { machine: held.value, revision }))
    }

    fn revision(
        &self,
        scope: &Scope,
        machine: &str,
        (definition, role): (String, Arn),
        created: Timestamp,
    ) -> Revision {
        let (id, machine) = (self.ground.uuid(), machine.to_owned());
        Revision { scope: scope.clone(), id, machine, definition, role, created }
    }
}

/// The task's name and the way it is called. `.sync:2` is `.sync` whose result holds JSON in place of text: only
/// the task knows how, so it is told the name with the number.
pub(super) fn named(resource: &Resource) -> Option<(String, Pattern)> {
    let (prefix, action) = match resource {
        Resource::Service(action) => ("", action),
        Resource::Sdk(action) => ("aws-sdk:", action),
        Resource::Function(_) | Resource::Activity(_) => return None,
    };
    let (pattern, suffix) = match action.pattern {
        asl::Pattern::RequestResponse => (Pattern::RequestResponse, ""),
        asl::Pattern::Sync => (Pattern::Sync, ""),
        asl::Pattern::Sync2 => (Pattern::Sync, ":2"),
        asl::Pattern::WaitForTaskToken => (Pattern::WaitForTaskToken, ""),
    };
    Some((format!("{prefix}{}:{}{suffix}", action.service, action.action), pattern))
}

/// Creating again what is there already: no error if it is the same.
fn same(there: Described, definition: &str, role: &Arn) -> Result<Described, Error> {
    if there.revision.definition == definition && there.revision.role == *role {
        return Ok(there);
    }
    Err(Error::MachineExists(there.machine.arn().to_string()))
}

fn busy(error: StoreError, arn: &str) -> Error {
    match error {
        StoreError::Conflict(_) => Error::Busy(arn.to_owned()),
        error => error.into(),
    }
}
