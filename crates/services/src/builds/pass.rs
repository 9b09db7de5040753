//! Which host a credential is for: it is sent there, and nowhere else.
//!
//! `GITHUB`, `BITBUCKET` and `GITLAB` mean one host each. Everybody has hosts of their own of the other kinds, and
//! AWS's call has no member for them. So it is the host that whoever imports the credential names; else the one that
//! the projects of that kind name when it is imported, or when it is first needed. From then on it stays: who may
//! change projects, or start builds of another source, does not get it sent to a server of theirs.

use std::collections::BTreeSet;

use trainyard_domain::Scope;
use trainyard_store::{Changes, Expect, Held, List};

use super::{
    Build, Builds, Error, Project,
    credentials::{CredentialRequest, Secret, SourceCredential},
    source::{Origin, host_of},
};
use crate::repositories::{self, Login};

/// The kinds of hosts, each with the one host that it means, if it means one.
const SERVERS: &[(&str, Option<&str>)] = &[
    ("GITHUB", Some("github.com")),
    ("GITHUB_ENTERPRISE", None),
    ("BITBUCKET", Some("bitbucket.org")),
    ("GITLAB", Some("gitlab.com")),
    ("GITLAB_SELF_MANAGED", None),
];

/// What the host of a build's source is told of who clones.
pub(super) enum Pass {
    /// This.
    Shown(Login),
    /// Nothing: there is no credential for that kind of host.
    None,
    /// Nothing: there is one, and it is not for this host. Why.
    Kept(String),
}

impl Pass {
    pub(super) fn login(&self) -> Option<&Login> {
        match self {
            Self::Shown(login) => Some(login),
            Self::None | Self::Kept(_) => None,
        }
    }

    /// Says of a clone that failed that the credential was not sent: that may be why.
    pub(super) fn explained(self, error: repositories::Error) -> repositories::Error {
        match (self, error) {
            (Self::Kept(why), repositories::Error::Git(said)) => {
                repositories::Error::Git(format!("{said}\n{why}"))
            }
            (_, error) => error,
        }
    }
}

/// Refuses what is no kind of host.
pub(super) fn check_server(server: &str) -> Result<(), Error> {
    if SERVERS.iter().any(|(known, _)| *known == server) {
        return Ok(());
    }
    let known: Vec<_> = SERVERS.iter().map(|(server, _)| *server).collect();
    Err(Error::Invalid(format!("Invalid serverType {server}: use {}", known.join(", "))))
}

/// The one host that a kind means.
fn meant(server: &str) -> Option<&'static str> {
    SERVERS.iter().find(|(known, _)| *known == server).and_then(|(_, host)| *host)
}

/// A request's user, and the host that it names: a token needs no user, so that `username` can say `USER@HOST` or
/// `@HOST` where the kind means no host by itself. A password's user may have an `@` of its own.
pub(super) fn user_and_host(request: &CredentialRequest) -> Result<(Option<String>, Option<String>), Error> {
    let whole = request.username.clone();
    if meant(&request.server_type).is_some() || request.auth_type != "PERSONAL_ACCESS_TOKEN" {
        return Ok((whole, None));
    }
    let Some((user, host)) = whole.as_deref().and_then(|whole| whole.rsplit_once('@')) else {
        return Ok((whole, None));
    };
    let named = host_of(&format!("https://{host}")).filter(|_| !host.contains(['/', '?', '#']));
    let named = named.ok_or_else(|| {
        Error::Invalid(format!("`username` names no host behind the @: `{}`", host.escape_debug()))
    })?;
    Ok((Some(user.to_owned()).filter(|user| !user.is_empty()), Some(named)))
}

impl Builds {
    /// The host that a credential is for which is being imported in place of `before`; none while nobody has said
    /// which. One that takes another's place is for the same host.
    pub(super) async fn host_for(
        &self,
        scope: &Scope,
        server: &str,
        (named, before): (Option<String>, Option<SourceCredential>),
    ) -> Result<Option<String>, Error> {
        if meant(server).is_some() {
            return Ok(None);
        }
        match named.or_else(|| before.and_then(|before| before.host)) {
            Some(host) => Ok(Some(host)),
            None => Ok(one(&self.hosts_of_projects(scope, server).await?)),
        }
    }

    /// What the host of the build's source is told of who clones.
    pub(super) async fn pass(&self, build: &Build, url: &str) -> Result<Pass, Error> {
        let server = build.source.kind.as_str();
        let held = self.ground.store.get::<Secret>(&build.scope.to_string(), server).await?;
        let (Some(held), Some(place)) = (held, host_of(url)) else { return Ok(Pass::None) };
        let host = match (meant(server), &held.value.host) {
            (Some(host), _) => host.to_owned(),
            (None, Some(host)) => host.clone(),
            (None, None) => match self.settle(&build.scope, &held).await? {
                Ok(host) => host,
                Err(why) => return Ok(Pass::Kept(why)),
            },
        };
        if host == place {
            return Ok(Pass::Shown(login(host, held.value)));
        }
        Ok(Pass::Kept(format!("the credential for {server} is for {host} and is not sent to {place}")))
    }

    /// Keeps which host a credential is for that is needed for the first time; why it is for none, if it is.
    async fn settle(&self, scope: &Scope, held: &Held<Secret>) -> Result<Result<String, String>, Error> {
        let server = &held.value.server;
        let hosts = self.hosts_of_projects(scope, server).await?;
        let Some(host) = one(&hosts) else {
            let named = match hosts.len() {
                0 => "no project of that type names one".to_owned(),
                _ => format!("projects name {}", hosts.into_iter().collect::<Vec<_>>().join(", ")),
            };
            return Ok(Err(format!(
                "the credential for {server} is sent to no host, since it is not known which one it is for ({named}): \
                 import it again with the username USER@HOST"
            )));
        };
        let shown = self.ground.store.get::<SourceCredential>(&scope.to_string(), server).await?;
        let mut changes = Changes::new();
        changes.put(&held.value.at(&host), Expect::Version(held.version))?;
        if let Some(Held { version, value }) = shown {
            changes.put(&SourceCredential { host: Some(host.clone()), ..value }, Expect::Version(version))?;
        }
        // Where somebody imports another meanwhile, the build's step begins again.
        self.ground.store.commit(changes).await?;
        Ok(Ok(host))
    }

    /// The hosts that the scope's projects of that kind name.
    async fn hosts_of_projects(&self, scope: &Scope, server: &str) -> Result<BTreeSet<String>, Error> {
        let (mut hosts, mut after) = (BTreeSet::new(), None);
        loop {
            let page = self.ground.store.list::<Project>(List::in_scope(scope).after(after)).await?;
            let sources = page.items.iter().map(|held| &held.value.source);
            hosts.extend(sources.filter(|source| source.kind == server).filter_map(
                |source| match Origin::of(source) {
                    Ok(Origin::Elsewhere { url }) => host_of(&url),
                    _ => None,
                },
            ));
            after = page.next;
            if after.is_none() {
                return Ok(hosts);
            }
        }
    }
}

fn one(hosts: &BTreeSet<String>) -> Option<String> {
    hosts.first().filter(|_| hosts.len() == 1).cloned()
}

/// GitHub and GitLab take a token as the password of any user.
fn login(host: String, Secret { user, token, .. }: Secret) -> Login {
    Login { host, user: user.unwrap_or_else(|| "x-access-token".to_owned()), password: token }
}
