mod oracle;
mod zones;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

const SINCE: &str = "2024-01-01T00:00:30Z";

fn millis(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

/// The next moments of an expression after a moment.
fn check(expression: &str, after: &str, expect: &[&str]) {
    let schedule: Schedule = expression.parse().unwrap();
    let mut at = millis(after);
    for want in expect {
        let next = schedule.next(millis(SINCE), at).unwrap();
        assert_eq!(Timestamp::from_millisecond(next).unwrap().to_string(), *want, "{expression}");
        at = next;
    }
}

fn check_refused(expression: &str, reason: &str) {
    let refused = expression.parse::<Schedule>().expect_err(expression);
    assert_eq!(refused.to_string(), format!("schedule `{expression}`: {reason}"));
}

#[test]
fn rates_count_from_the_start() {
    check("rate(5 minutes)", SINCE, &["2024-01-01T00:05:30Z", "2024-01-01T00:10:30Z"]);
    check("rate(1 hour)", "2024-01-01T05:59:00Z", &["2024-01-01T06:00:30Z"]);
    check("rate(1 day)", "2020-01-01T00:00:00Z", &["2024-01-02T00:00:30Z"]);
}

#[test]
fn rates_that_are_none() {
    let value = |v: &str| format!("the value `{v}` is not a whole number above 0");
    check_refused("rate(0 minutes)", &value("0"));
    check_refused("rate(-10 minutes)", &value("-10"));
    check_refused("rate(+1 minute)", &value("+1"));
    check_refused("rate(99999999999999999999 days)", &value("99999999999999999999"));
    check_refused("rate(9999999999999999 days)", "`9999999999999999` is too large");
    check_refused("rate()", "a rate is a value and a unit, such as `rate(5 minutes)`");
    check_refused("rate( 10 minutes )", "there is a blank behind `(` or before `)`");
    check_refused("rate(10 minute)", "with the value 10 the unit is `minutes`");
    check_refused("rate(1 days)", "with the value 1 the unit is `day`");
    check_refused("rate(10 years)", "the unit `years` is none of minute(s), hour(s), day(s)");
    let neither = "expected `rate(value unit)` or `cron(minutes hours day month weekday year)`";
    check_refused("at(2024-01-01)", neither);
    check_refused("rate(1 minute", neither);
}

#[test]
fn cron_steps_and_lists() {
    let after = "2024-02-28T23:50:00Z";
    check("cron(0/15 * * * ? *)", after, &["2024-02-29T00:00:00Z", "2024-02-29T00:15:00Z"]);
    check(
        "cron(5,35 14 * * ? *)",
        after,
        &["2024-02-29T14:05:00Z", "2024-02-29T14:35:00Z", "2024-03-01T14:05:00Z"],
    );
    check("cron(0/30 22-1 ? * MON-FRI *)", "2024-03-01T23:40:00Z", &["2024-03-04T00:00:00Z"]);
    check(
        "cron(*/20 1-5/2 1 JAN,7 ? *)",
        "2024-01-01T05:40:00Z",
        &["2024-07-01T01:00:00Z", "2024-07-01T01:20:00Z"],
    );
    check("cron(* * * * ? *)", "2024-12-31T23:59:00Z", &["2025-01-01T00:00:00Z"]);
    check("cron(* * * * ? *)", "2024-12-31T23:58:59.999Z", &["2024-12-31T23:59:00Z"]);
    check(
        "cron(0 0 ? * sat-mon *)",
        "2024-03-05T00:00:00Z",
        &["2024-03-09T00:00:00Z", "2024-03-10T00:00:00Z", "2024-03-11T00:00:00Z"],
    );
}

#[test]
fn cron_special_days() {
    let after = "2024-02-01T00:00:00Z";
    check("cron(0 8 L * ? *)", after, &["2024-02-29T08:00:00Z", "2024-03-31T08:00:00Z"]);
    check("cron(15 10 ? * 6L *)", after, &["2024-02-23T10:15:00Z", "2024-03-29T10:15:00Z"]);
    check("cron(0 0 ? * L *)", after, &["2024-02-03T00:00:00Z"]);
    check("cron(0 2 ? * SAT#3 *)", after, &["2024-02-17T02:00:00Z", "2024-03-16T02:00:00Z"]);
    check("cron(0 0 ? * 5#5 *)", after, &["2024-02-29T00:00:00Z", "2024-05-30T00:00:00Z"]);
    check("cron(0 0 3W * ? *)", after, &["2024-02-02T00:00:00Z", "2024-03-04T00:00:00Z"]);
    check("cron(0 0 1W 6 ? *)", after, &["2024-06-03T00:00:00Z", "2025-06-02T00:00:00Z"]);
    check("cron(0 0 LW 3 ? *)", after, &["2024-03-29T00:00:00Z"]);
    check("cron(0 0 29 2 ? *)", "2024-03-01T00:00:00Z", &["2028-02-29T00:00:00Z"]);
    check("cron(0 0 31W * ? *)", "2024-04-01T00:00:00Z", &["2024-05-31T00:00:00Z"]);
}

#[test]
fn cron_that_is_over() {
    let schedule: Schedule = "cron(0 0 1 1 ? 2002-2005)".parse().unwrap();
    assert_eq!(schedule.next(0, millis("2005-01-01T00:00:00Z")), None);
    let never: Schedule = "cron(0 0 31 2 ? *)".parse().unwrap();
    assert_eq!(never.next(0, millis("2024-01-01T00:00:00Z")), None);
}

/// An expression that is never due costs what it costs to look through its years once.
#[test]
fn cron_that_never_comes_costs_little() {
    let rome = Zone::named("Europe/Rome").unwrap();
    for never in ["cron(* * 30 2 ? *)", "cron(* * 31 2,4,6,9,11 ? *)", "cron(59 23 29 2 ? 2025,2101)"] {
        let schedule = Schedule::of_scheduler(never).unwrap();
        let before = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        assert_eq!(schedule.next_in(&rome, 0, millis("1970-01-01T00:00:00Z")), None, "{never}");
        let spent = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        let seconds = (spent.tv_sec - before.tv_sec) as f64 + (spent.tv_nsec - before.tv_nsec) as f64 / 1e9;
        assert!(seconds < 0.5, "{never}: {seconds} s of the processor");
    }
}

#[test]
fn crons_that_are_none() {
    check_refused("cron(0 1 * * * *)", "one of the two day fields must be `?`");
    check_refused("cron(0 1 ? * ? *)", "only one of the two day fields may be `?`");
    check_refused("cron(0 10 * * ?)", "a cron expression has 6 fields, this one has 5");
    check_refused("cron(7 20 ? * NOT *)", "the day of week `NOT` is not in 1-7");
    check_refused("cron(60 0 * * ? *)", "the minutes `60` is not in 0-59");
    check_refused("cron(0/0 0 * * ? *)", "the step `0` of the minutes is not in 1-59");
    check_refused("cron(0 0 * * ? 2005-2002)", "the years `2005-2002` run backwards");
    check_refused("cron(0 0 ? * 3#6 *)", "in `3#6` the number behind `#` is not in 1-5");
    check_refused("cron(0 ? * * ? *)", "the hours `?` is not in 0-23");
    check_refused("cron(0 0 L-3 * ? *)", "the day of month `L` is not in 1-31");
    check_refused("cron(0 0 1,, * ? *)", "the day of month `` is not in 1-31");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in r"(rate|cron|at)\(([0-9*?LW#/,T:-]{1,3}|MON| ){0,12}\)") {
        let _ = Schedule::of_scheduler(&text).map(|s| (s.next(0, 0), s.next_in(&Zone::utc(), 0, 0)));
    }

    #[test]
    fn the_next_moment_is_after(minute in 0..60, hour in 0..24, day in 1..29, after in 0..4_000_000_000_000_i64) {
        let schedule: Schedule = format!("cron({minute} {hour} {day} * ? *)").parse().unwrap();
        let next = schedule.next(0, after).unwrap();
        prop_assert!(next > after && next - after <= 32 * 24 * 3_600_000);
    }

    #[test]
    fn extreme_moments_do_not_panic(since in any::<i64>(), after in any::<i64>()) {
        for expression in ["rate(1 minute)", "cron(* * * * ? *)"] {
            let schedule: Schedule = expression.parse().unwrap();
            let _ = schedule.next(since, after);
            let _ = schedule.next_in(&Zone::named("Pacific/Apia").unwrap(), since, after);
        }
    }
}
