//! Tokens of OAuth's client credentials: got once, kept in memory until they are over, got anew when they are refused.
//! <https://www.rfc-editor.org/rfc/rfc6749#section-4.4>

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use serde_json::Value;
use trainyard_domain::{
    Arn, Timestamp,
    outcall::{Answer, Outcall},
    ports::{Outside, OutsideError},
};

use super::{
    form::joined,
    parameters::{OAuth, pairs},
};

/// An authorization server must answer within this time.
const LIMIT: Duration = Duration::from_secs(10);
/// Its answer may have so many bytes.
const LARGEST: usize = 64 << 10;

/// A token that is being got, or was: all who want it meanwhile wait for the same answer, and all have it.
type Getting = Shared<BoxFuture<'static, Result<Token, NoToken>>>;

/// The tokens of all connections, by ARN and revision.
#[derive(Default)]
pub(super) struct Tokens(Mutex<HashMap<(Arn, u64), Getting>>);

#[derive(Clone)]
struct Token {
    text: String,
    over: Option<Timestamp>,
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NoToken {
    /// Whether it may be otherwise later.
    pub(super) passing: bool,
    /// Why: without anything that was sent or answered.
    pub(super) why: String,
}

/// Which connection's token is wanted, and when.
pub(super) struct Wanted<'w> {
    pub(super) arn: &'w Arn,
    pub(super) revision: u64,
    pub(super) oauth: &'w OAuth,
    pub(super) now: Timestamp,
    /// A token that was refused: any other will do.
    pub(super) refused: Option<&'w str>,
}

impl Tokens {
    /// The connection's token. While one is being got, others wait for that, and no longer: if none comes, none of
    /// them asks again.
    pub(super) async fn get(
        &self,
        outside: &Arc<dyn Outside>,
        wanted: Wanted<'_>,
    ) -> Result<String, NoToken> {
        Ok(self.getting(outside, &wanted).await?.text)
    }

    fn getting(&self, outside: &Arc<dyn Outside>, wanted: &Wanted<'_>) -> Getting {
        let mut all = self.all();
        // Tokens of older parameters are nobody's any more.
        all.retain(|(known, of), _| known != wanted.arn || *of == wanted.revision);
        let key = (wanted.arn.clone(), wanted.revision);
        let good = |getting: &&Getting| match getting.peek() {
            None => true,
            Some(Ok(token)) => {
                token.over.is_none_or(|over| wanted.now < over) && wanted.refused != Some(&token.text)
            }
            Some(Err(_)) => false,
        };
        if let Some(getting) = all.get(&key).filter(good) {
            return getting.clone();
        }
        let (outside, oauth, now) = (Arc::clone(outside), wanted.oauth.clone(), wanted.now);
        let getting = async move { fetch(&*outside, &oauth, now).await }.boxed().shared();
        all.insert(key, getting.clone());
        getting
    }

    /// Forgets the connection's tokens.
    pub(super) fn forget(&self, arn: &Arn) {
        self.all().retain(|(known, _), _| known != arn);
    }

    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<(Arn, u64), Getting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn fetch(outside: &dyn Outside, oauth: &OAuth, now: Timestamp) -> Result<Token, NoToken> {
    match outside.call(&request(oauth)).await {
        Ok(answer) => read(&answer, now),
        Err(error) => {
            let passing = matches!(error, OutsideError::Unreachable(_) | OutsideError::TimedOut(_));
            Err(NoToken { passing, why: format!("the authorization endpoint gives no token: {error}") })
        }
    }
}

/// The client's id and secret go in the form, where the user has not said otherwise.
fn request(oauth: &OAuth) -> Outcall {
    let parameters = oauth.http_parameters.clone().unwrap_or_default();
    let (mut query, mut body) =
        (pairs(parameters.query_string_parameters.as_ref()), pairs(parameters.body_parameters.as_ref()));
    let usual = [
        ("grant_type", "client_credentials"),
        ("client_id", oauth.client_parameters.id.as_str()),
        ("client_secret", oauth.client_parameters.secret.0.as_str()),
    ];
    let method = oauth.http_method.to_ascii_uppercase();
    let form = if method == "GET" { &mut query } else { &mut body };
    for (name, value) in usual {
        if !form.iter().any(|(known, _)| known == name) {
            form.push((name.to_owned(), value.to_owned()));
        }
    }
    let text = |pairs: &[(String, String)]| {
        joined(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    };
    let endpoint = &oauth.authorization_endpoint;
    let url = match (query.is_empty(), endpoint.contains('?')) {
        (true, _) => endpoint.clone(),
        (false, true) => format!("{endpoint}&{}", text(&query)),
        (false, false) => format!("{endpoint}?{}", text(&query)),
    };
    let mut headers = pairs(parameters.header_parameters.as_ref());
    let mut add = |name: &str, value: &str| {
        if !headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            headers.push((name.to_owned(), value.to_owned()));
        }
    };
    add("Accept", "application/json");
    if !body.is_empty() {
        add("Content-Type", "application/x-www-form-urlencoded");
    }
    Outcall { method, url, headers, body: text(&body).into(), limit: LIMIT, largest: LARGEST }
}

fn read(answer: &Answer, now: Timestamp) -> Result<Token, NoToken> {
    let status = answer.status;
    if !answer.is_success() {
        let passing = status == 429 || status >= 500;
        let why = format!("the authorization endpoint answers with status {status}");
        return Err(NoToken { passing, why });
    }
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let Some(text) = said.get("access_token").and_then(Value::as_str).filter(|text| !text.is_empty()) else {
        let why = "the authorization endpoint's answer is no JSON with an `access_token`".to_owned();
        return Err(NoToken { passing: false, why });
    };
    // Some servers write the number as a text.
    let seconds = said
        .get("expires_in")
        .and_then(|seconds| seconds.as_u64().or_else(|| seconds.as_str()?.parse().ok()));
    // A call must not find on its way that its token is over.
    let over = seconds.map(|seconds| now.plus(Duration::from_secs(seconds - (seconds / 10).min(60))));
    Ok(Token { text: text.to_owned(), over })
}
