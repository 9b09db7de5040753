//! The verbs on API destinations.

use trainyard_domain::{Arn, Principal, Scope};
use trainyard_store::{Changes, Expect, Held, List, Range};

use super::{
    ApiDestination, Connections, DestinationRequest, Error, State,
    constraint::{Violations, is_endpoint},
    room::named,
};
use crate::{
    audit,
    listing::{self, Listing},
};

/// In the order in which AWS names them.
const METHODS: [&str; 7] = ["HEAD", "POST", "PATCH", "DELETE", "PUT", "GET", "OPTIONS"];

/// A destination whose request names no rate is called at most so often.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateApiDestination.html>
const PER_SECOND: u32 = 300;

impl Connections {
    /// Makes a destination.
    pub async fn create_destination(
        &self,
        scope: &Scope,
        by: &Principal,
        request: DestinationRequest,
    ) -> Result<ApiDestination, Error> {
        let missing = |member: &str| {
            Error::Invalid(format!(
                "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
            ))
        };
        check(&request)?;
        let now = self.ground.now();
        let connection = request.connection_arn.as_deref().ok_or_else(|| missing("connectionArn"))?;
        let destination = ApiDestination {
            scope: scope.clone(),
            id: request.id.unwrap_or_else(|| self.ground.uuid()),
            description: request.description,
            connection: self.known(scope, connection).await?,
            endpoint: request.invocation_endpoint.ok_or_else(|| missing("invocationEndpoint"))?,
            method: request.http_method.ok_or_else(|| missing("httpMethod"))?,
            per_second: request.invocation_rate_limit_per_second.unwrap_or(PER_SECOND),
            created: now,
            modified: now,
            name: request.name,
        };
        let name = &destination.name;
        if self.ground.store.get::<ApiDestination>(&scope.to_string(), name).await?.is_some() {
            return Err(Error::Exists(format!("An api-destination '{name}'")));
        }
        self.save_destination(destination, Expect::Absent, (by, "events:CreateApiDestination")).await
    }

    /// Changes what the request names; what it leaves out stays, unless the request is whole.
    pub async fn update_destination(
        &self,
        scope: &Scope,
        by: &Principal,
        request: DestinationRequest,
    ) -> Result<ApiDestination, Error> {
        check(&request)?;
        let Held { version, mut value } = self.held_destination(scope, &request.name, "update").await?;
        if let Some(connection) = &request.connection_arn {
            value.connection = self.known(scope, connection).await?;
        }
        let usual = request.whole.then_some(PER_SECOND);
        if request.whole || request.description.is_some() {
            value.description = request.description;
        }
        value.endpoint = request.invocation_endpoint.unwrap_or(value.endpoint);
        value.method = request.http_method.unwrap_or(value.method);
        value.per_second = request.invocation_rate_limit_per_second.or(usual).unwrap_or(value.per_second);
        value.modified = self.ground.now();
        self.save_destination(value, Expect::Version(version), (by, "events:UpdateApiDestination")).await
    }

    /// The destination of that name.
    pub async fn describe_destination(&self, scope: &Scope, name: &str) -> Result<ApiDestination, Error> {
        named(name)?;
        Ok(self.held_destination(scope, name, "describe").await?.value)
    }

    /// The destination with that ARN: not one that has its name today.
    pub async fn destination_by_arn(&self, arn: &Arn) -> Result<Option<ApiDestination>, Error> {
        let name = arn.resource_of("api-destination").and_then(|rest| rest.split('/').next());
        let (Some(scope), Some(name)) = (arn.scope(), name) else { return Ok(None) };
        let held = self.ground.store.get::<ApiDestination>(&scope.to_string(), name).await?;
        Ok(held.map(|held| held.value).filter(|destination| destination.arn() == *arn))
    }

    /// Whether the destination can be called: its connection is there and authorized.
    pub async fn is_active(&self, destination: &ApiDestination) -> Result<bool, Error> {
        let connection = self.by_arn(&destination.connection).await?;
        Ok(connection.is_some_and(|connection| connection.state == State::Authorized))
    }

    /// One page of the destinations whose names begin with `prefix`, of that connection if one is named.
    pub async fn list_destinations(
        &self,
        scope: &Scope,
        (prefix, connection): (&str, Option<&str>),
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<ApiDestination>, Option<String>), Error> {
        let list = List::in_scope(scope).within(Range::prefix(prefix));
        let listing = Listing { ascending: true, limit, after, ..Listing::default() };
        let fits = |destination: &ApiDestination| {
            connection.is_none_or(|connection| destination.connection.to_string() == connection)
        };
        Ok(listing::page(&self.ground.store, list, &listing, fits).await?)
    }

    /// Removes the destination. What is on its way to it is given up when it is tried next.
    pub async fn delete_destination(&self, scope: &Scope, by: &Principal, name: &str) -> Result<(), Error> {
        named(name)?;
        let Held { version, value } = self.held_destination(scope, name, "delete").await?;
        let mut changes = Changes::new();
        changes.delete::<ApiDestination>(&scope.to_string(), name, Expect::Version(version));
        audit::note(&mut changes, &self.ground, by, "events:DeleteApiDestination", value.arn())?;
        self.ground.store.commit(changes).await.map_err(|error| Error::of_commit(error, name))
    }

    /// The ARN of a connection that is there.
    async fn known(&self, scope: &Scope, text: &str) -> Result<Arn, Error> {
        let none = || Error::NoConnection { verb: "describe", name: text.to_owned() };
        let arn: Arn = text.parse().map_err(|_| none())?;
        if arn.account != scope.account.as_str() {
            return Err(none());
        }
        self.by_arn(&arn).await?.map(|connection| connection.arn()).ok_or_else(none)
    }

    async fn held_destination(
        &self,
        scope: &Scope,
        name: &str,
        verb: &'static str,
    ) -> Result<Held<ApiDestination>, Error> {
        let held = self.ground.store.get(&scope.to_string(), name).await?;
        held.ok_or_else(|| Error::NoDestination { verb, name: name.to_owned() })
    }

    async fn save_destination(
        &self,
        destination: ApiDestination,
        expect: Expect,
        (by, action): (&Principal, &str),
    ) -> Result<ApiDestination, Error> {
        let mut changes = Changes::new();
        changes.put(&destination, expect)?;
        audit::note(&mut changes, &self.ground, by, action, destination.arn())?;
        let done = self.ground.store.commit(changes).await;
        done.map_err(|error| Error::of_commit(error, &destination.name))?;
        Ok(destination)
    }
}

impl DestinationRequest {
    /// Checks all that can be said without knowing what else there is.
    pub fn check(&self) -> Result<(), Error> {
        check(self)
    }
}

fn check(request: &DestinationRequest) -> Result<(), Error> {
    let mut violations = Violations::default();
    violations.name(&request.name);
    violations.description(request.description.as_deref());
    if let Some(connection) = &request.connection_arn {
        violations.connection_arn(connection);
    }
    let endpoint = request.invocation_endpoint.as_deref();
    if let Some(endpoint) = endpoint.filter(|endpoint| !is_endpoint(endpoint)) {
        violations.endpoint(endpoint, "invocationEndpoint");
    }
    if let Some(method) = &request.http_method {
        violations.one_of(method, "httpMethod", &METHODS);
    }
    if let Some(rate) = request.invocation_rate_limit_per_second {
        violations.at_least_one(rate, "invocationRateLimitPerSecond");
    }
    violations.finish()?;
    match endpoint {
        Some(endpoint) if !endpoint.starts_with("https://") && !endpoint.starts_with("http://") => {
            Err(Error::Invalid(format!("The invocation endpoint {endpoint} is not an HTTPS URL.")))
        }
        _ => Ok(()),
    }
}
