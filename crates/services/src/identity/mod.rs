//! Who is who: accounts, access keys, roles, and the short-lived credentials of what runs.
//!
//! Policies are stored and not evaluated yet.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Principal, Scope, Timestamp, principal::Lineage};

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
