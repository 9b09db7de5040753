//! What becomes of a message that is looked at, and what receiving it makes of it. Pure.

use std::time::Duration;

use trainyard_domain::Timestamp;

use super::{
    Error,
    message::{Message, Receipt},
    settings::Settings,
};

/// A message is never longer in flight than this after it was received.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html>
const LONGEST_FLIGHT: Duration = Duration::from_secs(43_200);

/// What becomes of a message whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is handed out.
    Received,
    /// It was kept for as long as the queue keeps messages.
    Expired,
    /// It was received as often as it may be.
    Dead,
}

pub(super) fn fate(message: &Message, settings: &Settings, now: Timestamp) -> Fate {
    if is_expired(message, settings, now) {
        return Fate::Expired;
    }
    match &settings.redrive {
        Some(redrive) if message.received.saturating_sub(message.before) >= redrive.after => Fate::Dead,
        _ => Fate::Received,
    }
}

/// Whether the message was kept long enough.
pub(super) fn is_expired(message: &Message, settings: &Settings, now: Timestamp) -> bool {
    message.sent.plus(Duration::from_secs(settings.retention.into())) <= now
}

/// The message after it was received: not visible for `seconds`.
pub(super) fn receive(message: &mut Message, seconds: u32, key: String, now: Timestamp) {
    message.received = message.received.saturating_add(1);
    message.first_received.get_or_insert(now);
    message.due = now.plus(Duration::from_secs(seconds.into()));
    message.receipt = Some(Receipt { key, at: now });
}

/// What can be done with a message by one of its handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is the handle of the last receipt, and the message is in flight.
    InFlight,
    /// It is the last handle; its time is up, and nobody else has received the message since.
    Late,
    /// Somebody else has received it since.
    Old,
}

pub(super) fn standing(message: &Message, key: &str, now: Timestamp) -> Standing {
    match &message.receipt {
        Some(receipt) if receipt.key == key && message.is_in_flight(now) => Standing::InFlight,
        Some(receipt) if receipt.key == key => Standing::Late,
        _ => Standing::Old,
    }
}

/// When a message in flight is visible again, if it shall be in `seconds`.
pub(super) fn visible_in(message: &Message, seconds: u32, now: Timestamp) -> Result<Timestamp, Error> {
    let due = now.plus(Duration::from_secs(seconds.into()));
    let end = message.receipt.as_ref().map_or(now, |receipt| receipt.at).plus(LONGEST_FLIGHT);
    if due > end && seconds > 0 {
        let reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds].";
        return Err(Error::parameter(seconds, "VisibilityTimeout", reason));
    }
    Ok(due)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queues::redrive::Redrive;

    fn message() -> Message {
        Message {
            shelf: "q/0".to_owned(),
            place: 1,
            id: "m".to_owned(),
            sent: Timestamp(0),
            due: Timestamp(0),
            received: 0,
            first_received: None,
            receipt: None,
            sender: String::new(),
            group: None,
            dedup: None,
            before: 0,
            source: None,
            bytes: 0,
            letter: None,
        }
    }

    #[test]
    fn fates() {
        let to = "arn:aws:sqs:us-east-1:000000000000:dead".parse().unwrap();
        let settings =
            Settings { retention: 60, redrive: Some(Redrive { to, after: 2 }), ..Settings::new(false) };
        let check = |received, at, expect| {
            let message = Message { received, ..message() };
            assert_eq!(fate(&message, &settings, Timestamp(at)), expect, "{received} {at}");
        };
        check(0, 0, Fate::Received);
        check(1, 59_999, Fate::Received);
        check(2, 59_999, Fate::Dead);
        check(0, 60_000, Fate::Expired);
        check(2, 60_000, Fate::Expired);
        let from_elsewhere = Message { received: 3, before: 2, ..message() };
        assert_eq!(fate(&from_elsewhere, &settings, Timestamp(0)), Fate::Received);
        let kept = Settings { redrive: None, ..settings };
        assert_eq!(fate(&Message { received: 1000, ..message() }, &kept, Timestamp(1)), Fate::Received);
    }

    #[test]
    fn only_the_last_receipt_counts() {
        let mut message = message();
        receive(&mut message, 30, "one".to_owned(), Timestamp(1000));
        assert_eq!(message.due, Timestamp(31_000));
        let check = |message: &Message, key, at, expect| {
            assert_eq!(standing(message, key, Timestamp(at)), expect, "{key} {at}");
        };
        check(&message, "one", 30_999, Standing::InFlight);
        check(&message, "one", 31_000, Standing::Late);
        receive(&mut message, 30, "two".to_owned(), Timestamp(40_000));
        check(&message, "one", 41_000, Standing::Old);
        check(&message, "two", 41_000, Standing::InFlight);
        assert_eq!((message.received, message.first_received), (2, Some(Timestamp(1000))));
    }

    #[test]
    fn a_flight_has_an_end() {
        let mut message = message();
        receive(&mut message, 30, "one".to_owned(), Timestamp(1000));
        let check = |seconds, at, expect: Option<i64>| {
            let due = visible_in(&message, seconds, Timestamp(at)).ok();
            assert_eq!(due, expect.map(Timestamp), "{seconds} {at}");
        };
        check(0, 2000, Some(2000));
        check(43_200, 1000, Some(43_201_000));
        check(43_200, 2000, None);
        check(43_199, 2000, Some(43_201_000));
    }
}
