//! Reading work.

use rusqlite::{Connection, params};
use trainyard_domain::Timestamp;

use crate::{Error, WorkItem};

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
    let rows = statement.query_map(params![topic, now.millis(), limit], |row| {
        let due = Timestamp(row.get(1)?);
        Ok(WorkItem { topic, id: row.get(0)?, due, body: row.get(2)?, revision: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
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
