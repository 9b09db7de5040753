//! What a host of repositories is told of who clones: one credential for each kind of host, of a scope. Which host that
//! is, and whether a build gets to use it, is `pass.rs`'s.
//! <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ImportSourceCredentials.html>

use std::fmt;

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Principal, Scope};
use trainyard_store::{Changes, Error as StoreError, Expect, Held, Keys, List, Noun};

use super::{
    Builds, Error,
    pass::{check_server, user_and_host},
};
use crate::audit;

/// A credential without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceCredential {
    /// Where.
    pub scope: Scope,
    /// For which kind of host: a source's type.
    pub server: String,
    /// How it says who clones.
    pub auth: String,
    /// The host that it is sent to, with its port if that is not the usual one: where the kind means no host by itself,
    /// and it is known which.
    #[serde(default)]
    pub host: Option<String>,
}

/// The secret of a credential. Read only where a clone needs it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Secret {
    pub(super) scope: Scope,
    pub(super) server: String,
    pub(super) user: Option<String>,
    pub(super) token: String,
    /// As in [`SourceCredential`]: it stands beside what is sent, so that nobody comes between.
    #[serde(default)]
    pub(super) host: Option<String>,
}

/// ImportSourceCredentials' members.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CredentialRequest {
    /// The user, where there is one; for a token of a kind that means no host by itself, `USER@HOST`.
    pub username: Option<String>,
    /// The token or password.
    pub token: String,
    /// For which kind of host.
    pub server_type: String,
    /// How it says who clones.
    pub auth_type: String,
    /// Whether one that is there gives way.
    pub should_overwrite: Option<bool>,
}

const LONGEST: usize = 4096;

impl Secret {
    /// The same, for that host.
    pub(super) fn at(&self, host: &str) -> Self {
        Self { host: Some(host.to_owned()), ..self.clone() }
    }
}

impl SourceCredential {
    /// Its ARN.
    pub fn arn(&self) -> Arn {
        Arn::new("codebuild", &self.scope, format!("token/{}", self.server.to_ascii_lowercase()))
    }
}

impl Noun for SourceCredential {
    const KIND: &'static str = "source-credential";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        self.server.clone()
    }

    fn keys(&self, _: &mut Keys) {}
}

impl Noun for Secret {
    const KIND: &'static str = "source-credential-secret";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        self.server.clone()
    }

    fn keys(&self, _: &mut Keys) {}
}

impl fmt::Debug for CredentialRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialRequest").field("server_type", &self.server_type).finish_non_exhaustive()
    }
}

impl Builds {
    /// Keeps a credential, in place of the one that is there for that kind of host; it is for the same host then.
    pub async fn import_credential(
        &self,
        scope: &Scope,
        by: &Principal,
        request: CredentialRequest,
    ) -> Result<SourceCredential, Error> {
        check_server(&request.server_type)?;
        let (user, named) = user_and_host(&request)?;
        check(&request, user.as_deref())?;
        let CredentialRequest { token, server_type: server, auth_type: auth, should_overwrite, .. } = request;
        let there = self.ground.store.get::<SourceCredential>(&scope.to_string(), &server).await?;
        let (expect, before) = match there {
            Some(Held { version, value }) => (Expect::Version(version), Some(value)),
            None => (Expect::Absent, None),
        };
        let stays = should_overwrite == Some(false);
        if let Some(before) = before.as_ref().filter(|_| stays) {
            return Err(Error::CredentialExists(before.arn().to_string()));
        }
        let host = self.host_for(scope, &server, (named, before)).await?;
        let secret = Secret { scope: scope.clone(), server: server.clone(), user, token, host: host.clone() };
        let credential = SourceCredential { scope: scope.clone(), server, auth, host };
        let arn = credential.arn().to_string();
        let mut changes = Changes::new();
        changes.put(&credential, expect)?.put(&secret, Expect::Any)?;
        audit::note(&mut changes, &self.ground, by, "codebuild:ImportSourceCredentials", &arn)?;
        match self.ground.store.commit(changes).await {
            Err(StoreError::Conflict(_)) if stays => Err(Error::CredentialExists(arn)),
            Err(StoreError::Conflict(_)) => Err(Error::Busy(arn)),
            other => Ok(other.map(|()| credential)?),
        }
    }

    /// All credentials of the scope: there are few kinds of hosts.
    pub async fn credentials(&self, scope: &Scope) -> Result<Vec<SourceCredential>, Error> {
        let page = self.ground.store.list(List::in_scope(scope)).await?;
        Ok(page.items.into_iter().map(|held| held.value).collect())
    }

    /// Forgets the credential of that ARN.
    pub async fn delete_credential(&self, scope: &Scope, by: &Principal, arn: &str) -> Result<(), Error> {
        let all = self.credentials(scope).await?;
        let named = all.into_iter().find(|credential| credential.arn().to_string() == arn);
        let named = named.ok_or_else(|| Error::NoCredential(arn.to_owned()))?;
        let mut changes = Changes::new();
        changes.delete::<SourceCredential>(&scope.to_string(), &named.server, Expect::Any);
        changes.delete::<Secret>(&scope.to_string(), &named.server, Expect::Any);
        audit::note(&mut changes, &self.ground, by, "codebuild:DeleteSourceCredentials", arn)?;
        Ok(self.ground.store.commit(changes).await?)
    }
}

fn check(request: &CredentialRequest, user: Option<&str>) -> Result<(), Error> {
    let invalid = |why: String| Err(Error::Invalid(why));
    if !["PERSONAL_ACCESS_TOKEN", "BASIC_AUTH"].contains(&request.auth_type.as_str()) {
        return invalid(format!(
            "authType {} is not supported here: use PERSONAL_ACCESS_TOKEN or BASIC_AUTH",
            request.auth_type
        ));
    }
    if request.auth_type == "BASIC_AUTH" && user.is_none_or(str::is_empty) {
        return invalid("`username` is missing, which BASIC_AUTH needs".to_owned());
    }
    if request.token.is_empty() || request.token.len() > LONGEST {
        return invalid(format!("`token` must have 1 to {LONGEST} characters"));
    }
    if user.is_some_and(|user| user.len() > LONGEST || user.contains(':')) {
        return invalid(format!("`username` must have at most {LONGEST} characters, and no `:`"));
    }
    // Neither HTTP nor git could say them.
    for (member, text) in [("token", Some(request.token.as_str())), ("username", user)] {
        if text.is_some_and(|text| text.contains(char::is_control)) {
            return invalid(format!("`{member}` has a line break or another character that cannot be sent"));
        }
    }
    Ok(())
}
