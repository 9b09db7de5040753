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

/// The bodies themselves are not read: a row's head says how long they are.
const WEIGH: &str = "
select count(*), coalesce(sum(octet_length(body)), 0) from documents where kind = ?1 and scope = ?2";

/// How many documents of the kind are in the scope, and how many bytes their bodies have.
pub(crate) fn weigh(connection: &Connection, kind: &str, scope: &str) -> Result<(u64, u64), Error> {
    let mut statement = connection.prepare_cached(WEIGH)?;
    Ok(statement.query_row([kind, scope], |row| Ok((row.get(0)?, row.get(1)?)))?)
}
