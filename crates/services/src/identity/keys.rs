//! The access keys of people.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use trainyard_domain::{AccountId, Arn, Principal, Region, Scope, Timestamp, principal::Lineage};
use trainyard_store::{Changes, Expect, Keys, List, Noun};

use super::{Credential, Error, Identity, unique::spell};

/// The user that the first key belongs to.
const FIRST_USER: &str = "admin";

/// A long-lived key of a user.
#[derive(Clone, Serialize, Deserialize)]
pub struct AccessKey {
    /// `AKIA…`.
    pub id: String,
    /// The secret. Kept as it is, because signatures are checked with it.
    pub secret: String,
    /// The account it acts in.
    pub account: AccountId,
    /// The user it belongs to.
    pub user: String,
    /// When it was made.
    pub created: Timestamp,
}

impl Noun for AccessKey {
    const KIND: &'static str = "access-key";

    fn scope(&self) -> String {
        String::new()
    }

    fn id(&self) -> String {
        self.id.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add("account", self.account.as_str());
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey").field("id", &self.id).field("user", &self.user).finish_non_exhaustive()
    }
}

impl AccessKey {
    fn principal(&self) -> Principal {
        user(&self.account, &self.user)
    }
}

/// Keys that were seen, so that a request need not wait for the store. A key never changes; once keys can be taken
/// away, whoever does that takes them out of here.
#[derive(Default)]
pub(super) struct Known(Mutex<HashMap<String, Credential>>);

impl Known {
    /// So many keys are remembered; then all are looked up anew.
    const MOST: usize = 1000;

    fn get(&self, access_key: &str) -> Option<Credential> {
        self.keys().get(access_key).cloned()
    }

    fn add(&self, access_key: &str, credential: &Credential) {
        let mut keys = self.keys();
        if keys.len() >= Self::MOST {
            keys.clear();
        }
        keys.insert(access_key.to_owned(), credential.clone());
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<String, Credential>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Identity {
    /// Makes the default account's first key, unless there is one; either way returns it.
    pub async fn first_start(&self) -> Result<AccessKey, Error> {
        let account = AccountId::default_account();
        let of_account = List::in_scope("").equal("account", account.as_str()).limit(1);
        if let Some(held) = self.ground.store.list::<AccessKey>(of_account).await?.items.pop() {
            return Ok(held.value);
        }
        self.create_key(account, FIRST_USER).await
    }

    /// Makes a key for a user of the account. Users need not be made before.
    pub async fn create_key(&self, account: AccountId, user: &str) -> Result<AccessKey, Error> {
        let (id, secret) = (random::<16>()?, random::<30>()?);
        let key = AccessKey {
            id: spell("AKIA", &id, 16),
            secret: STANDARD.encode(secret),
            account,
            user: user.to_owned(),
            created: self.ground.now(),
        };
        let mut changes = Changes::new();
        changes.put(&key, Expect::Absent)?;
        self.ground.store.commit(changes).await?;
        Ok(key)
    }

    /// Whose key this is. Requests with a session's key must bring its token.
    pub async fn credential(&self, access_key: &str, token: Option<&str>) -> Result<Credential, Error> {
        match token {
            Some(token) => self.seal.open_session(access_key, token, self.ground.now()),
            None => self.of_key(access_key).await,
        }
    }

    async fn of_key(&self, access_key: &str) -> Result<Credential, Error> {
        if let Some(credential) = self.known.get(access_key) {
            return Ok(credential);
        }
        let held = self.ground.store.get::<AccessKey>("", access_key).await?.ok_or(Error::UnknownKey)?;
        let credential = Credential { principal: held.value.principal(), secret: held.value.secret };
        self.known.add(access_key, &credential);
        Ok(credential)
    }

    /// The secret that belongs to a key, for a signature that is checked before the session's token is looked at.
    /// It proves nothing by itself: [`Identity::credential`] must follow.
    pub async fn secret(&self, access_key: &str) -> Result<String, Error> {
        if session_key(access_key) {
            return Ok(self.seal.session_secret(access_key));
        }
        self.credential(access_key, None).await.map(|credential| credential.secret)
    }

    /// Who a key stands for where keys are not checked (`--auth off`): a session's bearer if its token is ours, else
    /// the default account's user, or that of the account that a key of twelve digits names.
    pub fn unchecked(&self, access_key: &str, token: Option<&str>) -> Principal {
        let session = token.and_then(|token| {
            self.seal.open_session(access_key, token, self.ground.now()).ok().map(|c| c.principal)
        });
        session.unwrap_or_else(|| {
            let account = access_key.parse().unwrap_or_else(|_| AccountId::default_account());
            user(&account, FIRST_USER)
        })
    }
}

fn user(account: &AccountId, name: &str) -> Principal {
    let scope = Scope { account: account.clone(), region: Region::default_region() };
    Principal {
        account: account.clone(),
        arn: Arn::global("iam", &scope, format!("user/{name}")),
        role: None,
        lineage: Lineage::default(),
    }
}

fn session_key(access_key: &str) -> bool {
    access_key.starts_with("ASIA")
}

/// So many bytes of the system's randomness.
pub(super) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        trainyard_store::Error::Unavailable(format!("the system gives no randomness: {error}"))
    })?;
    Ok(bytes)
}
