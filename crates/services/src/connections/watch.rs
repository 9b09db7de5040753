//! Gets the first token of connections that speak OAuth.

use std::{error::Error as StdError, time::Duration};

use async_trait::async_trait;
use trainyard_domain::Arn;
use trainyard_store::{Changes, WorkItem};

use super::{Connection, Connections, State, connection::Secrets, tokens::NoToken};
use crate::work::{Outcome, Worker};

/// The topic of connections to be authorized, by ARN.
pub(super) const TOPIC: &str = "connections";

/// An authorization server that cannot be reached is asked again this long,
const PATIENCE: Duration = Duration::from_secs(120);
/// so often.
const PAUSE: Duration = Duration::from_secs(5);

/// The worker.
pub struct Authorisation(pub Connections);

#[async_trait]
impl Worker for Authorisation {
    const TOPIC: &'static str = TOPIC;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn StdError + Send + Sync>> {
        let over = Ok(Outcome::Finished(Changes::new()));
        let Ok(arn) = item.id.parse::<Arn>() else { return over };
        let Some(connection) = self.0.by_arn(&arn).await? else { return over };
        let scope = connection.scope.to_string();
        let secrets = self.0.ground.store.get::<Secrets>(&scope, &connection.name).await?;
        let oauth = secrets.and_then(|held| held.value.parameters.oauth_parameters);
        let (State::Authorizing, Some(oauth)) = (connection.state, oauth) else { return over };
        match self.0.new_token(&connection, &oauth, None).await {
            Ok(_) => self.0.settle(&connection, State::Authorized, None).await?,
            Err(NoToken { passing: true, .. }) if self.0.is_young(&connection) => {
                return Ok(Outcome::Later(PAUSE));
            }
            Err(NoToken { why, .. }) => {
                tracing::info!(connection = item.id, why, "a connection is not authorized");
                self.0.settle(&connection, State::Deauthorized, Some(why)).await?;
            }
        }
        over
    }
}

impl Connections {
    fn is_young(&self, connection: &Connection) -> bool {
        self.ground.now().since(connection.modified) < PATIENCE
    }
}
