//! Passwords and tickets for the faces that speak no SigV4: git and the image registry.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use trainyard_domain::{Principal, Timestamp};

use super::{Credential, Error, Identity};

/// What a ticket carries.
#[derive(Serialize, Deserialize)]
struct Ticket {
    principal: Principal,
    expires: Timestamp,
}

impl Identity {
    /// Who logs in with an access key as the user name. The password is the key's secret; for a session's key it is
    /// `<secret>:<session token>`, because a token alone proves nothing.
    pub async fn login(&self, access_key: &str, password: &str) -> Result<Credential, Error> {
        let (secret, token) = match password.split_once(':') {
            Some((secret, token)) => (secret, Some(token)),
            None => (password, None),
        };
        let credential = self.credential(access_key, token).await?;
        let same: bool = credential.secret.as_bytes().ct_eq(secret.as_bytes()).into();
        if same { Ok(credential) } else { Err(Error::UnknownKey) }
    }

    /// A ticket that stands for the principal for a while, for one purpose such as `ecr`. Nothing is stored for it.
    pub fn ticket(
        &self,
        principal: &Principal,
        purpose: &str,
        lifetime: Duration,
    ) -> Result<(String, Timestamp), Error> {
        let expires = self.ground.now().plus(lifetime);
        let json = serde_json::to_vec(&Ticket { principal: principal.clone(), expires })
            .map_err(|e| Error::Invalid(format!("a ticket cannot be written: {e}")))?;
        let body = URL_SAFE_NO_PAD.encode(json);
        let seal = URL_SAFE_NO_PAD.encode(self.seal.mac(&format!("ticket {purpose}"), &body));
        Ok((format!("{body}.{seal}"), expires))
    }

    /// Whom a ticket stands for. It must have been made here, for this purpose, and not be over.
    pub fn admit(&self, ticket: &str, purpose: &str) -> Result<Principal, Error> {
        let body = self.seal.body(&format!("ticket {purpose}"), ticket)?;
        let ticket: Ticket = serde_json::from_slice(&body).map_err(|_| Error::UnknownKey)?;
        if ticket.expires <= self.ground.now() { Err(Error::ExpiredToken) } else { Ok(ticket.principal) }
    }
}
