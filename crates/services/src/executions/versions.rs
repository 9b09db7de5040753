//! The verbs on versions: revisions published under a number.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-version.html>

use trainyard_domain::{Principal, Scope};
use trainyard_store::{Changes, Expect, Held, List, Range};

use super::{
    Error, Executions,
    aliases::Alias,
    machine::{StateMachine, Version, version_id},
    machines::busy,
    names::{self, Qualified, Qualifier},
    query,
};
use crate::audit;

/// A description is of a version, so that there must be one.
pub(super) fn check_description(publish: bool, description: Option<&str>) -> Result<(), Error> {
    let Some(description) = description else { return Ok(()) };
    if !publish {
        return Err(Error::Invalid("Version description can only be set when publish is true".to_owned()));
    }
    names::check_length("versionDescription", description, 256)
}

impl Executions {
    /// Publishes the state machine's revision under the next number. A revision that is published already keeps its
    /// number. `revision` is the one that the caller believes to be the latest.
    pub async fn publish_version(
        &self,
        by: &Principal,
        arn: &str,
        revision: Option<&str>,
        description: Option<String>,
    ) -> Result<Version, Error> {
        let (scope, name) = names::machine(arn)?;
        names::check_length("description", description.as_deref().unwrap_or_default(), 256)?;
        let Held { version: held, value: mut machine } = self.held_machine(&scope, &name).await?;
        // The id of the first revision is not shown: it has the name INITIAL.
        let latest = if machine.updated { machine.revision.as_str() } else { "INITIAL" };
        if let Some(asked) = revision.filter(|asked| *asked != latest) {
            return Err(Error::Conflict(format!(
                "Failed to publish the State Machine version for revision {asked}. The current State Machine revision is {latest}."
            )));
        }
        let mut changes = Changes::new();
        let version = self.publish(&mut changes, &mut machine, description).await?;
        if !changes.is_empty() {
            changes.put(&machine, Expect::Version(held))?;
            audit::note(&mut changes, &self.ground, by, "states:PublishStateMachineVersion", version.arn())?;
            self.ground.store.commit(changes).await.map_err(|error| busy(error, arn))?;
        }
        Ok(version)
    }

    /// Adds to `changes` that the machine's latest revision is a version, if it is none yet. The machine itself is put
    /// by the caller.
    pub(super) async fn publish(
        &self,
        changes: &mut Changes,
        machine: &mut StateMachine,
        description: Option<String>,
    ) -> Result<Version, Error> {
        let list = List::in_scope(&machine.scope).equal("revision", &machine.revision).limit(1);
        let there = self.ground.store.list::<Version>(list).await?;
        if let Some(held) = there.items.into_iter().next() {
            return Ok(held.value);
        }
        machine.versions += 1;
        let version = Version {
            scope: machine.scope.clone(),
            machine: machine.name.clone(),
            number: machine.versions,
            revision: machine.revision.clone(),
            description,
            created: self.ground.now(),
        };
        changes.put(&version, Expect::Absent)?;
        Ok(version)
    }

    /// One page of the state machine's versions, the latest first.
    pub async fn list_versions(
        &self,
        arn: &str,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Version>, Option<String>), Error> {
        let (scope, name) = names::machine(arn)?;
        let list = List::in_scope(&scope).within(Range::prefix(&format!("{name}/")));
        let page = self.ground.store.list(list.descending(true).limit(limit).after(after)).await;
        let page = page.map_err(query::token)?;
        Ok((page.items.into_iter().map(|held| held.value).collect(), page.next))
    }

    /// Removes the version, unless an alias leads to it. Executions that began with it go on. Nothing happens if
    /// there is none.
    pub async fn delete_version(&self, by: &Principal, arn: &str) -> Result<(), Error> {
        let Qualified { scope, machine, qualifier: Some(Qualifier::Version(number)) } =
            names::qualified(arn)?
        else {
            return Err(Error::InvalidArn(format!("Invalid ARN prefix: {arn}")));
        };
        let Some(held) = self.version(&scope, &machine, number).await? else { return Ok(()) };
        let mut aliases = self.all_of::<Alias>(&scope, &machine).await?;
        aliases.retain(|alias| alias.routes.iter().any(|route| route.version == number));
        if !aliases.is_empty() {
            let names: Vec<&str> = aliases.iter().map(|alias| alias.name.as_str()).collect();
            return Err(Error::Conflict(format!(
                "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [{}]",
                names.join(", ")
            )));
        }
        let mut changes = Changes::new();
        // An alias that comes meanwhile touches the version: then one of the two is refused.
        changes.delete::<Version>(
            &scope.to_string(),
            &version_id(&machine, number),
            Expect::Version(held.version),
        );
        audit::note(&mut changes, &self.ground, by, "states:DeleteStateMachineVersion", arn)?;
        self.ground.store.commit(changes).await.map_err(|error| busy(error, arn))
    }

    pub(super) async fn version(
        &self,
        scope: &Scope,
        machine: &str,
        number: u64,
    ) -> Result<Option<Held<Version>>, Error> {
        Ok(self.ground.store.get(&scope.to_string(), &version_id(machine, number)).await?)
    }
}
