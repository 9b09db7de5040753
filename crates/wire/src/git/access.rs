//! Who asks.

use axum::response::Response;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use trainyard_domain::{Kind, Principal};
use trainyard_services::{identity::Identity, refusal::Refusal};

use super::plain;
use crate::face::Access;

/// Whoever sent the request, or the answer that asks for a name and password.
pub(super) async fn caller(
    identity: &Identity,
    headers: &HeaderMap,
    access: Access,
) -> Result<Principal, Response> {
    let stated = headers.get(header::AUTHORIZATION).map(|value| basic(value.to_str().unwrap_or_default()));
    match (access, stated) {
        (Access::Open, stated) => {
            let (key, password) = stated.flatten().unwrap_or_default();
            let token = password.split_once(':').map(|(_, token)| token);
            Ok(identity.unchecked(&key, token))
        }
        (Access::Signed, Some(Some((key, password)))) => match identity.login(&key, &password).await {
            Ok(credential) => Ok(credential.principal),
            Err(error) if error.kind() == Kind::Unauthenticated => Err(challenge(&error.to_string())),
            Err(error) => {
                tracing::error!(%error, "a git login failed");
                Err(plain(StatusCode::SERVICE_UNAVAILABLE, "the server cannot check who asks now"))
            }
        },
        (Access::Signed, Some(None)) => Err(challenge("only Basic authentication is taken here")),
        (Access::Signed, None) => {
            Err(challenge("say who you are: the user name is an access key, the password its secret"))
        }
    }
}

fn challenge(why: &str) -> Response {
    let mut response = plain(StatusCode::UNAUTHORIZED, why);
    let realm = HeaderValue::from_static("Basic realm=\"trainyard\", charset=\"UTF-8\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
    response
}

/// The user name and password of a Basic header. A session's password has a colon of its own.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, rest) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_basic_headers() {
        let check = |text: &str, expect: Option<(&str, &str)>| {
            let header = format!("Basic {}", STANDARD.encode(text));
            let expect = expect.map(|(user, password)| (user.to_owned(), password.to_owned()));
            assert_eq!(basic(&header), expect, "{text}");
        };
        check("AKIA1:secret/+=", Some(("AKIA1", "secret/+=")));
        check("ASIA1:secret:token.seal", Some(("ASIA1", "secret:token.seal")));
        check("nobody", None);
        for bad in ["", "Basic", "Basic !", "Bearer QTpC"] {
            assert_eq!(basic(bad), None, "{bad}");
        }
        assert!(basic("basic QTpC").is_some());
    }
}
