//! `cron(minutes hours day-of-month month day-of-week year)`.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html#eb-cron-expressions>

use std::collections::BTreeSet;

use jiff::{
    ToSpan,
    civil::{Date, DateTime, Time},
};

use super::{
    Zone,
    field::{DAY_OF_MONTH, DAY_OF_WEEK, HOURS, MINUTES, MONTH, YEAR, number},
};

/// A cron expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cron {
    minutes: BTreeSet<i16>,
    hours: BTreeSet<i16>,
    days: Days,
    months: BTreeSet<i16>,
    years: BTreeSet<i16>,
}

/// Which days of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Days {
    /// `1,15-20`.
    OfMonth(BTreeSet<i16>),
    /// `L`.
    Last,
    /// `15W`: the weekday that is nearest to the 15th, in the same month.
    NearestWeekday(i16),
    /// `LW`.
    LastWeekday,
    /// `MON-FRI`, from 1 for Sunday.
    OfWeek(BTreeSet<i16>),
    /// `6L`: the last Friday.
    LastOfWeek(i16),
    /// `3#2`: the second Tuesday.
    NthOfWeek(i16, i16),
}

impl Cron {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let fields: Vec<_> = text.split_whitespace().collect();
        let [minutes, hours, day_of_month, month, day_of_week, year] = fields[..] else {
            return Err(format!("a cron expression has 6 fields, this one has {}", fields.len()));
        };
        let days = match (day_of_month, day_of_week) {
            ("?", "?") => return Err("only one of the two day fields may be `?`".to_owned()),
            (of_month, "?") => days_of_month(of_month)?,
            ("?", of_week) => days_of_week(of_week)?,
            _ => return Err("one of the two day fields must be `?`".to_owned()),
        };
        Ok(Self {
            minutes: MINUTES.values(minutes)?,
            hours: HOURS.values(hours)?,
            days,
            months: MONTH.values(month)?,
            years: YEAR.values(year)?,
        })
    }

    /// The first moment after `after` in the zone. A time that the zone's clocks jump over is passed over; one that
    /// they show twice counts when they show it first.
    /// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time>
    pub(super) fn next(&self, zone: &Zone, after: i64) -> Option<i64> {
        let next_minute = after.div_euclid(60_000).checked_add(1)?.checked_mul(60_000)?;
        let mut from = zone.shows(next_minute)?;
        if from.second() > 0 {
            // A zone of old, whose clocks were not whole minutes apart.
            from = from.with().second(0).build().ok()?.checked_add(1.minute()).ok()?;
        }
        // Clocks jump or go back by a day at most: each minute of it is looked at once.
        for _ in 0..=2 * 24 * 60 {
            let found = self.next_from(from)?;
            match zone.first(found) {
                Some(moment) if moment > after => return Some(moment),
                _ => from = found.checked_add(1.minute()).ok()?,
            }
        }
        None
    }

    /// The first moment at or after `from`.
    fn next_from(&self, from: DateTime) -> Option<DateTime> {
        for year in self.years.range(from.year()..) {
            for month in &self.months {
                let first = Date::new(*year, i8::try_from(*month).ok()?, 1).ok()?;
                if first.last_of_month() < from.date() {
                    continue;
                }
                for day in self.days.in_month(first) {
                    let time = if day == from.date() {
                        self.time_from(from.time())
                    } else {
                        self.time_from(Time::midnight())
                    };
                    match time {
                        Some(time) if day >= from.date() => return Some(day.to_datetime(time)),
                        _ => {}
                    }
                }
            }
        }
        None
    }

    /// The first time of a day at or after `from`.
    fn time_from(&self, from: Time) -> Option<Time> {
        let (hour, minute) = (i16::from(from.hour()), i16::from(from.minute()));
        let this_hour = self.minutes.range(minute..).next().filter(|_| self.hours.contains(&hour));
        let (hour, minute) = match this_hour {
            Some(minute) => (hour, *minute),
            None => (*self.hours.range(hour + 1..).next()?, *self.minutes.first()?),
        };
        Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
    }
}

fn days_of_month(text: &str) -> Result<Days, String> {
    match text {
        "L" => Ok(Days::Last),
        "LW" => Ok(Days::LastWeekday),
        _ => match text.strip_suffix('W') {
            Some(day) => Ok(Days::NearestWeekday(DAY_OF_MONTH.value(day)?)),
            None => Ok(Days::OfMonth(DAY_OF_MONTH.values(text)?)),
        },
    }
}

fn days_of_week(text: &str) -> Result<Days, String> {
    if text == "L" {
        // The last day of the week.
        return Ok(Days::OfWeek(BTreeSet::from([DAY_OF_WEEK.max])));
    }
    if let Some(day) = text.strip_suffix('L') {
        return Ok(Days::LastOfWeek(DAY_OF_WEEK.value(day)?));
    }
    match text.split_once('#') {
        None => Ok(Days::OfWeek(DAY_OF_WEEK.values(text)?)),
        Some((day, nth)) => {
            let nth = number(nth).filter(|n| (1..=5).contains(n));
            let nth = nth.ok_or_else(|| format!("in `{text}` the number behind `#` is not in 1-5"))?;
            Ok(Days::NthOfWeek(DAY_OF_WEEK.value(day)?, nth))
        }
    }
}

impl Days {
    /// The days of the month that begins with `first`, in order.
    fn in_month(&self, first: Date) -> Vec<Date> {
        let all = first.series(1.day()).take_while(|day| day.month() == first.month());
        let last = first.last_of_month();
        match self {
            Self::OfMonth(days) => all.filter(|day| days.contains(&i16::from(day.day()))).collect(),
            Self::Last => vec![last],
            Self::NearestWeekday(day) => {
                all.filter(|d| i16::from(d.day()) == *day).filter_map(nearest_weekday).collect()
            }
            Self::LastWeekday => nearest_weekday(last).into_iter().collect(),
            Self::OfWeek(days) => all.filter(|day| days.contains(&weekday(*day))).collect(),
            Self::LastOfWeek(wanted) => {
                all.filter(|day| weekday(*day) == *wanted).last().into_iter().collect()
            }
            Self::NthOfWeek(wanted, nth) => all
                .filter(|day| weekday(*day) == *wanted)
                .filter(|day| (i16::from(day.day()) - 1) / 7 + 1 == *nth)
                .collect(),
        }
    }
}

/// From 1 for Sunday, as in the expression.
fn weekday(day: Date) -> i16 {
    i16::from(day.weekday().to_sunday_one_offset())
}

/// Monday to Friday: the nearest to `day` that is in its month.
fn nearest_weekday(day: Date) -> Option<Date> {
    let candidates = [0, -1, 1, -2, 2].map(|days| day.checked_add(days.days()).ok());
    candidates.into_iter().flatten().find(|d| d.month() == day.month() && (2..=6).contains(&weekday(*d)))
}
