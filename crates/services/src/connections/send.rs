//! A request is made in a connection's name.

use std::sync::{Mutex, PoisonError};

use trainyard_domain::{
    Arn,
    outcall::{Answer, Outcall},
    ports::OutsideError,
};
use trainyard_store::{Changes, Error as StoreError, Expect};

use super::{
    Connection, Connections, Draft, State,
    authority::Authority,
    connection::Secrets,
    parameters::OAuth,
    tokens::{NoToken, Wanted},
};

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// There is no such connection.
    #[error("connection {0} does not exist")]
    NoConnection(Arn),
    /// It is another account's.
    #[error("connection {0} is of another account")]
    Forbidden(Arn),
    /// It is still getting its first token.
    #[error("connection {0} is being authorized: try again later")]
    Authorizing(Arn),
    /// It is not authorized.
    #[error("connection {arn} is not authorized{}", .reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default())]
    Deauthorized {
        /// Which.
        arn: Arn,
        /// Why, if that is known.
        reason: Option<String>,
    },
    /// It gets no token now.
    #[error("{0}")]
    NoToken(String),
    /// The body is a text, and the connection has members for it.
    #[error("the request's body is no JSON object, and connection {0} adds body parameters to it")]
    Body(Arn),
    /// The call itself.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// The store's trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Connections {
    /// Makes the request in the connection's name, for somebody of that account. A token that is refused is got anew,
    /// and the request is made once more: who refuses a token has done nothing.
    pub async fn send(&self, account: &str, arn: &Arn, draft: &Draft) -> Result<Answer, SendError> {
        self.sent(account, arn, draft, &|_| {}).await
    }

    /// The same for somebody who looks on: also the request, if one was made. What the connection has added to it is
    /// left out, unless `reveal`.
    pub async fn send_seen(
        &self,
        account: &str,
        arn: &Arn,
        draft: &Draft,
        reveal: bool,
    ) -> (Result<Answer, SendError>, Option<Outcall>) {
        let seen = Mutex::new(None);
        let look = |call: &Outcall| {
            let shown = if reveal { Ok(call.clone()) } else { draft.completed(&Authority::default()) };
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = shown.ok();
        };
        let answer = self.sent(account, arn, draft, &look).await;
        (answer, seen.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    async fn sent(
        &self,
        account: &str,
        arn: &Arn,
        draft: &Draft,
        look: &(dyn Fn(&Outcall) + Sync),
    ) -> Result<Answer, SendError> {
        if arn.account != account {
            return Err(SendError::Forbidden(arn.clone()));
        }
        let none = || SendError::NoConnection(arn.clone());
        let connection = self.by_arn(arn).await.map_err(not_read)?.ok_or_else(none)?;
        match connection.state {
            State::Authorized => {}
            State::Authorizing => return Err(SendError::Authorizing(arn.clone())),
            State::Deauthorized => return Err(deauthorized(&connection, None)),
        }
        let scope = connection.scope.to_string();
        let secrets = self.ground.store.get::<Secrets>(&scope, &connection.name).await?;
        let parameters = secrets.ok_or_else(none)?.value.parameters;
        let made = async |token: Option<&str>| {
            let authority = Authority::of(&parameters, token);
            let call = draft.completed(&authority).map_err(|_| SendError::Body(arn.clone()))?;
            look(&call);
            Ok::<_, SendError>(self.outside.call(&call).await?)
        };
        let Some(oauth) = &parameters.oauth_parameters else { return made(None).await };
        let token = self.token(&connection, oauth, None).await?;
        let answer = made(Some(&token)).await?;
        if ![401, 407].contains(&answer.status) {
            return Ok(answer);
        }
        let token = self.token(&connection, oauth, Some(&token)).await?;
        made(Some(&token)).await
    }

    /// The connection's token; if it is refused for good, the connection is deauthorized.
    async fn token(
        &self,
        connection: &Connection,
        oauth: &OAuth,
        refused: Option<&str>,
    ) -> Result<String, SendError> {
        match self.new_token(connection, oauth, refused).await {
            Ok(token) => Ok(token),
            Err(NoToken { passing: true, why }) => Err(SendError::NoToken(why)),
            Err(NoToken { passing: false, why }) => {
                self.settle(connection, State::Deauthorized, Some(why.clone())).await?;
                Err(deauthorized(connection, Some(why)))
            }
        }
    }

    pub(super) async fn new_token(
        &self,
        connection: &Connection,
        oauth: &OAuth,
        refused: Option<&str>,
    ) -> Result<String, NoToken> {
        let arn = connection.arn();
        let wanted =
            Wanted { arn: &arn, revision: connection.revision, oauth, now: self.ground.now(), refused };
        self.tokens.get(&self.outside, wanted).await
    }

    /// Notes how the connection has turned out to be, unless its parameters were changed meanwhile.
    pub(super) async fn settle(
        &self,
        connection: &Connection,
        state: State,
        reason: Option<String>,
    ) -> Result<(), StoreError> {
        let scope = connection.scope.to_string();
        loop {
            let Some(mut held) = self.ground.store.get::<Connection>(&scope, &connection.name).await? else {
                return Ok(());
            };
            if held.value.id != connection.id || held.value.revision != connection.revision {
                return Ok(());
            }
            held.value.state = state;
            held.value.reason.clone_from(&reason);
            if state == State::Authorized {
                held.value.authorized = Some(self.ground.now());
            }
            let mut changes = Changes::new();
            changes.put(&held.value, Expect::Version(held.version))?;
            match self.ground.store.commit(changes).await {
                Err(StoreError::Conflict(_)) => {}
                other => return other,
            }
        }
    }
}

fn deauthorized(connection: &Connection, reason: Option<String>) -> SendError {
    SendError::Deauthorized { arn: connection.arn(), reason: reason.or_else(|| connection.reason.clone()) }
}

fn not_read(error: super::Error) -> SendError {
    match error {
        super::Error::Store(error) => error.into(),
        other => StoreError::Internal(other.to_string()).into(),
    }
}
