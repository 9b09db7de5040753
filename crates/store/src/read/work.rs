//! Reading work.

use std::collections::HashSet;

use rusqlite::{Connection, Row, params};
use trainyard_domain::Timestamp;

use crate::{Agenda, Error, WorkItem, stats::Counters, sum};

const DUE: &str = "
select id, due, body, number, sum from work where topic = ?1 and due <= ?2 order by due, number";

const NEXT: &str = "select min(due) from work where topic = ?1 and due > ?2";

/// The sum that is kept beside a piece of work: over its number and due time, and its topic, id and body.
pub(crate) fn work_sum((number, due): (u64, i64), texts: [&str; 3]) -> u32 {
    let [topic, id, body] = texts.map(str::as_bytes);
    sum::of(&[&number.to_le_bytes(), &due.to_le_bytes(), topic, id, body])
}

/// What is due, in order. Work that is not what was written is left out, and left where it is.
pub(crate) fn due(
    connection: &Connection,
    counters: &Counters,
    topic: &'static str,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<WorkItem>, Error> {
    let mut statement = connection.prepare_cached(DUE)?;
    let mut rows = statement.query(params![topic, now.millis()])?;
    let mut due = Vec::new();
    while due.len() < limit
        && let Some(row) = rows.next()?
    {
        due.extend(item(topic, row, counters)?);
    }
    Ok(due)
}

/// What is due but for what is known, and when there will be more. The bodies of what is known are not looked at.
pub(crate) fn agenda(
    connection: &Connection,
    counters: &Counters,
    topic: &'static str,
    now: Timestamp,
    (mut known, limit): (HashSet<u64>, usize),
) -> Result<Agenda, Error> {
    let (mut due, mut there) = (Vec::new(), HashSet::new());
    let mut statement = connection.prepare_cached(DUE)?;
    let mut rows = statement.query(params![topic, now.millis()])?;
    while due.len() < limit
        && let Some(row) = rows.next()?
    {
        let number: Option<u64> = row.get(3).ok();
        match number.and_then(|number| known.take(&number)) {
            Some(number) => drop(there.insert(number)),
            None => due.extend(item(topic, row, counters)?),
        }
    }
    Ok(Agenda { due, known: there, next: next_due(connection, topic, now)? })
}

/// The work in a row, if it is what was written. A row that cannot even be taken apart stops no other.
fn item(topic: &'static str, row: &Row<'_>, counters: &Counters) -> Result<Option<WorkItem>, Error> {
    if let Ok((item, true)) = written(topic, row) {
        return Ok(Some(item));
    }
    let id = String::from_utf8_lossy(row.get_ref(0)?.as_bytes().unwrap_or_default()).into_owned();
    let reason = "its bytes are not those that were written".to_owned();
    let (kind, scope) = ("work".to_owned(), topic.to_owned());
    counters.unread(&Error::Poisoned { kind, scope, id, reason });
    Ok(None)
}

/// What stands in a row, and whether it is what was written.
fn written(topic: &'static str, row: &Row<'_>) -> rusqlite::Result<(WorkItem, bool)> {
    let (id, due): (String, i64) = (row.get(0)?, row.get(1)?);
    let (body, revision, kept): (String, u64, i64) = (row.get(2)?, row.get(3)?, row.get(4)?);
    let whole = i64::from(work_sum((revision, due), [topic, &id, &body])) == kept;
    Ok((WorkItem { topic, id, due: Timestamp(due), body, revision }, whole))
}

/// When the first after `now` is due.
pub(crate) fn next_due(
    connection: &Connection,
    topic: &'static str,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let next: Option<i64> =
        connection.prepare_cached(NEXT)?.query_row(params![topic, now.millis()], |row| row.get(0))?;
    Ok(next.map(Timestamp))
}
