//! Who is who: accounts, access keys, roles, and the short-lived credentials of what runs.
//!
//! Policies are stored, checked to be JSON, and **not evaluated yet**: whoever has a key of an account, or a session
//! of one of its roles, may do everything in that account and nothing in another. Of trust policies only what they say of
//! AWS's services is evaluated ([`trusts`]): a role can be assumed by everyone in its own account and by nobody outside.
//!
//! Verbs: [`Identity::credential`] (whose key is this), [`Identity::session`] (short-lived credentials),
//! [`Identity::first_start`], [`Identity::login`] and [`Identity::ticket`] for faces without SigV4, and the roles' and policies' own.

mod changes;
mod error;
mod keys;
mod policies;
mod roles;
mod session;
mod tags;
mod ticket;
mod trust;
mod unique;
mod whole;

#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Principal, Scope, Timestamp, principal::Lineage};

use crate::ground::Ground;

pub use error::Error;
pub use keys::AccessKey;
pub use policies::{NewPolicy, Policy};
pub use roles::{NewRole, Role, Tag};
pub use session::role_session;
pub use trust::{may_assume, trusts};
pub use unique::unique_id;
pub use whole::{WholeRole, check_role};

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    ground: Ground,
    seal: Arc<session::Seal>,
    known: Arc<keys::Known>,
}

impl Identity {
    /// On this ground. The key that seals sessions is made at the first start and kept in the store.
    pub async fn open(ground: Ground) -> Result<Self, Error> {
        let seal = Arc::new(session::Seal::open(&ground).await?);
        Ok(Self { ground, seal, known: Arc::default() })
    }
}

/// A key that requests are signed with, and whom it stands for.
#[derive(Clone)]
pub struct Credential {
    /// The secret. Never shown, never logged.
    pub secret: String,
    /// Who signs with it.
    pub principal: Principal,
}

/// Short-lived credentials, as they are handed to a job or build.
#[derive(Clone, Serialize, Deserialize)]
pub struct Session {
    /// `ASIA…`.
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: String,
    /// Carries role, lineage and expiry, sealed by the server: nothing is stored for it.
    pub session_token: String,
    /// When it ends.
    pub expires: Timestamp,
}

/// What a session is asked for with.
#[derive(Clone, Debug)]
pub struct SessionRequest {
    /// Where.
    pub scope: Scope,
    /// As whom.
    pub role: Arn,
    /// The session's name, such as the job's.
    pub name: String,
    /// The work that the bearer acts for.
    pub lineage: Lineage,
    /// For how long.
    pub lifetime: Duration,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("principal", &self.principal).finish_non_exhaustive()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}
