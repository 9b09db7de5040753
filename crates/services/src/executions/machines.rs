//! The verbs on state machines.

use trainyard_domain::{Arn, Principal, Scope};
use trainyard_lang::asl::{self, Code, Diagnostic, Machine, Resource, VariableReferences};
use trainyard_store::{Changes, Error as StoreError, Expect, Held, List, Noun, Range};

use super::{
    Error, Executions,
    aliases::Alias,
    machine::{MachineType, Revision, StateMachine, Version},
    names::{self, Qualified, Qualifier},
    settings::{Encryption, Logging},
    tags,
    task::Pattern,
    versions,
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
    /// How its executions are run.
    pub kind: MachineType,
    /// Tags.
    pub tags: Vec<(String, String)>,
    /// Where executions are logged.
    pub logging: Logging,
    /// Whether they are traced.
    pub tracing: bool,
    /// With which key their data are encrypted.
    pub encryption: Encryption,
    /// Publish the revision under a number at once.
    pub publish: bool,
    /// What that version says of itself.
    pub version_description: Option<String>,
}

/// What a state machine is given anew; what is none stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MachineUpdate {
    /// The definition.
    pub definition: Option<String>,
    /// The role.
    pub role: Option<String>,
    /// Where executions are logged.
    pub logging: Option<Logging>,
    /// Whether they are traced.
    pub tracing: Option<bool>,
    /// With which key their data are encrypted.
    pub encryption: Option<Encryption>,
    /// Publish the revision under a number.
    pub publish: bool,
    /// What that version says of itself.
    pub version_description: Option<String>,
}

/// A state machine with one of its revisions.
#[derive(Clone, Debug, PartialEq)]
pub struct Described {
    /// The state machine.
    pub machine: StateMachine,
    /// The revision asked for.
    pub revision: Revision,
    /// The version that was asked for, or that was published.
    pub version: Option<Version>,
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
        tags::check(&spec.tags)?;
        versions::check_description(spec.publish, spec.version_description.as_deref())?;
        let role = names::role(scope, &spec.role)?;
        self.check_definition_for(&spec.definition, spec.kind)?;
        spec.encryption.check()?;
        self.check_logging(scope, &spec.logging).await?;
        if let Some(there) = self.machine(scope, &spec.name).await? {
            return self.same(by, there, &spec).await;
        }
        let (mut machine, revision) = self.made(scope, role, &spec);
        let mut changes = Changes::new();
        let version = match spec.publish {
            true => Some(self.publish(&mut changes, &mut machine, spec.version_description.clone()).await?),
            false => None,
        };
        changes.put(&machine, Expect::Absent)?.put(&revision, Expect::Absent)?;
        audit::note(&mut changes, &self.ground, by, "states:CreateStateMachine", machine.arn())?;
        match self.ground.store.commit(changes).await {
            Ok(()) => Ok(Described { machine, revision, version }),
            Err(StoreError::Conflict(_)) => {
                let there = self.machine(scope, &machine.name).await?;
                let there = there.ok_or_else(|| Error::Busy(machine.arn().to_string()))?;
                self.same(by, there, &spec).await
            }
            Err(error) => Err(error.into()),
        }
    }

    fn made(&self, scope: &Scope, role: Arn, spec: &MachineSpec) -> (StateMachine, Revision) {
        let now = self.ground.now();
        let revision = Revision {
            scope: scope.clone(),
            id: self.ground.uuid(),
            machine: spec.name.clone(),
            kind: spec.kind,
            updated: false,
            definition: spec.definition.clone(),
            role,
            logging: spec.logging.clone(),
            tracing: spec.tracing,
            encryption: spec.encryption.clone(),
            created: now,
        };
        let machine = StateMachine {
            scope: scope.clone(),
            name: spec.name.clone(),
            kind: spec.kind,
            created: now,
            revision: revision.id.clone(),
            updated: false,
            tags: spec.tags.clone(),
            versions: 0,
        };
        (machine, revision)
    }

    /// Creating again what is there already: no error if it is the same. Role and tags do not count.
    /// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html>
    async fn same(&self, by: &Principal, there: Described, spec: &MachineSpec) -> Result<Described, Error> {
        let Revision { kind, definition, logging, tracing, encryption, .. } = &there.revision;
        let same = *definition == spec.definition
            && *kind == spec.kind
            && *logging == spec.logging
            && *tracing == spec.tracing
            && *encryption == spec.encryption;
        let arn = there.machine.arn().to_string();
        match (same, spec.publish) {
            (false, _) => Err(Error::MachineExists(arn)),
            (true, false) => Ok(there),
            (true, true) => {
                let description = spec.version_description.clone();
                let version = self.publish_version(by, &arn, None, description).await?;
                Ok(Described { version: Some(version), ..there })
            }
        }
    }

    /// Gives the state machine what is new. Executions that run keep what they began with. What changes nothing makes
    /// no new revision.
    pub async fn update_machine(
        &self,
        by: &Principal,
        arn: &str,
        update: MachineUpdate,
    ) -> Result<Described, Error> {
        let (scope, name) = names::machine(arn)?;
        let MachineUpdate { definition, role, logging, tracing, encryption, publish, version_description } =
            update;
        let nothing = definition.is_none()
            && role.is_none()
            && logging.is_none()
            && tracing.is_none()
            && encryption.is_none();
        if nothing && !publish {
            return Err(Error::Missing(
                "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified",
            ));
        }
        versions::check_description(publish, version_description.as_deref())?;
        let role = role.as_deref().map(|role| names::role(&scope, role)).transpose()?;
        let Held { version: held, value: mut machine } = self.held_machine(&scope, &name).await?;
        if let Some(definition) = &definition {
            self.check_definition_for(definition, machine.kind)?;
        }
        encryption.as_ref().map(Encryption::check).transpose()?;
        if let Some(logging) = &logging {
            self.check_logging(&scope, logging).await?;
        }
        let old = self.revision_of(&scope, &machine.revision).await?;
        let mut revision = Revision {
            definition: definition.unwrap_or_else(|| old.definition.clone()),
            role: role.unwrap_or_else(|| old.role.clone()),
            logging: logging.unwrap_or_else(|| old.logging.clone()),
            tracing: tracing.unwrap_or(old.tracing),
            encryption: encryption.unwrap_or_else(|| old.encryption.clone()),
            ..old.clone()
        };
        let mut changes = Changes::new();
        if revision != old {
            let (id, created) = (self.ground.uuid(), self.ground.now());
            revision = Revision { id, created, updated: true, ..revision };
            machine.revision = revision.id.clone();
            machine.updated = true;
            changes.put(&revision, Expect::Absent)?;
        }
        let version = match publish {
            true => Some(self.publish(&mut changes, &mut machine, version_description).await?),
            false => None,
        };
        changes.put(&machine, Expect::Version(held))?;
        audit::note(&mut changes, &self.ground, by, "states:UpdateStateMachine", arn)?;
        self.ground.store.commit(changes).await.map_err(|error| busy(error, arn))?;
        Ok(Described { machine, revision, version })
    }

    /// The state machine as new executions would begin with it, or one of its versions. An alias stands for the
    /// version that most executions are sent to.
    pub async fn describe_machine(&self, arn: &str) -> Result<Described, Error> {
        let Qualified { scope, machine, qualifier } = names::qualified(arn)?;
        let missing = || Error::NoMachine(arn.to_owned());
        let there = self.machine(&scope, &machine).await?.ok_or_else(missing)?;
        let number = match qualifier {
            None => return Ok(there),
            Some(Qualifier::Version(number)) => number,
            Some(Qualifier::Alias(name)) => {
                let alias = self.alias(&scope, &machine, &name).await?.ok_or_else(missing)?;
                alias.value.routes.iter().max_by_key(|route| route.weight).ok_or_else(missing)?.version
            }
        };
        let version = self.version(&scope, &machine, number).await?.ok_or_else(missing)?.value;
        let revision = self.revision_of(&scope, &version.revision).await?;
        Ok(Described { version: Some(version), revision, ..there })
    }

    /// Which workflow variables each state of the revision refers to.
    pub async fn variable_references(&self, revision: &Revision) -> Result<VariableReferences, Error> {
        let known = self.known(&revision.scope, &revision.id).await?;
        Ok(known.machine.variable_references.clone())
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

    /// Removes the state machine with its versions and aliases: nothing new begins, and what runs goes on to its end.
    /// Nothing happens if there is none.
    pub async fn delete_machine(&self, by: &Principal, arn: &str) -> Result<(), Error> {
        let (scope, name) = names::machine(arn)?;
        let mut changes = Changes::new();
        let place = scope.to_string();
        changes.delete::<StateMachine>(&place, &name, Expect::Any);
        for version in self.all_of::<Version>(&scope, &name).await? {
            changes.delete::<Version>(&place, &version.id(), Expect::Any);
        }
        for alias in self.all_of::<Alias>(&scope, &name).await? {
            changes.delete::<Alias>(&place, &alias.id(), Expect::Any);
        }
        audit::note(&mut changes, &self.ground, by, "states:DeleteStateMachine", arn)?;
        Ok(self.ground.store.commit(changes).await?)
    }

    /// All versions or aliases of a state machine: what is named behind it.
    pub(super) async fn all_of<T: Noun>(&self, scope: &Scope, machine: &str) -> Result<Vec<T>, Error> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let list = List::in_scope(scope).within(Range::prefix(&format!("{machine}/"))).after(after);
            let page = self.ground.store.list::<T>(list).await?;
            all.extend(page.items.into_iter().map(|held| held.value));
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    /// The same for a kind of state machine: express executions cannot wait for jobs or tokens.
    pub fn check_definition_for(&self, definition: &str, kind: MachineType) -> Result<Machine, Error> {
        if kind == MachineType::Express {
            let machine = asl::parse(definition).map_err(Error::InvalidDefinition)?;
            let faults = machine.express_diagnostics();
            if !faults.is_empty() {
                return Err(Error::InvalidDefinition(faults));
            }
        }
        self.check_definition(definition)
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
    pub(super) fn implements(&self, resource: &Resource) -> bool {
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
        Ok(Some(Described { machine: held.value, revision, version: None }))
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

pub(super) fn busy(error: StoreError, arn: &str) -> Error {
    match error {
        StoreError::Conflict(_) => Error::Busy(arn.to_owned()),
        error => error.into(),
    }
}
