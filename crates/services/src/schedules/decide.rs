//! When a schedule is due, and what follows from it. Pure.

use std::time::Duration;

use trainyard_domain::Timestamp;
use trainyard_lang::schedule::{Schedule as Expression, Zone};

use super::{Error, Schedule, ScheduleSpec, State};
use crate::patience::part;

/// A one-time schedule of the current minute is begun at once: AWS is as exact as a minute.
/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>
const PRECISION: Duration = Duration::from_secs(60);

/// The times of a schedule.
pub(super) struct Times {
    expression: Expression,
    zone: Zone,
    begins: Timestamp,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
}

/// What follows when a schedule's time has come.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Turn {
    /// The time that is begun: the last one that went by. `None`: all that went by are older than the schedule's
    /// patience.
    pub begin: Option<Timestamp>,
    /// The time after that.
    pub next: Option<Timestamp>,
}

impl Times {
    /// Reads when a schedule is due. `since` is when its times begin to count.
    pub(super) fn read(spec: &ScheduleSpec, since: Timestamp) -> Result<Self, Error> {
        let text = &spec.schedule_expression;
        let expression = Expression::of_scheduler(text)
            .map_err(|_| Error::Invalid(format!("Invalid Schedule Expression {text}.")))?;
        let zone = spec.schedule_expression_timezone.as_deref().unwrap_or("UTC");
        let zone = Zone::named(zone)
            .map_err(|_| Error::Invalid(format!("Invalid Schedule Expression Timezone {zone}.")))?;
        // One-time schedules look at neither date.
        let of_many = |date: Option<Timestamp>| date.filter(|_| !expression.is_one_time());
        let (start, end) = (of_many(spec.start_date), of_many(spec.end_date));
        Ok(Self { begins: start.unwrap_or(since), expression, zone, start, end })
    }

    /// The times of a schedule that is kept.
    pub(super) fn of(schedule: &Schedule) -> Result<Self, Error> {
        Self::read(&schedule.spec, schedule.since)
    }

    /// The first time after `after`.
    pub(super) fn after(&self, after: Timestamp) -> Option<Timestamp> {
        let before = |moment: Timestamp| moment.millis().saturating_sub(1);
        let after = after.millis().max(self.start.map_or(i64::MIN, before));
        let next = Timestamp(self.expression.next_in(&self.zone, self.begins.millis(), after)?);
        Some(next).filter(|next| self.end.is_none_or(|end| *next <= end))
    }

    /// The first time of a schedule that is made or changed now.
    pub(super) fn first(&self, now: Timestamp) -> Option<Timestamp> {
        let back = if self.expression.is_one_time() { PRECISION } else { Duration::from_millis(1) };
        self.after(earlier(now, back))
    }

    /// What is begun now, if `due` was the first time that is not begun yet and no call may be older than `age`.
    pub(super) fn turn(&self, due: Timestamp, now: Timestamp, age: Duration) -> Turn {
        let oldest = due.max(earlier(now, age));
        let mut begin = None;
        // A time a minute and an age of a day: these are 1440 at most.
        let mut at = self.after(earlier(oldest, Duration::from_millis(1)));
        while let Some(time) = at.filter(|time| *time <= now) {
            begin = Some(time);
            at = self.after(time);
        }
        Turn { begin, next: self.after(now.max(due)) }
    }
}

fn earlier(moment: Timestamp, by: Duration) -> Timestamp {
    Timestamp(moment.millis().saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
}

impl Schedule {
    /// The times after `now` at which its target is called; none while it is disabled.
    pub fn times(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        let times = Times::of(self).ok().filter(|_| self.spec.state != Some(State::Disabled));
        std::iter::successors(Some(now), move |after| times.as_ref()?.after(*after)).skip(1)
    }
}

/// The first time of a schedule that is made or changed now; none if it is disabled.
pub(super) fn first(schedule: &Schedule, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    let times = Times::of(schedule)?;
    let enabled = schedule.spec.state != Some(State::Disabled);
    // A time that was begun does not come again, however soon after it the schedule is changed.
    let first = match (times.first(now), schedule.last) {
        (Some(first), Some(last)) if first <= last => times.after(last),
        (first, _) => first,
    };
    Ok(first.filter(|_| enabled))
}

/// When within a window of `minutes` the call of one time is made: any moment of it, and the same after a crash.
pub(super) fn within(token: &str, minutes: u32) -> Duration {
    part(&["window", token], Duration::from_secs(60 * u64::from(minutes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedules::tests::spec;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn times(expression: &str, more: impl FnOnce(&mut ScheduleSpec)) -> Times {
        let mut spec = spec("x", expression);
        more(&mut spec);
        Times::read(&spec, at("2026-01-01T00:00:30Z")).unwrap()
    }

    const DAY: Duration = Duration::from_secs(86_400);

    #[track_caller]
    fn check(times: &Times, due: &str, now: &str, begin: Option<&str>, next: Option<&str>) {
        let turn = times.turn(at(due), at(now), DAY);
        assert_eq!(turn, Turn { begin: begin.map(at), next: next.map(at) });
    }

    #[test]
    fn the_last_time_that_went_by_is_begun() {
        let hourly = times("cron(0 * * * ? *)", |_| {});
        let due = "2026-01-01T10:00:00Z";
        check(&hourly, due, "2026-01-01T10:00:00.003Z", Some(due), Some("2026-01-01T11:00:00Z"));
        check(
            &hourly,
            due,
            "2026-01-01T15:30:00Z",
            Some("2026-01-01T15:00:00Z"),
            Some("2026-01-01T16:00:00Z"),
        );
        check(
            &hourly,
            due,
            "2026-03-01T15:30:00Z",
            Some("2026-03-01T15:00:00Z"),
            Some("2026-03-01T16:00:00Z"),
        );
        let rate = times("rate(2 minutes)", |_| {});
        check(&rate, due, "2026-01-05T10:01:00Z", Some("2026-01-05T10:00:30Z"), Some("2026-01-05T10:02:30Z"));
        let daily =
            times("cron(0 10 * * ? *)", |s| s.schedule_expression_timezone = Some("Europe/Rome".to_owned()));
        check(
            &daily,
            "2026-03-28T09:00:00Z",
            "2026-03-29T08:00:00Z",
            Some("2026-03-29T08:00:00Z"),
            Some("2026-03-30T08:00:00Z"),
        );
    }

    #[test]
    fn what_is_older_than_the_patience_is_not_begun() {
        let yearly = times("cron(0 10 1 1 ? *)", |_| {});
        check(&yearly, "2026-01-01T10:00:00Z", "2026-01-02T10:00:01Z", None, Some("2027-01-01T10:00:00Z"));
        check(
            &yearly,
            "2026-01-01T10:00:00Z",
            "2026-01-02T10:00:00Z",
            Some("2026-01-01T10:00:00Z"),
            Some("2027-01-01T10:00:00Z"),
        );
        let once = times("at(2026-01-01T10:00:00)", |_| {});
        check(&once, "2026-01-01T10:00:00Z", "2026-01-01T22:00:00Z", Some("2026-01-01T10:00:00Z"), None);
        check(&once, "2026-01-01T10:00:00Z", "2026-01-03T22:00:00Z", None, None);
    }

    #[test]
    fn dates_bound_the_times() {
        let bounded = times("rate(1 hour)", |spec| {
            spec.start_date = Some(at("2026-02-01T08:15:00Z"));
            spec.end_date = Some(at("2026-02-01T10:15:00Z"));
        });
        let first = bounded.first(at("2026-01-20T00:00:00Z"));
        assert_eq!(first, Some(at("2026-02-01T08:15:00Z")));
        assert_eq!(bounded.after(at("2026-02-01T09:15:00Z")), Some(at("2026-02-01T10:15:00Z")));
        assert_eq!(bounded.after(at("2026-02-01T10:15:00Z")), None);
        let cron = times("cron(0 10 * * ? *)", |spec| spec.start_date = Some(at("2026-02-01T10:00:00Z")));
        assert_eq!(cron.first(at("2026-01-20T00:00:00Z")), Some(at("2026-02-01T10:00:00Z")));
        // One-time schedules look at neither.
        let once =
            times("at(2026-01-01T10:00:00)", |spec| spec.start_date = Some(at("2026-02-01T08:15:00Z")));
        assert_eq!(once.first(at("2026-01-01T09:00:00Z")), Some(at("2026-01-01T10:00:00Z")));
    }

    #[test]
    fn a_rate_begins_at_once_and_a_past_moment_does_not_come() {
        let now = at("2026-01-01T00:00:30Z");
        assert_eq!(times("rate(5 minutes)", |_| {}).first(now), Some(now));
        let once = times("at(2026-01-01T10:00:00)", |_| {});
        assert_eq!(once.first(at("2026-01-01T10:00:59Z")), Some(at("2026-01-01T10:00:00Z")));
        assert_eq!(once.first(at("2026-01-01T10:01:00Z")), None);
    }

    #[test]
    fn windows_keep_their_bounds() {
        for n in 0..400 {
            let token = format!("token {n}");
            assert!(within(&token, 15) < Duration::from_secs(900));
        }
        let spread: Vec<_> = (0..200).map(|n| within(&n.to_string(), 10).as_secs() / 60).collect();
        assert!(
            (0..10).all(|minute| spread.contains(&minute)),
            "every minute of the window is taken at times"
        );
    }
}
