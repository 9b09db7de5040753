//! Times of zones: what is expected was worked out by another implementation of the IANA database (Python's zoneinfo).

use super::*;

/// The next moments of an expression in a zone after a moment.
fn check_in(zone: &str, expression: &str, after: &str, expect: &[&str]) {
    let schedule = Schedule::of_scheduler(expression).unwrap();
    let zone = Zone::named(zone).unwrap();
    let mut at = millis(after);
    for want in expect {
        let next = schedule.next_in(&zone, millis(SINCE), at);
        let shown = next.map(|next| Timestamp::from_millisecond(next).unwrap().to_string());
        assert_eq!(shown.as_deref(), Some(*want), "{expression} in {zone:?}");
        at = next.unwrap();
    }
}

#[test]
fn a_time_that_the_clocks_jump_over_is_passed_over() {
    let at = "2026-03-28T00:00:00Z";
    check_in("Europe/Rome", "cron(30 2 * * ? *)", at, &["2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"]);
    let at = "2026-03-07T00:00:00Z";
    check_in("America/New_York", "cron(30 2 * * ? *)", at, &["2026-03-07T07:30:00Z", "2026-03-09T06:30:00Z"]);
    // Half an hour only.
    let at = "2026-10-02T00:00:00Z";
    check_in(
        "Australia/Lord_Howe",
        "cron(15 2 * * ? *)",
        at,
        &["2026-10-02T15:45:00Z", "2026-10-04T15:15:00Z"],
    );
    // At midnight.
    let at = "2026-09-05T00:00:00Z";
    check_in("America/Santiago", "cron(0 0 * * ? *)", at, &["2026-09-05T04:00:00Z", "2026-09-07T03:00:00Z"]);
    // Every quarter of an hour goes on right after the jump.
    let at = "2026-03-29T00:30:00Z";
    check_in("Europe/Rome", "cron(0/15 * * * ? *)", at, &["2026-03-29T00:45:00Z", "2026-03-29T01:00:00Z"]);
    // A whole day that Samoa never had.
    let at = "2011-12-29T00:00:00Z";
    check_in("Pacific/Apia", "cron(0 12 * * ? *)", at, &["2011-12-29T22:00:00Z", "2011-12-30T22:00:00Z"]);
}

#[test]
fn a_time_that_the_clocks_show_twice_counts_once() {
    let at = "2026-10-24T12:00:00Z";
    check_in("Europe/Rome", "cron(30 2 * * ? *)", at, &["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    let at = "2026-10-31T12:00:00Z";
    check_in("America/New_York", "cron(30 1 * * ? *)", at, &["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]);
    let at = "2026-04-04T00:00:00Z";
    check_in(
        "Australia/Lord_Howe",
        "cron(45 1 * * ? *)",
        at,
        &["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"],
    );
    // Asked while they show it for the second time.
    check_in("Europe/Rome", "cron(30 2 * * ? *)", "2026-10-25T01:10:00Z", &["2026-10-26T01:30:00Z"]);
    check_in("Europe/Rome", "cron(30 2 * * ? *)", "2026-10-25T00:30:00Z", &["2026-10-26T01:30:00Z"]);
}

#[test]
fn zones_without_summer_time() {
    check_in("Asia/Kathmandu", "cron(0 9 1 1 ? *)", "2025-06-01T00:00:00Z", &["2026-01-01T03:15:00Z"]);
    // Summer time is taken off for a month in Morocco.
    let at = "2026-02-14T00:00:00Z";
    check_in(
        "Africa/Casablanca",
        "cron(0 12 ? * SAT,MON *)",
        at,
        &["2026-02-14T11:00:00Z", "2026-02-16T12:00:00Z"],
    );
    check_in("UTC", "cron(0 9 * * ? *)", "2026-01-01T00:00:00Z", &["2026-01-01T09:00:00Z"]);
}

#[test]
fn a_rate_is_due_at_once_and_looks_at_no_clock() {
    let (begins, rome) = (millis("2026-03-28T12:00:00Z"), Zone::named("Europe/Rome").unwrap());
    let rate = Schedule::of_scheduler("rate(1 day)").unwrap();
    let day = 24 * 3_600_000;
    assert_eq!(rate.next_in(&rome, begins, begins - 1), Some(begins));
    assert_eq!(rate.next_in(&rome, begins, begins - 50 * day), Some(begins));
    assert_eq!(rate.next_in(&rome, begins, begins), Some(begins + day));
    assert_eq!(rate.next_in(&rome, begins, begins + 7 * day + 1), Some(begins + 8 * day));
}

#[test]
fn at_is_once() {
    let rome = Zone::named("europe/rome").unwrap();
    let at = Schedule::of_scheduler("at(2026-07-01T09:30:15)").unwrap();
    assert_eq!(at.next_in(&rome, 0, 0), Some(millis("2026-07-01T07:30:15Z")));
    assert_eq!(at.next_in(&rome, 0, millis("2026-07-01T07:30:15Z")), None);
    assert!(at.is_one_time() && !Schedule::of_scheduler("rate(1 day)").unwrap().is_one_time());
    // In no time of Rome: as much later as the clocks jump.
    let never = Schedule::of_scheduler("at(2026-03-29T02:30:00)").unwrap();
    assert_eq!(never.next_in(&rome, 0, 0), Some(millis("2026-03-29T01:30:00Z")));
    let twice = Schedule::of_scheduler("at(2026-10-25T02:30:00)").unwrap();
    assert_eq!(twice.next_in(&rome, 0, 0), Some(millis("2026-10-25T00:30:00Z")));
}

#[test]
fn what_the_scheduler_takes_and_refuses() {
    // By AWS's answers to CreateSchedule.
    for taken in [
        "rate(2 minute)",
        "rate(1 minutes)",
        "rate(1 hour)",
        "at(2022-12-12T00:00:00)",
        "cron(0/5 8 * * ? *)",
    ] {
        assert!(Schedule::of_scheduler(taken).is_ok(), "{taken}");
    }
    for refused in [
        "cron(0 1 * * * *)",
        "cron(7 20 * * NOT *)",
        "cron(INVALID)",
        "cron(0 dummy ? * MON-FRI *)",
        "cron(71 8 1 * ? *)",
        "cron()",
        "rate(10 seconds)",
        "rate(10 years)",
        "rate()",
        "rate(10)",
        "rate(10 minutess)",
        "rate(foo minutes)",
        "rate(0 minutes)",
        "rate(-10 minutes)",
        "rate( 10 minutes )",
        " rate(10 minutes)",
        "at(2021-12-31T23:59:59Z)",
        "at(2021-12-31)",
        "at(2021-13-31T23:59:59)",
        "at(2021-02-30T23:59:59)",
        "at(+021-02-20T23:59:59)",
        "at(2021-02-20t23:59:59)",
        "at()",
        "",
    ] {
        assert!(Schedule::of_scheduler(refused).is_err(), "{refused}");
    }
    assert!("at(2022-12-12T00:00:00)".parse::<Schedule>().is_err(), "rules have no `at`");
}

#[test]
fn zones_are_named_as_in_the_database() {
    for none in ["", "Europe/Romulus", "../../etc/passwd", "Europe/Rome\0", "CEST+2", &"x".repeat(5000)] {
        assert_eq!(Zone::named(none), Err(UnknownZone(none.to_owned())));
    }
    let rome = Zone::named("Europe/Rome").unwrap();
    assert_eq!(rome.show(millis("2026-03-29T01:00:00Z")), "2026-03-29 03:00:00 CEST");
    assert_eq!(Zone::utc().show(0), "1970-01-01 00:00:00 UTC");
}
