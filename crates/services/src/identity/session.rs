//! Sessions: credentials that carry who bears them, sealed with a key of the server's. Nothing is stored for one.
//!
//! A token is `<payload>.<seal>`, both base64url; the payload is JSON and no secret. The session's secret follows from
//! its access key id and the server's key.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use trainyard_domain::{AccountId, Arn, Principal, Timestamp, principal::Lineage};
use trainyard_store::{Changes, Expect, Keys, Noun};

use super::{Credential, Error, Identity, Session, SessionRequest, keys::random, unique::spell};
use crate::ground::Ground;

/// The longest time a session may last: a job's credentials must outlive the job.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// The server's key that sessions are sealed with.
#[derive(Serialize, Deserialize)]
pub(super) struct Seal {
    key: String,
}

impl Noun for Seal {
    const KIND: &'static str = "session-seal";

    fn scope(&self) -> String {
        String::new()
    }

    fn id(&self) -> String {
        "seal".to_owned()
    }

    fn keys(&self, _: &mut Keys) {}
}

/// What a token carries.
#[derive(Serialize, Deserialize)]
struct Payload {
    key: String,
    role: Arn,
    name: String,
    expires: Timestamp,
    #[serde(default)]
    lineage: Lineage,
}

impl Seal {
    pub(super) async fn open(ground: &Ground) -> Result<Self, Error> {
        if let Some(held) = ground.store.get::<Self>("", "seal").await? {
            return Ok(held.value);
        }
        let seal = Self { key: STANDARD.encode(random::<32>()?) };
        let mut changes = Changes::new();
        changes.put(&seal, Expect::Absent)?;
        ground.store.commit(changes).await?;
        Ok(seal)
    }

    /// The seal of a text made for a purpose.
    pub(super) fn mac(&self, purpose: &str, text: &str) -> [u8; 32] {
        #[allow(clippy::expect_used, reason = "HMAC takes keys of every length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.as_bytes()).expect("a key of any length");
        mac.update(purpose.as_bytes());
        mac.update(b"\0");
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }

    pub(super) fn session_secret(&self, access_key: &str) -> String {
        STANDARD.encode(&self.mac("secret", access_key)[..30])
    }

    /// What a sealed text says, if the seal is ours and was made for this purpose.
    pub(super) fn body(&self, purpose: &str, sealed: &str) -> Result<Vec<u8>, Error> {
        let (body, seal) = sealed.split_once('.').ok_or(Error::UnknownKey)?;
        let seal = URL_SAFE_NO_PAD.decode(seal).map_err(|_| Error::UnknownKey)?;
        if !bool::from(seal.as_slice().ct_eq(&self.mac(purpose, body))) {
            return Err(Error::UnknownKey);
        }
        URL_SAFE_NO_PAD.decode(body).map_err(|_| Error::UnknownKey)
    }

    fn issue(&self, payload: &Payload) -> Result<Session, Error> {
        let json = serde_json::to_vec(payload)
            .map_err(|e| Error::Invalid(format!("a session cannot be written: {e}")))?;
        let body = URL_SAFE_NO_PAD.encode(json);
        let seal = URL_SAFE_NO_PAD.encode(self.mac("token", &body));
        Ok(Session {
            access_key_id: payload.key.clone(),
            secret_access_key: self.session_secret(&payload.key),
            session_token: format!("{body}.{seal}"),
            expires: payload.expires,
        })
    }

    /// The bearer of a session. The token must be ours, belong to the key and not be over.
    pub(super) fn open_session(
        &self,
        access_key: &str,
        token: &str,
        now: Timestamp,
    ) -> Result<Credential, Error> {
        let json = self.body("token", token)?;
        let payload: Payload = serde_json::from_slice(&json).map_err(|_| Error::UnknownKey)?;
        if payload.key != access_key {
            return Err(Error::UnknownKey);
        }
        if payload.expires <= now {
            return Err(Error::ExpiredToken);
        }
        Ok(Credential { secret: self.session_secret(access_key), principal: bearer(payload)? })
    }
}

impl Identity {
    /// Short-lived credentials for a role's session. They stand for the role, and carry the lineage to whatever the
    /// bearer makes. The role need not be known: what runs may name a role that was never made here.
    pub fn session(&self, request: &SessionRequest) -> Result<Session, Error> {
        if request.role.account != request.scope.account.as_str() {
            return Err(Error::Forbidden(format!("`{}` is not a role of this account", request.role)));
        }
        if request.role.resource_of("role").is_none() {
            return Err(Error::Invalid(format!("`{}` is not a role's ARN", request.role)));
        }
        let payload = Payload {
            key: spell("ASIA", &random::<16>()?, 16),
            role: request.role.clone(),
            name: session_name(&request.name),
            expires: self.ground.now().plus(request.lifetime.min(LONGEST)),
            lineage: request.lineage.clone(),
        };
        self.seal.issue(&payload)
    }

    /// The principal that a session of the role would be, for calls that the server makes in the role's name.
    pub fn bearer(&self, request: &SessionRequest) -> Result<Principal, Error> {
        bearer(Payload {
            key: String::new(),
            role: request.role.clone(),
            name: session_name(&request.name),
            expires: Timestamp::default(),
            lineage: request.lineage.clone(),
        })
    }
}

fn bearer(payload: Payload) -> Result<Principal, Error> {
    let account = payload.role.account.parse().map_err(|_| Error::UnknownKey)?;
    Ok(role_session(&payload.role, account, &payload.name, payload.lineage))
}

/// The principal that a session of this account's role is, where the server acts in the role's name.
pub fn role_session(role: &Arn, account: AccountId, name: &str, lineage: Lineage) -> Principal {
    let role_name = role.resource.rsplit('/').next().unwrap_or_default();
    let resource = format!("assumed-role/{role_name}/{}", session_name(name));
    let arn = Arn { service: "sts".to_owned(), resource, ..role.clone() };
    Principal { account, arn, role: Some(role.clone()), lineage }
}

/// A session's name has only these letters and at most 64 of them.
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
fn session_name(wanted: &str) -> String {
    let legal = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    wanted.chars().map(|c| if legal(c) { c } else { '-' }).take(64).collect()
}
