//! Counting documents.

use rusqlite::{Connection, params};

use crate::{Error, Range};

const COUNT: &str = "
select count(*) from document_keys
where kind = ?1 and scope = ?2 and key = ?3 and value >= ?4
    and (?5 is null or value > ?5) and (?6 is null or value < ?6)";

/// How many documents have a value of the key in the range.
pub(crate) fn count(
    connection: &Connection,
    kind: &str,
    (scope, key): (&str, &str),
    range: &Range,
) -> Result<u64, Error> {
    let mut statement = connection.prepare_cached(COUNT)?;
    let from = range.from.as_deref().unwrap_or_default();
    let bounds = params![kind, scope, key, from, range.after, range.before];
    Ok(statement.query_row(bounds, |row| row.get(0))?)
}
