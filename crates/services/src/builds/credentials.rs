//! What a host of repositories is told of who clones: one credential for each kind of host, of a scope.
//! <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ImportSourceCredentials.html>

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Principal, Scope};
use trainyard_store::{Changes, Expect, Keys, List, Noun};

use super::{Build, Builds, Error};
use crate::{audit, repositories::Header};

/// A credential without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceCredential {
    /// Where.
    pub scope: Scope,
    /// For which kind of host: a source's type.
    pub server: String,
    /// How it says who clones.
    pub auth: String,
}

/// The secret of a credential. Read only to clone.
#[derive(Serialize, Deserialize)]
struct Secret {
    scope: Scope,
    server: String,
    user: Option<String>,
    token: String,
}

/// ImportSourceCredentials' members.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CredentialRequest {
    /// The user, where there is one.
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

/// The kinds of hosts, each with the one host that it means, if it means one: a token goes nowhere else.
const SERVERS: &[(&str, Option<&str>)] = &[
    ("GITHUB", Some("github.com")),
    ("GITHUB_ENTERPRISE", None),
    ("BITBUCKET", Some("bitbucket.org")),
    ("GITLAB", Some("gitlab.com")),
    ("GITLAB_SELF_MANAGED", None),
];
const LONGEST: usize = 4096;

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
    /// Keeps a credential, in place of the one that is there for that kind of host.
    pub async fn import_credential(
        &self,
        scope: &Scope,
        by: &Principal,
        request: CredentialRequest,
    ) -> Result<SourceCredential, Error> {
        check(&request)?;
        let CredentialRequest { username: user, token, server_type, auth_type, should_overwrite } = request;
        let credential = SourceCredential { scope: scope.clone(), server: server_type, auth: auth_type };
        let expect = if should_overwrite == Some(false) { Expect::Absent } else { Expect::Any };
        let secret = Secret { scope: scope.clone(), server: credential.server.clone(), user, token };
        let mut changes = Changes::new();
        changes.put(&credential, expect)?.put(&secret, Expect::Any)?;
        audit::note(&mut changes, &self.ground, by, "codebuild:ImportSourceCredentials", credential.arn())?;
        match self.ground.store.commit(changes).await {
            Err(trainyard_store::Error::Conflict(_)) => {
                Err(Error::CredentialExists(credential.arn().to_string()))
            }
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

    /// What the host of the build's source is told of who clones, if there is a credential for it.
    pub(super) async fn header_for(&self, build: &Build, url: &str) -> Result<Option<Header>, Error> {
        let Some((server, host)) = SERVERS.iter().find(|(server, _)| *server == build.source.kind) else {
            return Ok(None);
        };
        let place = url.split_once("://").and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default();
        if host.is_some_and(|host| !place.eq_ignore_ascii_case(host)) {
            return Ok(None);
        }
        let held = self.ground.store.get::<Secret>(&build.scope.to_string(), server).await?;
        Ok(held.map(|held| header(place, &held.value)))
    }
}

/// GitHub and GitLab take a token as the password of any user.
fn header(place: &str, secret: &Secret) -> Header {
    let user = secret.user.as_deref().unwrap_or("x-access-token");
    let basic = STANDARD.encode(format!("{user}:{}", secret.token));
    Header { url: format!("https://{place}/"), value: format!("Authorization: Basic {basic}") }
}

fn check(request: &CredentialRequest) -> Result<(), Error> {
    let invalid = |why: String| Err(Error::Invalid(why));
    let known: Vec<_> = SERVERS.iter().map(|(server, _)| *server).collect();
    if !known.contains(&request.server_type.as_str()) {
        return invalid(format!("Invalid serverType {}: use {}", request.server_type, known.join(", ")));
    }
    if !["PERSONAL_ACCESS_TOKEN", "BASIC_AUTH"].contains(&request.auth_type.as_str()) {
        return invalid(format!(
            "authType {} is not supported here: use PERSONAL_ACCESS_TOKEN or BASIC_AUTH",
            request.auth_type
        ));
    }
    let user = request.username.as_deref();
    if request.auth_type == "BASIC_AUTH" && user.is_none_or(str::is_empty) {
        return invalid("`username` is missing, which BASIC_AUTH needs".to_owned());
    }
    if request.token.is_empty() || request.token.len() > LONGEST {
        return invalid(format!("`token` must have 1 to {LONGEST} characters"));
    }
    if user.is_some_and(|user| user.len() > LONGEST || user.contains(':')) {
        return invalid(format!("`username` must have at most {LONGEST} characters, and no `:`"));
    }
    Ok(())
}
