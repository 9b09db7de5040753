//! Reading work.

use std::collections::HashSet;

use rusqlite::{Connection, Row, params};
use trainyard_domain::Timestamp;

use crate::{Agenda, Error, WorkItem};

const DUE: &str = "
select id, due, body, number from work where topic = ?1 and due <= ?2 order by due, number limit ?3";

const NEXT: &str = "select min(due) from work where topic = ?1 and due > ?2";

/// What is due, in order.
pub(crate) fn due(
    connection: &Connection,
    topic: &'static str,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<WorkItem>, Error> {
    let mut statement = connection.prepare_cached(DUE)?;
    let rows = statement.query_map(params![topic, now.millis(), limit], |row| item(topic, row))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What is due but for what is known, and when there will be more. The bodies of what is known are not looked at.
pub(crate) fn agenda(
    connection: &Connection,
    topic: &'static str,
    now: Timestamp,
    (mut known, limit): (HashSet<u64>, usize),
) -> Result<Agenda, Error> {
    let (mut due, mut there) = (Vec::new(), HashSet::new());
    let mut statement = connection.prepare_cached(DUE)?;
    let mut rows = statement.query(params![topic, now.millis(), limit.saturating_add(known.len())])?;
    while due.len() < limit
        && let Some(row) = rows.next()?
    {
        match known.take(&row.get(3)?) {
            Some(number) => drop(there.insert(number)),
            None => due.push(item(topic, row)?),
        }
    }
    Ok(Agenda { due, known: there, next: next_due(connection, topic, now)? })
}

fn item(topic: &'static str, row: &Row<'_>) -> rusqlite::Result<WorkItem> {
    let due = Timestamp(row.get(1)?);
    Ok(WorkItem { topic, id: row.get(0)?, due, body: row.get(2)?, revision: row.get(3)? })
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
