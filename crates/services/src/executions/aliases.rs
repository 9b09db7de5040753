//! Aliases: names that lead to one or two versions of a state machine.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-alias.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Principal, Scope, Timestamp};
use trainyard_store::{Changes, Error as StoreError, Expect, Held, Keys, List, Noun, Range};

use super::{
    Error, Executions,
    machines::busy,
    names::{self, Qualified, Qualifier},
    query,
    routing::{self, Route, RouteSpec, Routing},
};
use crate::{
    audit,
    listing::{self, Listing},
};

/// A name for versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alias {
    /// Where.
    pub scope: Scope,
    /// The state machine's name.
    pub machine: String,
    /// Its own name.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// Where executions go.
    pub routes: Vec<Route>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
}

impl Alias {
    /// Its ARN.
    pub fn arn(&self) -> Arn {
        names::qualified_arn(&self.scope, &self.machine, &self.name)
    }

    /// The ARN of a version that it leads to.
    pub fn version_arn(&self, route: &Route) -> Arn {
        names::qualified_arn(&self.scope, &self.machine, &route.version.to_string())
    }
}

impl Noun for Alias {
    const KIND: &'static str = "state-machine-alias";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        id(&self.machine, &self.name)
    }

    fn keys(&self, _: &mut Keys) {}
}

fn id(machine: &str, name: &str) -> String {
    format!("{machine}/{name}")
}

impl Executions {
    /// Makes an alias. Making the same again is no error and changes nothing.
    pub async fn create_alias(
        &self,
        by: &Principal,
        name: String,
        description: Option<String>,
        routes: &[RouteSpec],
    ) -> Result<Alias, Error> {
        names::check_alias(&name)?;
        names::check_length("description", description.as_deref().unwrap_or_default(), 256)?;
        let Routing { scope, machine, routes } = routing::check(routes)?;
        let mut changes = Changes::new();
        self.touch_versions(&mut changes, by, &scope, (&machine, &routes)).await?;
        let now = self.ground.now();
        let alias = Alias { scope, machine, name, description, routes, created: now, updated: now };
        changes.put(&alias, Expect::Absent)?;
        audit::note(&mut changes, &self.ground, by, "states:CreateStateMachineAlias", alias.arn())?;
        let conflict = match self.ground.store.commit(changes).await {
            Ok(()) => return Ok(alias),
            Err(error @ StoreError::Conflict(_)) => error,
            Err(error) => return Err(error.into()),
        };
        let there = self.alias(&alias.scope, &alias.machine, &alias.name).await?;
        // A version went away meanwhile.
        let Some(there) = there else { return Err(busy(conflict, &alias.arn().to_string())) };
        let there = there.value;
        if there.routes == alias.routes && there.description == alias.description {
            return Ok(there);
        }
        Err(Error::Conflict(
            "Failed to create alias because an alias with the same name and a different routing configuration already exists."
                .to_owned(),
        ))
    }

    /// Gives the alias another description or other versions.
    pub async fn update_alias(
        &self,
        by: &Principal,
        arn: &str,
        description: Option<String>,
        routes: Option<&[RouteSpec]>,
    ) -> Result<Alias, Error> {
        if description.is_none() && routes.is_none() {
            let why = "Either the description or the RoutingConfiguration must be specified";
            return Err(Error::Invalid(why.to_owned()));
        }
        names::check_length("description", description.as_deref().unwrap_or_default(), 256)?;
        let Held { version, value: mut alias } = self.held_alias(arn).await?;
        let mut changes = Changes::new();
        if let Some(routes) = routes {
            let Routing { scope, machine, routes } = routing::check(routes)?;
            if (&scope, &machine) != (&alias.scope, &alias.machine) {
                let why = format!("The versions must be of the alias's own state machine {}", alias.machine);
                return Err(Error::Invalid(why));
            }
            self.touch_versions(&mut changes, by, &scope, (&machine, &routes)).await?;
            alias.routes = routes;
        }
        alias.description = description.or(alias.description);
        alias.updated = self.ground.now();
        changes.put(&alias, Expect::Version(version))?;
        audit::note(&mut changes, &self.ground, by, "states:UpdateStateMachineAlias", arn)?;
        self.ground.store.commit(changes).await.map_err(|error| busy(error, arn))?;
        Ok(alias)
    }

    /// The alias of that ARN.
    pub async fn describe_alias(&self, arn: &str) -> Result<Alias, Error> {
        Ok(self.held_alias(arn).await?.value)
    }

    /// One page of the aliases of a state machine, or of those that lead to one of its versions.
    pub async fn list_aliases(
        &self,
        arn: &str,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Alias>, Option<String>), Error> {
        let Qualified { scope, machine, qualifier } = names::qualified(arn)?;
        self.held_machine(&scope, &machine).await?;
        let leads = |alias: &Alias| match &qualifier {
            None => true,
            Some(Qualifier::Version(number)) => alias.routes.iter().any(|route| route.version == *number),
            Some(Qualifier::Alias(name)) => alias.name == *name,
        };
        let list = List::in_scope(&scope).within(Range::prefix(&format!("{machine}/")));
        let listing = Listing { ascending: true, limit, after, ..Listing::default() };
        listing::page(&self.ground.store, list, &listing, leads).await.map_err(query::token)
    }

    /// Removes the alias. Nothing happens if there is none.
    pub async fn delete_alias(&self, by: &Principal, arn: &str) -> Result<(), Error> {
        let (scope, machine, name) = parts(arn)?;
        let mut changes = Changes::new();
        changes.delete::<Alias>(&scope.to_string(), &id(&machine, &name), Expect::Any);
        audit::note(&mut changes, &self.ground, by, "states:DeleteStateMachineAlias", arn)?;
        Ok(self.ground.store.commit(changes).await?)
    }

    pub(super) async fn alias(
        &self,
        scope: &Scope,
        machine: &str,
        name: &str,
    ) -> Result<Option<Held<Alias>>, Error> {
        Ok(self.ground.store.get(&scope.to_string(), &id(machine, name)).await?)
    }

    async fn held_alias(&self, arn: &str) -> Result<Held<Alias>, Error> {
        let (scope, machine, name) = parts(arn)?;
        self.alias(&scope, &machine, &name).await?.ok_or_else(no_resource)
    }

    /// Puts the versions as they are: who removes one of them at the same time is refused, or we are.
    async fn touch_versions(
        &self,
        changes: &mut Changes,
        by: &Principal,
        scope: &Scope,
        (machine, routes): (&str, &[Route]),
    ) -> Result<(), Error> {
        if scope.account != by.account {
            return Err(no_resource());
        }
        for route in routes {
            let held = self.version(scope, machine, route.version).await?.ok_or_else(no_resource)?;
            changes.put(&held.value, Expect::Version(held.version))?;
        }
        Ok(())
    }
}

fn no_resource() -> Error {
    Error::NoResource("Request references a resource that does not exist.".to_owned())
}

fn parts(arn: &str) -> Result<(Scope, String, String), Error> {
    match names::qualified(arn)? {
        Qualified { scope, machine, qualifier: Some(Qualifier::Alias(name)) } => Ok((scope, machine, name)),
        _ => Err(Error::InvalidArn(format!("Invalid ARN prefix: {arn}"))),
    }
}
