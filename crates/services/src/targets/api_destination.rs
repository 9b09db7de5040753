//! Rules that call somebody else's HTTP API.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html>

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use serde_json::Value;
use trainyard_domain::{Arn, ports::OutsideError};

use crate::{
    bus::{Delivery, DeliveryError, HttpParameters, Target},
    connections::{ApiDestination as Destination, Connections, Draft, Encoding, SendError},
};

/// An API must answer within this time.
const LIMIT: Duration = Duration::from_secs(5);
/// It is asked for no more than this of an answer.
const LARGEST: usize = 1 << 20;
/// So long a delivery waits for its turn; one that would wait longer comes again later.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Sends the event, or what the rule makes of it, and is content with every status of success. The API may see an
/// event twice: nothing is known of a call whose answer was lost.
pub struct ApiDestination {
    connections: Connections,
    turns: Turns,
}

impl ApiDestination {
    /// With the connections that are called through.
    pub fn new(connections: Connections) -> Self {
        Self { connections, turns: Turns::default() }
    }
}

#[async_trait]
impl Target for ApiDestination {
    fn takes(&self, arn: &Arn) -> bool {
        arn.service == "events" && arn.resource_of("api-destination").is_some()
    }

    fn takes_http(&self) -> bool {
        true
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<(), DeliveryError> {
        let later = |message: String| DeliveryError { retry: true, message };
        let never = |message: String| DeliveryError { retry: false, message };
        let found = self.connections.destination_by_arn(&delivery.target).await;
        let found = found.map_err(|error| later(error.to_string()))?;
        let destination = found.ok_or_else(|| never(format!("{} does not exist", delivery.target)))?;
        let draft = draft(&destination, delivery).map_err(never)?;
        let wait = self.turns.take(&delivery.target, destination.per_second, Instant::now());
        tokio::time::sleep(wait.ok_or_else(|| {
            later(format!("{} is called {} times a second already", destination.name, destination.per_second))
        })?)
        .await;
        let account = delivery.scope.account.as_str();
        match self.connections.send(account, &destination.connection, &draft).await {
            Ok(answer) if answer.is_success() => Ok(()),
            Ok(answer) => Err(DeliveryError {
                retry: is_passing(answer.status),
                message: format!(
                    "{} answers with status {} {}",
                    destination.name, answer.status, answer.reason
                ),
            }),
            // The API has answered, and what it says does not matter.
            Err(SendError::Outside(OutsideError::TooLarge { status, .. }))
                if (200..300).contains(&status) =>
            {
                Ok(())
            }
            Err(error) => Err(DeliveryError { retry: may_pass(&error), message: error.to_string() }),
        }
    }
}

/// The statuses that are worth another try.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html#eb-api-destination-error-codes>
fn is_passing(status: u16) -> bool {
    matches!(status, 401 | 407 | 409 | 429 | 500..)
}

fn may_pass(error: &SendError) -> bool {
    match error {
        SendError::Outside(OutsideError::TooLarge { status, .. }) => is_passing(*status),
        SendError::Outside(OutsideError::Unreachable(_) | OutsideError::TimedOut(_))
        | SendError::NoToken(_)
        | SendError::Authorizing(_)
        // Whoever owns it may put it right while the event is young.
        | SendError::Deauthorized { .. }
        | SendError::Store(_) => true,
        SendError::Outside(OutsideError::Invalid(_) | OutsideError::Refused(_))
        | SendError::NoConnection(_)
        | SendError::Forbidden(_)
        | SendError::Body(_) => false,
    }
}

/// The request that the event becomes.
fn draft(destination: &Destination, delivery: &Delivery) -> Result<Draft, String> {
    let HttpParameters { path, headers, query } = delivery.http.clone().unwrap_or_default();
    let fixed = [
        ("User-Agent", "Amazon/EventBridge/ApiDestinations"),
        ("Range", "bytes=0-1048575"),
        ("Connection", "close"),
    ];
    let has_body = !matches!(destination.method.as_str(), "GET" | "HEAD" | "OPTIONS");
    Ok(Draft {
        method: destination.method.clone(),
        url: filled(&destination.endpoint, &path)?,
        fixed: fixed.map(|(name, value)| (name, value.to_owned())).to_vec(),
        headers,
        query,
        body: has_body.then(|| Value::clone(&delivery.input)),
        encoding: Encoding::Json,
        limit: LIMIT,
        largest: LARGEST,
    })
}

/// The URL with a value in place of each `*`, encoded so that a value stays in its place.
fn filled(endpoint: &str, values: &[String]) -> Result<String, String> {
    let mut parts = endpoint.split('*');
    let mut url = parts.next().unwrap_or_default().to_owned();
    for (at, part) in parts.enumerate() {
        let value = values.get(at).filter(|value| !value.is_empty() && !matches!(value.as_str(), "." | ".."));
        let value =
            value.ok_or_else(|| format!("there is no value for `*` number {} of the endpoint", at + 1))?;
        url.push_str(
            &percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string(),
        );
        url.push_str(part);
    }
    Ok(url)
}

/// When each destination's next call may be made: evenly, with at most a second's worth at once.
#[derive(Default)]
struct Turns(Mutex<HashMap<Arn, Instant>>);

impl Turns {
    /// So many destinations are remembered before those are looked for that nobody waits for.
    const MOST: usize = 1000;

    /// How long to wait for the next turn, which is taken; nothing if that would be too long.
    fn take(&self, destination: &Arn, per_second: u32, now: Instant) -> Option<Duration> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() >= Self::MOST {
            turns.retain(|_, next| *next > now);
        }
        let every = Duration::from_secs(1) / per_second.max(1);
        let burst = Duration::from_secs(1) - every;
        let next = turns.get(destination).copied().unwrap_or(now).max(now);
        let wait = (next - now).saturating_sub(burst);
        if wait > LONGEST_WAIT {
            return None;
        }
        turns.insert(destination.clone(), next + every);
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_even() {
        let arn: Arn = "arn:aws:events:us-east-1:000000000000:api-destination/d/1".parse().unwrap();
        let (turns, start) = (Turns::default(), Instant::now());
        let take = |millis| turns.take(&arn, 10, start + Duration::from_millis(millis));
        let waits: Vec<_> = (0..25).map(|_| take(0).map(|wait| wait.as_millis())).collect();
        assert!(waits[..10].iter().all(|wait| *wait == Some(0)), "{waits:?}");
        assert_eq!(waits[10..20], (1..=10).map(|n| Some(n * 100)).collect::<Vec<_>>());
        assert!(waits[20..].iter().all(Option::is_none), "{waits:?}");
        assert_eq!(take(2000), Some(Duration::ZERO), "who has waited long has a turn at once");
    }

    #[test]
    fn a_value_stays_in_its_place() {
        let check = |endpoint: &str, values: &[&str], expect: Option<&str>| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            assert_eq!(filled(endpoint, &values).ok().as_deref(), expect, "{values:?}");
        };
        check("https://a/b", &[], Some("https://a/b"));
        check("https://a/*/c/*", &["x", "1"], Some("https://a/x/c/1"));
        check("https://a/*", &["../?q#"], Some("https://a/%2E%2E%2F%3Fq%23"));
        check("https://*/", &["evil.com/"], Some("https://evil%2Ecom%2F/"));
        check("https://a/*", &[], None);
        check("https://a/*", &[".."], None);
        check("https://a/*", &[""], None);
    }

    #[test]
    fn what_is_tried_again() {
        let check = |status, expect| assert_eq!(is_passing(status), expect, "{status}");
        for status in [401, 407, 409, 429, 500, 503, 599] {
            check(status, true);
        }
        for status in [100, 301, 400, 403, 404, 418] {
            check(status, false);
        }
    }
}
