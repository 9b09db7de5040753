//! Rules that call somebody else's HTTP API.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html>

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use trainyard_domain::{Arn, outcall::Answer, ports::OutsideError};

use crate::{
    bus::{Delivery, DeliveryError, ErrorCode, HttpParameters, Target},
    connections::{ApiDestination as Destination, Connections, Draft, Encoding, SendError},
};

/// An API must answer within this time.
const LIMIT: Duration = Duration::from_secs(5);
/// It is asked for no more than this of an answer.
const LARGEST: usize = 1 << 20;

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
        let found = self.connections.destination_by_arn(&delivery.target).await;
        let found = found.map_err(|error| DeliveryError::of(&error))?;
        let none =
            || DeliveryError::lasting(ErrorCode::NoResource, format!("{} does not exist", delivery.target));
        let destination = found.ok_or_else(none)?;
        let draft = draft(&destination, delivery);
        let draft = draft.map_err(|why| DeliveryError::lasting(ErrorCode::InvalidParameter, why))?;
        self.turns.take(&delivery.target, destination.per_second, Instant::now())?;
        let account = delivery.scope.account.as_str();
        match self.connections.send(account, &destination.connection, &draft).await {
            Ok(answer) if answer.is_success() => Ok(()),
            Ok(answer) => Err(refused(&destination.name, &answer)),
            // The API has answered, and what it says does not matter.
            Err(SendError::Outside(OutsideError::TooLarge { status, .. }))
                if (200..300).contains(&status) =>
            {
                Ok(())
            }
            Err(error) => Err(not_sent(&error)),
        }
    }
}

/// The API has answered and not with success. It may say when it wants to be asked again, or that it never does.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html#eb-api-destination-error-codes>
fn refused(name: &str, answer: &Answer) -> DeliveryError {
    let code = if answer.status == 429 { ErrorCode::Throttling } else { ErrorCode::ErrorFromTarget };
    let message = format!("{name} answers with status {} {}", answer.status, answer.reason);
    let asked = answer.header("retry-after").and_then(|text| text.trim().parse::<i64>().ok());
    let retry = u64::try_from(asked.unwrap_or(0)).ok().map(Duration::from_secs);
    DeliveryError::Failed { code, message, retry: retry.filter(|_| is_passing(answer.status)) }
}

fn not_sent(error: &SendError) -> DeliveryError {
    let code = match error {
        SendError::Outside(OutsideError::TooLarge { .. }) => ErrorCode::ErrorFromTarget,
        SendError::Outside(OutsideError::Unreachable(_)) => ErrorCode::ConnectionFailure,
        SendError::Outside(OutsideError::TimedOut(_)) => ErrorCode::Timeout,
        SendError::Outside(OutsideError::Invalid(_)) | SendError::Body(_) => ErrorCode::SdkClientError,
        SendError::NoConnection(_) => ErrorCode::NoResource,
        SendError::Outside(OutsideError::Refused(_))
        | SendError::Forbidden(_)
        | SendError::NoToken(_)
        | SendError::Authorizing(_)
        | SendError::Deauthorized { .. } => ErrorCode::NoPermissions,
        SendError::Store(_) => ErrorCode::InternalError,
    };
    let retry = may_pass(error).then_some(Duration::ZERO);
    DeliveryError::Failed { code, message: error.to_string(), retry }
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
        body: has_body.then(|| delivery.input().into_owned()),
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

    /// Takes the next turn, if it has come; otherwise says how long that is still. Nobody waits here for it: what is to
    /// be delivered waits in the store.
    fn take(&self, destination: &Arn, per_second: u32, now: Instant) -> Result<(), DeliveryError> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() >= Self::MOST {
            turns.retain(|_, next| *next > now);
        }
        let every = Duration::from_secs(1) / per_second.max(1);
        let burst = Duration::from_secs(1) - every;
        let next = turns.get(destination).copied().unwrap_or(now).max(now);
        if next - now > burst {
            return Err(DeliveryError::Enough(next - now - burst));
        }
        turns.insert(destination.clone(), next + every);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_even() {
        let arn: Arn = "arn:aws:events:us-east-1:000000000000:api-destination/d/1".parse().unwrap();
        let (turns, start) = (Turns::default(), Instant::now());
        let take = |millis| match turns.take(&arn, 10, start + Duration::from_millis(millis)) {
            Ok(()) => 0,
            Err(DeliveryError::Enough(wait)) => wait.as_millis(),
            Err(error) => panic!("{error}"),
        };
        let waits: Vec<_> = (0..12).map(|_| take(0)).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 100], "who is refused takes no turn");
        assert_eq!([take(70), take(100), take(100)], [30, 0, 100]);
        let later: Vec<_> = (0..11).map(|_| take(3000)).collect();
        assert_eq!(later[9..], [0, 100], "a second's worth at once, however long nothing came");
    }

    #[test]
    fn an_api_says_when_it_wants_to_be_asked_again() {
        let check = |status, after: Option<&str>, expect: Option<u64>| {
            let headers = after.iter().map(|after| ("retry-after".to_owned(), (*after).to_owned())).collect();
            let answer = Answer { status, reason: String::new(), headers, body: Vec::new().into() };
            let DeliveryError::Failed { retry, .. } = refused("d", &answer) else { panic!("it was tried") };
            assert_eq!(retry, expect.map(Duration::from_secs), "{status} {after:?}");
        };
        check(429, None, Some(0));
        check(503, Some("120"), Some(120));
        check(503, Some("Wed, 21 Oct 2026 07:28:00 GMT"), Some(0));
        check(503, Some("-1"), None);
        check(404, Some("1"), None);
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
