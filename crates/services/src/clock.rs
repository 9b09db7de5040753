//! The time by which the rooms live: it goes as the time of day goes, and does not jump when somebody sets that.
//!
//! A wait of three seconds takes three seconds and no token expires before its time, also when the time of day is
//! put an hour forward or a day back. Where the two differ, ours goes a little faster or slower until they agree; a
//! machine that has slept has grown older by as much. A server that is started takes the time of day.

use std::{
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use rustix::time::{ClockId, clock_gettime};
use trainyard_domain::Timestamp;

/// Of so many seconds, one is made up for or held back. A wait is off by no more than this.
const SLOWNESS: i64 = 50;

/// Counts on while the machine sleeps, and nobody can set it.
#[cfg(target_os = "linux")]
const AGE: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const AGE: ClockId = ClockId::Monotonic;

/// A clock that was set once, when it was made.
pub(crate) struct Steady(Mutex<Reading>);

/// Both in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Reading {
    /// How old the machine is.
    age: i64,
    /// What time we say it is.
    time: i64,
}

impl Steady {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Reading { age: age(), time: time_of_day() }))
    }

    pub(crate) fn now(&self) -> Timestamp {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = last.next(age(), time_of_day());
        Timestamp(last.time / 1_000_000)
    }
}

impl Reading {
    fn next(self, age: i64, time_of_day: i64) -> Self {
        let passed = (age - self.age).max(0);
        let most = passed / SLOWNESS;
        let behind = time_of_day.saturating_sub(self.time + passed);
        Self { age, time: self.time + passed + behind.clamp(-most, most) }
    }
}

/// The time of day, as the machine has it.
pub(crate) fn wall() -> Timestamp {
    Timestamp(time_of_day() / 1_000_000)
}

fn time_of_day() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

fn age() -> i64 {
    let age = clock_gettime(AGE);
    age.tv_sec * 1_000_000_000 + age.tv_nsec
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;
    const HOUR: i64 = 3600 * SECOND;
    const NOON: i64 = 1_000_000 * HOUR;

    /// Looks at the clock every millisecond for so long, while the time of day is ahead by so much.
    fn run(mut reading: Reading, long: i64, ahead: i64) -> Reading {
        let (first, step) = (reading, SECOND / 1000);
        for n in 1..=long / step {
            let age = first.age + n * step;
            let next = reading.next(age, NOON + age + ahead);
            assert!(next.time > reading.time, "it never goes back or stands");
            reading = next;
        }
        reading
    }

    #[test]
    fn three_seconds_are_three_seconds_however_the_time_of_day_jumps() {
        for ahead in [HOUR, -HOUR, 24 * HOUR, -24 * HOUR] {
            let end = run(Reading { age: 0, time: NOON }, 3 * SECOND, ahead);
            let passed = end.time - NOON;
            assert!((passed - 3 * SECOND).abs() <= 3 * SECOND / SLOWNESS, "{passed} after a jump of {ahead}");
        }
    }

    #[test]
    fn it_comes_to_the_time_of_day_and_stays_with_it() {
        for ahead in [SECOND / 2, -SECOND / 2] {
            let end = run(Reading { age: 0, time: NOON }, 60 * SECOND, ahead);
            assert_eq!(end.time, NOON + 60 * SECOND + ahead);
        }
    }
}
