//! Time zones, by their names in the IANA database.

use std::fmt;

use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase},
};

/// A time zone. Its rules are in the binary and not the machine's: a machine without them has the same times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// There is no time zone of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time zone of the IANA database, such as Europe/Rome")]
pub struct UnknownZone(pub String);

/// A zone's own time at a moment: `2026-03-29 03:00:00 CEST`.
struct Shown(Timestamp, TimeZone);

impl Zone {
    /// Coordinated Universal Time.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The zone of that name, such as `Europe/Rome`; the case of its letters does not count.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        // The database takes names that no zone has for files that are not there.
        let zone = TimeZoneDatabase::bundled().get(name);
        zone.map(Self).map_err(|_| UnknownZone(name.to_owned()))
    }

    /// The zone of a machine, as its own settings name it.
    pub fn of_machine(zone: TimeZone) -> Self {
        Self(zone)
    }

    /// The zone's own time at a moment in milliseconds since the Unix epoch: `2026-03-29 03:00:00 CEST`.
    pub fn show(&self, moment: i64) -> String {
        match Timestamp::from_millisecond(moment) {
            Ok(moment) => Shown(moment, self.0.clone()).to_string(),
            Err(_) => moment.to_string(),
        }
    }

    /// What calendar and clock show at a moment.
    pub(super) fn shows(&self, moment: i64) -> Option<DateTime> {
        Some(self.0.to_datetime(Timestamp::from_millisecond(moment).ok()?))
    }

    /// When calendar and clock show this for the first time; `None` where the clocks jump over it.
    pub(super) fn first(&self, shown: DateTime) -> Option<i64> {
        let offset = match self.0.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Fold { before, .. } => before,
            AmbiguousOffset::Gap { .. } => return None,
        };
        offset.to_timestamp(shown).ok().map(Timestamp::as_millisecond)
    }

    /// The same, but where the clocks jump over it, as much later as they jump.
    pub(super) fn moment(&self, shown: DateTime) -> Option<i64> {
        self.0.to_ambiguous_timestamp(shown).compatible().ok().map(Timestamp::as_millisecond)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(moment, zone) = self;
        write!(f, "{}", moment.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z"))
    }
}
