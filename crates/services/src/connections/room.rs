//! The verbs on connections.

use serde_json::Value;
use trainyard_domain::{Arn, Principal, Scope};
use trainyard_store::{Changes, Expect, Held, List, Range, WorkItem};

use super::{
    Connection, ConnectionRequest, Connections, Error, State,
    connection::{Kind, Secrets},
    constraint::Violations,
    parameters::Parameters,
    watch,
};
use crate::{
    audit,
    listing::{self, Listing},
    shape,
};

impl Connections {
    /// Makes a connection. One that speaks OAuth is `AUTHORIZING` until it has a token.
    pub async fn create(
        &self,
        scope: &Scope,
        by: &Principal,
        request: ConnectionRequest,
    ) -> Result<Connection, Error> {
        let kind = checked(&request)?;
        let missing = |member: &str| {
            Error::Invalid(format!(
                "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
            ))
        };
        let kind = kind.ok_or_else(|| missing("authorizationType"))?;
        let asked = request.auth_parameters.ok_or_else(|| missing("authParameters"))?;
        let parameters: Parameters =
            shape::read(asked).map_err(|misfit| unfit(&misfit.to_string(), &request.name))?;
        fit(kind, &parameters)?;
        let now = self.ground.now();
        let connection = Connection {
            scope: scope.clone(),
            name: request.name,
            id: request.id.unwrap_or_else(|| self.ground.uuid()),
            description: request.description,
            kind,
            shown: parameters.shown(),
            state: first_state(kind),
            reason: None,
            created: now,
            modified: now,
            authorized: Some(now),
            revision: 1,
        };
        let name = connection.name.clone();
        if self.ground.store.get::<Connection>(&scope.to_string(), &name).await?.is_some() {
            return Err(Error::Exists(format!("Connection {name}")));
        }
        self.save(connection, Some(parameters), Expect::Absent, (by, "events:CreateConnection")).await
    }

    /// Changes what the request names; what it leaves out stays, unless the request is whole.
    pub async fn update(
        &self,
        scope: &Scope,
        by: &Principal,
        request: ConnectionRequest,
    ) -> Result<Connection, Error> {
        let kind = checked(&request)?;
        let Held { version, value: mut connection } = self.held(scope, &request.name, "update").await?;
        let mut parameters = None;
        if request.auth_parameters.is_some() || kind.is_some_and(|kind| kind != connection.kind) {
            let kind = kind.unwrap_or(connection.kind);
            let old = match request.whole {
                true => None,
                false => self.ground.store.get::<Secrets>(&scope.to_string(), &request.name).await?,
            };
            let old = old.map(|held| held.value.parameters.only(kind)).unwrap_or_default();
            let asked = request.auth_parameters.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
            let new = old.changed(asked).map_err(|_| unfit("", &request.name))?;
            fit(kind, &new)?;
            connection.kind = kind;
            connection.shown = new.shown();
            connection.state = first_state(kind);
            connection.reason = None;
            connection.revision += 1;
            connection.authorized = Some(self.ground.now());
            parameters = Some(new);
        }
        if request.whole || request.description.is_some() {
            connection.description = request.description;
        }
        connection.modified = self.ground.now();
        self.save(connection, parameters, Expect::Version(version), (by, "events:UpdateConnection")).await
    }

    /// The connection of that name.
    pub async fn describe(&self, scope: &Scope, name: &str) -> Result<Connection, Error> {
        named(name)?;
        Ok(self.held(scope, name, "describe").await?.value)
    }

    /// The connection with that ARN: not one that has its name today.
    pub(super) async fn by_arn(&self, arn: &Arn) -> Result<Option<Connection>, Error> {
        let name = arn.resource_of("connection").and_then(|rest| rest.split('/').next());
        let (Some(scope), Some(name)) = (arn.scope(), name) else { return Ok(None) };
        let held = self.ground.store.get::<Connection>(&scope.to_string(), name).await?;
        Ok(held.map(|held| held.value).filter(|connection| connection.arn() == *arn))
    }

    /// One page of the connections whose names begin with `prefix`, in that state if one is named.
    pub async fn list(
        &self,
        scope: &Scope,
        (prefix, state): (&str, Option<&str>),
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Connection>, Option<String>), Error> {
        let list = List::in_scope(scope).within(Range::prefix(prefix));
        let listing = Listing { ascending: true, limit, after, ..Listing::default() };
        let fits = |connection: &Connection| state.is_none_or(|state| connection.state.as_str() == state);
        Ok(listing::page(&self.ground.store, list, &listing, fits).await?)
    }

    /// Takes all parameters off the connection.
    pub async fn deauthorize(&self, scope: &Scope, by: &Principal, name: &str) -> Result<Connection, Error> {
        named(name)?;
        let Held { version, mut value } = self.held(scope, name, "deauthorize").await?;
        value.state = State::Deauthorized;
        value.reason = None;
        value.shown = Parameters::default().shown();
        value.revision += 1;
        value.modified = self.ground.now();
        let mut changes = Changes::new();
        changes.put(&value, Expect::Version(version))?;
        self.forget(&mut changes, &value);
        audit::note(&mut changes, &self.ground, by, "events:DeauthorizeConnection", value.arn())?;
        self.ground.store.commit(changes).await.map_err(|error| Error::of_commit(error, name))?;
        Ok(value)
    }

    /// Removes the connection and its secrets. Destinations that use it are inactive from now on.
    pub async fn delete(&self, scope: &Scope, by: &Principal, name: &str) -> Result<Connection, Error> {
        named(name)?;
        let Held { version, value } = self.held(scope, name, "delete").await?;
        let mut changes = Changes::new();
        changes.delete::<Connection>(&scope.to_string(), name, Expect::Version(version));
        self.forget(&mut changes, &value);
        audit::note(&mut changes, &self.ground, by, "events:DeleteConnection", value.arn())?;
        self.ground.store.commit(changes).await.map_err(|error| Error::of_commit(error, name))?;
        Ok(value)
    }

    fn forget(&self, changes: &mut Changes, connection: &Connection) {
        changes.delete::<Secrets>(&connection.scope.to_string(), &connection.name, Expect::Any);
        changes.cancel(watch::TOPIC, &connection.arn().to_string());
        self.tokens.forget(&connection.arn());
    }

    async fn save(
        &self,
        connection: Connection,
        parameters: Option<Parameters>,
        expect: Expect,
        (by, action): (&Principal, &str),
    ) -> Result<Connection, Error> {
        let arn = connection.arn().to_string();
        let mut changes = Changes::new();
        changes.put(&connection, expect)?;
        if let Some(parameters) = parameters {
            let (scope, name) = (connection.scope.clone(), connection.name.clone());
            changes.put(&Secrets { scope, name, parameters }, Expect::Any)?;
            match connection.state {
                State::Authorizing => changes.schedule(WorkItem::now(watch::TOPIC, arn.clone(), "")),
                State::Authorized | State::Deauthorized => changes.cancel(watch::TOPIC, &arn),
            };
        }
        audit::note(&mut changes, &self.ground, by, action, &arn)?;
        let done = self.ground.store.commit(changes).await;
        done.map_err(|error| Error::of_commit(error, &connection.name))?;
        Ok(connection)
    }

    pub(super) async fn held(
        &self,
        scope: &Scope,
        name: &str,
        verb: &'static str,
    ) -> Result<Held<Connection>, Error> {
        let held = self.ground.store.get(&scope.to_string(), name).await?;
        held.ok_or_else(|| Error::NoConnection { verb, name: name.to_owned() })
    }
}

/// What can be said of the request alone; the kind that it names.
fn checked(request: &ConnectionRequest) -> Result<Option<Kind>, Error> {
    let mut violations = Violations::default();
    violations.name(&request.name);
    violations.description(request.description.as_deref());
    if let Some(kind) = &request.authorization_type {
        violations.one_of(kind, "authorizationType", &Kind::NAMES);
    }
    violations.finish()?;
    Ok(request.authorization_type.as_deref().and_then(Kind::read))
}

impl ConnectionRequest {
    /// Checks all that can be said without knowing what else there is.
    pub fn check(&self) -> Result<(), Error> {
        let kind = checked(self)?;
        let Some((kind, asked)) = kind.zip(self.auth_parameters.clone()) else { return Ok(()) };
        let parameters: Parameters =
            shape::read(asked).map_err(|misfit| unfit(&misfit.to_string(), &self.name))?;
        fit(kind, &parameters)
    }
}

/// Whether the parameters are for this kind of authorization, and can be sent.
fn fit(kind: Kind, parameters: &Parameters) -> Result<(), Error> {
    if parameters.kind() != Some(kind) {
        let words = "The authorization parameters must be those of the authorization type, and no others.";
        return Err(Error::Invalid(words.to_owned()));
    }
    let mut violations = Violations::default();
    parameters.check(&mut violations);
    violations.finish()
}

pub(super) fn named(name: &str) -> Result<(), Error> {
    let mut violations = Violations::default();
    violations.name(name);
    violations.finish()
}

fn first_state(kind: Kind) -> State {
    match kind {
        Kind::OAuth => State::Authorizing,
        Kind::Basic | Kind::ApiKey => State::Authorized,
    }
}

/// What does not fit, without its value: that could be a secret.
fn unfit(why: &str, connection: &str) -> Error {
    if why.starts_with("the member `") {
        return Error::Invalid(why.to_owned());
    }
    Error::Invalid(format!(
        "the authorization parameters of connection {connection} are not complete, or have members that are not \
         known here"
    ))
}
