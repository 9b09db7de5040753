//! Reading work.

use std::collections::HashSet;

use rusqlite::{Connection, Row, params};
use trainyard_domain::Timestamp;

use crate::{Agenda, Error, WorkItem, stats::Counters, sum, work::stored};

const DUE: &str = "
select id, due, body, number, sum from work where topic = ?1 and due <= ?2 order by due, number";

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
        due.extend(item((topic, lane), row, counters)?);
    }
    Ok(due)
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
        if let Some(item) = item((topic, lane), row, counters)? {
            bytes += item.body.len();
            agenda.due.push(item);
        }
    }
    Ok(agenda)
}

/// The lanes in which there is work, each with when the first of it is due.
pub(crate) fn lanes(connection: &Connection, topic: &str) -> Result<Vec<(String, Timestamp)>, Error> {
    let mut statement = connection.prepare_cached(LANES)?;
    let mut rows = statement.query([topic])?;
    let mut lanes = Vec::new();
    while let Some(row) = rows.next()? {
        let (place, due): (String, i64) = (row.get(0)?, row.get(1)?);
        let lane = place.get(topic.len() + 1..).unwrap_or_default();
        lanes.push((lane.to_owned(), Timestamp(due)));
    }
    Ok(lanes)
}

/// The work in a row, if it is what was written. A row that cannot even be taken apart stops no other.
fn item(place: (&'static str, &str), row: &Row<'_>, counters: &Counters) -> Result<Option<WorkItem>, Error> {
    if let Ok((item, true)) = written(place, row) {
        return Ok(Some(item));
    }
    let id = String::from_utf8_lossy(row.get_ref(0)?.as_bytes().unwrap_or_default()).into_owned();
    let reason = "its bytes are not those that were written".to_owned();
    let (kind, scope) = ("work".to_owned(), stored(place.0, place.1).into_owned());
    counters.unread(&Error::Poisoned { kind, scope, id, reason });
    Ok(None)
}

/// What stands in a row, and whether it is what was written.
fn written((topic, lane): (&'static str, &str), row: &Row<'_>) -> rusqlite::Result<(WorkItem, bool)> {
    let (id, due): (String, i64) = (row.get(0)?, row.get(1)?);
    let (body, revision, kept): (String, u64, i64) = (row.get(2)?, row.get(3)?, row.get(4)?);
    let whole = i64::from(work_sum((revision, due), [&stored(topic, lane), &id, &body])) == kept;
    let due = Timestamp(due);
    Ok((WorkItem { topic, lane: lane.to_owned(), id, due, body, revision, spills: false }, whole))
}

/// When the first after `now` is due.
pub(crate) fn next_due(
    connection: &Connection,
    topic: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let next: Option<i64> =
        connection.prepare_cached(NEXT)?.query_row(params![topic, now.millis()], |row| row.get(0))?;
    Ok(next.map(Timestamp))
}
