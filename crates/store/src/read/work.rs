//! Reading work.

use std::collections::HashSet;

use rusqlite::{
    Connection, Row, params,
    types::{ToSqlOutput, ValueRef},
};
use trainyard_domain::Timestamp;

use super::text;
use crate::{Agenda, Error, WorkItem, stats::Counters, sum, work::stored};

const DUE: &str = "
select id, due, body, number, sum from work where topic = ?1 and due <= ?2 order by due, number";

const ONE: &str = "select id, due, body, number, sum from work where topic = ?1 and id = ?2";

const NEXT: &str = "select min(due) from work where topic = ?1 and due > ?2";

/// From each lane to the next one, over all the work that there is in it. After a slash comes `0`.
const LANES: &str = "
with recursive lanes (topic) as (
    select min(topic) from work where topic > ?1 || '/' and topic < ?1 || '0'
    union all
    select (select min(w.topic) from work w where w.topic > lanes.topic and w.topic < ?1 || '0')
    from lanes where lanes.topic is not null)
select topic, (select min(w.due) from work w where w.topic = lanes.topic) from lanes where topic is not null
union all select ?1, min(due) from work where topic = ?1 having min(due) is not null";

const IN_PLACE: &str = "select topic, id from work where topic = ?1";

/// An agenda is closed once it holds so many bytes.
const MOST_BYTES: usize = 4 << 20;

/// The sum that is kept beside a piece of work: over its number and due time, and its topic (with its lane), id and
/// body.
pub(crate) fn work_sum((number, due): (u64, i64), texts: [&str; 3]) -> u32 {
    let [topic, id, body] = texts.map(str::as_bytes);
    sum::of(&[&number.to_le_bytes(), &due.to_le_bytes(), topic, id, body])
}

/// What is due, in order. Work that is not what was written is left out, and left where it is.
pub(crate) fn due(
    connection: &Connection,
    counters: &Counters,
    (topic, lane): (&'static str, &str),
    now: Timestamp,
    limit: usize,
) -> Result<Vec<WorkItem>, Error> {
    let mut statement = connection.prepare_cached(DUE)?;
    let mut rows = statement.query(params![stored(topic, lane), now.millis()])?;
    let mut due = Vec::new();
    while due.len() < limit
        && let Some(row) = rows.next()?
    {
        due.extend(item((topic, lane), row, counters));
    }
    Ok(due)
}

/// The work of that id, whenever it is due.
pub(crate) fn one(
    connection: &Connection,
    counters: &Counters,
    (topic, lane): (&'static str, &str),
    id: &str,
) -> Result<Option<WorkItem>, Error> {
    let mut statement = connection.prepare_cached(ONE)?;
    let mut rows = statement.query(params![stored(topic, lane), id])?;
    let row = rows.next()?;
    Ok(row.and_then(|row| item((topic, lane), row, counters)))
}

/// What is due but for what is known, and when there will be more. The bodies of what is known are not looked at.
pub(crate) fn agenda(
    connection: &Connection,
    counters: &Counters,
    (topic, lane): (&'static str, &str),
    now: Timestamp,
    (mut known, limit): (HashSet<u64>, usize),
) -> Result<Agenda, Error> {
    let place = stored(topic, lane);
    let mut agenda = Agenda { next: next_due(connection, &place, now)?, ..Agenda::default() };
    let mut statement = connection.prepare_cached(DUE)?;
    let mut rows = statement.query(params![place, now.millis()])?;
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let number: Option<u64> = row.get(3).ok();
        if let Some(number) = number.and_then(|number| known.take(&number)) {
            agenda.known.insert(number);
            continue;
        }
        if agenda.due.len() >= limit || bytes > MOST_BYTES {
            agenda.more = true;
            break;
        }
        if let Some(item) = item((topic, lane), row, counters) {
            bytes += item.body.len();
            agenda.due.push(item);
        }
    }
    Ok(agenda)
}

/// The lanes in which there is work, each with when the first of it is due. A lane whose name is no text any more is
/// noted and left out: nobody could ask for it.
pub(crate) fn lanes(
    connection: &Connection,
    counters: &Counters,
    topic: &str,
) -> Result<Vec<(String, Timestamp)>, Error> {
    let mut statement = connection.prepare_cached(LANES)?;
    let mut rows = statement.query([topic])?;
    let mut lanes = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(place) = row.get_ref(0)?.as_str().ok() else {
            note_lane(connection, counters, row.get_ref(0)?)?;
            continue;
        };
        let lane = place.get(topic.len() + 1..).unwrap_or_default();
        // When it is due may be no time any more: who asks for the lane finds out what is left.
        lanes.push((lane.to_owned(), Timestamp(row.get(1).unwrap_or_default())));
    }
    Ok(lanes)
}

/// Notes all the work in a lane whose name is no text any more.
fn note_lane(connection: &Connection, counters: &Counters, place: ValueRef<'_>) -> Result<(), Error> {
    let mut statement = connection.prepare_cached(IN_PLACE)?;
    let mut rows = statement.query([ToSqlOutput::Borrowed(place)])?;
    while let Some(row) = rows.next()? {
        counters.unread(&poisoned(text(row, 0), text(row, 1)));
    }
    Ok(())
}

/// The work in a row, if it is what was written. A row that cannot even be taken apart stops no other.
fn item(place: (&'static str, &str), row: &Row<'_>, counters: &Counters) -> Option<WorkItem> {
    if let Ok((item, true)) = written(place, row) {
        return Some(item);
    }
    counters.unread(&poisoned(stored(place.0, place.1).into_owned(), text(row, 0)));
    None
}

fn poisoned(place: String, id: String) -> Error {
    let reason = "its bytes are not those that were written".to_owned();
    Error::Poisoned { kind: "work".to_owned(), scope: place, id, reason }
}

/// What stands in a row, and whether it is what was written.
fn written((topic, lane): (&'static str, &str), row: &Row<'_>) -> rusqlite::Result<(WorkItem, bool)> {
    let (id, due): (String, i64) = (row.get(0)?, row.get(1)?);
    let (body, revision, kept): (String, u64, i64) = (row.get(2)?, row.get(3)?, row.get(4)?);
    let whole = i64::from(work_sum((revision, due), [&stored(topic, lane), &id, &body])) == kept;
    let due = Timestamp(due);
    Ok((WorkItem { topic, lane: lane.to_owned(), id, due, body, revision, spills: false }, whole))
}

/// When the first after `now` is due. A time that is none any more hides others at most until somebody asks for the
/// lanes.
pub(crate) fn next_due(
    connection: &Connection,
    topic: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let next: Option<i64> = connection
        .prepare_cached(NEXT)?
        .query_row(params![topic, now.millis()], |row| Ok(row.get(0).unwrap_or_default()))?;
    Ok(next.map(Timestamp))
}
