//! `at(yyyy-mm-ddThh:mm:ss)`: once, by the zone's own time.
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#one-time>

use jiff::civil::DateTime;

use super::Zone;

/// One moment of a calendar and a clock on the wall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct At(DateTime);

/// The one form there is: `0` stands for a digit.
const FORM: &str = "0000-00-00T00:00:00";

impl At {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let fits =
            |(given, form): (u8, u8)| if form == b'0' { given.is_ascii_digit() } else { given == form };
        let formed = text.len() == FORM.len() && text.bytes().zip(FORM.bytes()).all(fits);
        if !formed {
            return Err(format!("`{text}` is not of the form yyyy-mm-ddThh:mm:ss, without a zone"));
        }
        text.parse().map(Self).map_err(|_| format!("there is no such date and time as `{text}`"))
    }

    /// The moment, if it is after `after`. One that the clocks jump over is as much later as they jump: what is to be
    /// done once is done.
    pub(super) fn next(&self, zone: &Zone, after: i64) -> Option<i64> {
        zone.moment(self.0).filter(|moment| *moment > after)
    }
}
