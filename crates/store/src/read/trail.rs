//! Reading trails. Unlike a history one may lack records: those before its beginning, which were let go of, and those
//! that are damaged, which are noted and harm no others.

use rusqlite::Connection;

use super::history::{BACKWARD, FORWARD, decode, end, take};
use crate::{Error, Range, Stretch, Trail, stats::Counters};

const TRAILS: &str = "
select h.name, h.id, (select max(r.last) from history_rows r where r.history = h.id)
from histories h where h.name >= ?1 and (?2 is null or h.name < ?2) order by h.name";

const SIZES: &str = "
select r.last, octet_length(r.records)
from histories h cross join history_rows r
where h.name = ?1 and r.history = h.id order by r.last desc";

/// Records from `from` on, or back from it.
pub(crate) fn stretch(
    connection: &Connection,
    counters: &Counters,
    name: &str,
    (from, limit): (u64, usize),
    backward: bool,
) -> Result<Stretch, Error> {
    let end = end(connection, name)?;
    let from = if backward { from.min(end) } else { from };
    let mut statement = connection.prepare_cached(if backward { BACKWARD } else { FORWARD })?;
    let mut rows = statement.query((name, i64::try_from(from).unwrap_or(i64::MAX)))?;
    let mut records = Vec::new();
    while records.len() < limit
        && let Some(row) = rows.next()?
    {
        match decode(name, row) {
            Ok(decoded) => take(&mut records, decoded, (from, limit), backward),
            Err(error) => counters.unread(&error),
        }
    }
    Ok(Stretch { records, end })
}

/// The trails whose names begin so. One whose name is no text any more is nobody's.
pub(crate) fn trails(connection: &Connection, prefix: &str) -> Result<Vec<Trail>, Error> {
    let mut statement = connection.prepare_cached(TRAILS)?;
    let mut rows = statement.query((prefix, Range::prefix(prefix).before))?;
    let mut trails = Vec::new();
    while let Some(row) = rows.next()? {
        let (Ok(name), Ok(Some(end))) = (row.get(0), row.get::<_, Option<u64>>(2)) else { continue };
        trails.push(Trail { name, end, history: row.get(1)? });
    }
    Ok(trails)
}

/// The number before which records are too many, where at most so many with so many bytes are kept; nothing if none are.
/// Rows go as a whole: of the last one nothing does.
pub(crate) fn surplus(
    connection: &Connection,
    name: &str,
    (most, bytes): (usize, u64),
) -> Result<Option<u64>, Error> {
    let mut statement = connection.prepare_cached(SIZES)?;
    let mut rows = statement.query([name])?;
    let (mut end, mut sum) = (None, 0);
    while let Some(row) = rows.next()? {
        // What is no number any more is in nobody's way.
        let Ok(last) = row.get::<_, u64>(0) else { continue };
        let size: u64 = row.get(1).unwrap_or_default();
        sum += size;
        let is_last = end.is_none();
        let kept_from = end.get_or_insert(last).saturating_sub(most as u64);
        if !is_last && (last <= kept_from || sum > bytes) {
            return Ok(Some(last + 1));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::tests::empty;

    #[test]
    fn all_follow_an_index() {
        let connection = empty();
        for text in [TRAILS, SIZES] {
            let mut statement = connection.prepare(&format!("explain query plan {text}")).unwrap();
            let bounds = ["a", "b"];
            let bounds = &bounds[..statement.parameter_count()];
            let rows = statement
                .query_map(rusqlite::params_from_iter(bounds), |row| row.get::<_, String>(3))
                .unwrap();
            let plan = rows.map(Result::unwrap).collect::<Vec<_>>().join("\n");
            assert!(plan.contains("INDEX") && !plan.contains("SCAN") && !plan.contains("B-TREE"), "{plan}");
        }
    }
}
