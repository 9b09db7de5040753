//! Our cron expressions beside another reading of them, by the crate croner.
//!
//! Where the two are known to differ, AWS's (Quartz's) way is ours and the other is not asked:
//! * `0/15` is refused by croner: it gets `0-59/15`;
//! * `?` is written `*` for it;
//! * a range that runs over the end (`FRI-MON`) is refused by it;
//! * `31W` in a month of 30 days is no day for us and the last weekday for it;
//! * a time that the clocks of a zone jump over is passed over by us, and made up for after the jump by it;
//! * a time that they show twice comes once with us.

use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;

use super::*;

/// The same expression for both: ours, and croner's of seven fields.
#[derive(Debug, Clone)]
struct Twins {
    ours: String,
    theirs: String,
}

/// A list of values, ranges and steps, which is written the same in both but for steps from a value.
fn field(min: u16, max: u16) -> impl Strategy<Value = (String, String)> {
    let one = (min..=max).prop_map(|v| (v.to_string(), v.to_string()));
    let range = (min..=max, min..=max).prop_map(|(a, b)| {
        let range = format!("{}-{}", a.min(b), a.max(b));
        (range.clone(), range)
    });
    let from =
        (min..=max, 1..=max).prop_map(move |(a, step)| (format!("{a}/{step}"), format!("{a}-{max}/{step}")));
    let every = (1..=max).prop_map(|step| (format!("*/{step}"), format!("*/{step}")));
    let part = prop_oneof![4 => one, 2 => range, 1 => from, 1 => every];
    let list = proptest::collection::vec(part, 1..4).prop_map(|parts| {
        let (ours, theirs): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        (ours.join(","), theirs.join(","))
    });
    prop_oneof![1 => Just(("*".to_owned(), "*".to_owned())), 4 => list]
}

/// Day of month, and day of week.
fn days() -> impl Strategy<Value = [(String, String); 2]> {
    let none = || ("?".to_owned(), "*".to_owned());
    let same = |text: String| (text.clone(), text);
    let month = prop_oneof![
        4 => field(1, 31),
        1 => Just(same("L".to_owned())),
        1 => Just(same("LW".to_owned())),
        1 => (1..=28_u16).prop_map(move |day| same(format!("{day}W"))),
    ];
    let week = prop_oneof![
        3 => field(1, 7),
        1 => (1..=7_u16, 1..=5_u16).prop_map(move |(day, nth)| same(format!("{day}#{nth}"))),
        1 => (1..=7_u16).prop_map(move |day| same(format!("{day}L"))),
        1 => proptest::sample::select(vec!["MON-FRI", "SUN", "tue,SAT"]).prop_map(move |d| same(d.to_owned())),
    ];
    prop_oneof![month.prop_map(move |m| [m, none()]), week.prop_map(move |w| [none(), w])]
}

fn twins() -> impl Strategy<Value = Twins> {
    let years = prop_oneof![Just("*".to_owned()), (2024..2040_u16).prop_map(|y| format!("{y}-{}", y + 3))];
    (field(0, 59), field(0, 23), days(), field(1, 12), years).prop_map(
        |(minutes, hours, [day, weekday], month, year)| {
            let text = |of: fn(&(String, String)) -> &String| {
                [&minutes, &hours, &day, &month, &weekday].map(|field| of(field).as_str()).join(" ")
            };
            Twins {
                ours: format!("cron({} {year})", text(|f| &f.0)),
                theirs: format!("0 {} {year}", text(|f| &f.1)),
            }
        },
    )
}

fn theirs(text: &str, zone: TimeZone, after: i64) -> Option<i64> {
    let parser = CronParser::builder().seconds(Seconds::Required).year(Year::Required);
    let cron = parser.alternative_weekdays(true).dom_and_dow(true).build().parse(text).unwrap();
    let after = Timestamp::from_millisecond(after).unwrap().to_zoned(zone);
    cron.find_next_occurrence(&after, false).ok().map(|next| next.timestamp().as_millisecond())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn both_find_the_same_moments(twins in twins(), after in 1_700_000_000_000..2_200_000_000_000_i64) {
        let ours = twins.ours.parse::<Schedule>().unwrap().next(0, after);
        // What is years away, or never, it gives up looking for.
        if let Some(theirs) = theirs(&twins.theirs, TimeZone::UTC, after) {
            prop_assert_eq!(ours, Some(theirs), "{:?} after {}", twins, after);
        } else {
            prop_assert!(ours.is_none_or(|found| found - after > 366 * 86_400_000), "{:?} {:?}", twins, ours);
        }
    }

    #[test]
    fn both_find_the_same_moments_in_zones(
        zone in proptest::sample::select(vec!["Europe/Rome", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]),
        [day, weekday] in days(),
        after in 1_700_000_000_000..2_200_000_000_000_i64,
    ) {
        // At noon: no clock of these zones is changed then.
        let expression = format!("cron(0 12 {} * {} *)", day.0, weekday.0);
        let other = format!("0 0 12 {} * {} *", day.1, weekday.1);
        let ours = Schedule::of_scheduler(&expression).unwrap().next_in(&Zone::named(zone).unwrap(), 0, after);
        prop_assert_eq!(ours, theirs(&other, TimeZone::get(zone).unwrap(), after), "{} in {}", expression, zone);
    }
}
