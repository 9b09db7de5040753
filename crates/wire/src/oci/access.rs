//! Who calls, and whose registry they mean.
//!
//! The user is `AWS` with the password of GetAuthorizationToken, or an access key id with its secret; for a session the
//! password is `<secret>:<session token>`.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, StatusCode, header};
use trainyard_domain::{Kind, Principal, Region, Scope, Timestamp};
use trainyard_services::{
    identity::{self, Identity},
    images::names::host_scope,
    refusal::Refusal,
};

use super::error::OciError;
use crate::face::Access;

/// The user of GetAuthorizationToken's password.
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html>
pub(crate) const TOKEN_USER: &str = "AWS";

/// How long AWS's tokens last, and ours.
const TOKEN_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// Who calls, and the registry that is meant.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) principal: Principal,
    pub(super) scope: Scope,
}

/// A password for [`TOKEN_USER`] that stands for the principal, in the registry of the region.
pub(crate) fn password(
    identity: &Identity,
    principal: &Principal,
    region: &Region,
) -> Result<(String, Timestamp), identity::Error> {
    let (ticket, expires) = identity.ticket(principal, &purpose(region), TOKEN_LIFETIME)?;
    Ok((format!("{region}.{ticket}"), expires))
}

fn admit(identity: &Identity, password: &str) -> Result<(Principal, Option<Region>), identity::Error> {
    let (region, ticket) = password.split_once('.').ok_or(identity::Error::UnknownKey)?;
    let region: Region = region.parse().map_err(|_| identity::Error::UnknownKey)?;
    let principal = identity.admit(ticket, &purpose(&region))?;
    Ok((principal, Some(region)))
}

fn purpose(region: &Region) -> String {
    format!("ecr {region}")
}

/// Who calls. With open access, any user and password are taken.
pub(super) async fn caller(
    identity: &Identity,
    headers: &HeaderMap,
    access: Access,
) -> Result<Caller, OciError> {
    let login = headers.get(header::AUTHORIZATION).and_then(|value| basic(value.to_str().ok()?));
    let (principal, region) = match (access, login) {
        (Access::Signed, Some((user, password))) => {
            check(identity, &user, &password).await.map_err(refused)?
        }
        (Access::Signed, None) => {
            return Err(OciError::unauthorized("log in with the password of `aws ecr get-login-password`"));
        }
        (Access::Open, Some((user, password))) => lenient(identity, &user, &password),
        (Access::Open, None) => (identity.unchecked("", None), None),
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let scope = host_scope(host).unwrap_or_else(|| Scope {
        account: principal.account.clone(),
        region: region.unwrap_or_else(Region::default_region),
    });
    if scope.account != principal.account {
        let message = format!("account {} may not use the registry of {}", principal.account, scope.account);
        return Err(OciError::new(StatusCode::FORBIDDEN, "DENIED", message));
    }
    Ok(Caller { principal, scope })
}

async fn check(
    identity: &Identity,
    user: &str,
    password: &str,
) -> Result<(Principal, Option<Region>), identity::Error> {
    if user == TOKEN_USER {
        return admit(identity, password);
    }
    Ok((identity.login(user, password).await?.principal, None))
}

fn refused(error: identity::Error) -> OciError {
    match error.kind() {
        Kind::Unauthenticated => OciError::unauthorized(error.to_string()),
        _ => OciError::trouble(&error),
    }
}

fn lenient(identity: &Identity, user: &str, password: &str) -> (Principal, Option<Region>) {
    let admitted = if user == TOKEN_USER { admit(identity, password).ok() } else { None };
    let token = password.split_once(':').map(|(_, token)| token);
    admitted.unwrap_or_else(|| (identity.unchecked(user, token), None))
}

fn basic(value: &str) -> Option<(String, String)> {
    let (scheme, rest) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64_STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_basic_credentials() {
        let check = |value: &str, expect: Option<(&str, &str)>| {
            let expect = expect.map(|(user, password)| (user.to_owned(), password.to_owned()));
            assert_eq!(basic(value), expect, "{value}");
        };
        check(&format!("Basic {}", BASE64_STANDARD.encode("AWS:a:b")), Some(("AWS", "a:b")));
        check(&format!("basic {}", BASE64_STANDARD.encode("x:")), Some(("x", "")));
        check("Bearer abc", None);
        check("Basic !", None);
        check("", None);
    }
}
