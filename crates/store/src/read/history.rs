//! Reading histories.

use rusqlite::{Connection, Row};
use serde_json::value::RawValue;

use crate::{Error, sum};

/// How a history row holds its records: 1 is a JSON array of them.
pub(crate) const HISTORY_FORMAT: u32 = 1;

pub(super) const FORWARD: &str = "
select r.history, r.first, r.last, r.format, r.sum, r.records
from histories h cross join history_rows r
where h.name = ?1 and r.history = h.id and r.last >= ?2
order by r.last";

pub(super) const BACKWARD: &str = "
select r.history, r.first, r.last, r.format, r.sum, r.records
from histories h cross join history_rows r
where h.name = ?1 and r.history = h.id
  and r.last <= (select min(e.last) from history_rows e where e.history = h.id and e.last >= ?2)
order by r.last desc";

const END: &str = "
select max(r.last) from histories h cross join history_rows r where h.name = ?1 and r.history = h.id";

/// The sum that is kept beside a history's name.
pub(crate) fn name_sum(history: i64, name: &str) -> u32 {
    sum::of(&[&history.to_le_bytes(), name.as_bytes()])
}

/// The sum that is kept beside a history row.
pub(crate) fn history_sum(history: i64, first: u64, last: u64, records: &str) -> u32 {
    let format = HISTORY_FORMAT.to_le_bytes();
    sum::of(&[&history.to_le_bytes(), &first.to_le_bytes(), &last.to_le_bytes(), &format, records.as_bytes()])
}

/// Records from `from` on, or back from it.
pub(crate) fn history(
    connection: &Connection,
    name: &str,
    from: u64,
    limit: usize,
    backward: bool,
) -> Result<Vec<(u64, String)>, Error> {
    let from = if backward { from.min(end(connection, name)?) } else { from };
    let mut statement = connection.prepare_cached(if backward { BACKWARD } else { FORWARD })?;
    let mut rows = statement.query((name, i64::try_from(from).unwrap_or(i64::MAX)))?;
    let mut found: Vec<(u64, String)> = Vec::new();
    while found.len() < limit
        && let Some(row) = rows.next()?
    {
        let records = decode(name, row)?;
        gapless(name, (found.last().map(|(number, _)| *number), from), &records, backward)?;
        take(&mut found, records, (from, limit), backward);
    }
    Ok(found)
}

/// Takes those of a row's records that are wanted.
pub(super) fn take(
    found: &mut Vec<(u64, String)>,
    mut records: Vec<(u64, String)>,
    (from, limit): (u64, usize),
    backward: bool,
) {
    if backward {
        records.reverse();
        records.retain(|(number, _)| *number <= from);
    } else {
        records.retain(|(number, _)| *number >= from);
    }
    records.truncate(limit - found.len());
    found.append(&mut records);
}

/// What is next must follow what came before it, or hold what was asked for: a row between them may be lost.
fn gapless(
    name: &str,
    (last, from): (Option<u64>, u64),
    records: &[(u64, String)],
    backward: bool,
) -> Result<(), Error> {
    let numbers =
        records.first().map_or(0, |(number, _)| *number)..=records.last().map_or(0, |(number, _)| *number);
    let wanted = match last {
        Some(last) if backward => last - 1,
        Some(last) => last + 1,
        None => from.max(1),
    };
    if numbers.contains(&wanted) {
        return Ok(());
    }
    let reason = format!("record {wanted} is missing");
    Err(Error::Poisoned {
        kind: "history".to_owned(),
        scope: name.to_owned(),
        id: wanted.to_string(),
        reason,
    })
}

pub(super) fn end(connection: &Connection, name: &str) -> Result<u64, Error> {
    let last: Option<u64> = connection.prepare_cached(END)?.query_row([name], |row| row.get(0))?;
    Ok(last.unwrap_or(0))
}

pub(super) fn decode(name: &str, row: &Row<'_>) -> Result<Vec<(u64, String)>, Error> {
    let first: u64 = row.get(1).unwrap_or_default();
    let (kind, scope, id) = ("history".to_owned(), name.to_owned(), first.to_string());
    let records = written(row, first).and_then(|text| {
        let records: Vec<&RawValue> = serde_json::from_str(text).map_err(|e| e.to_string())?;
        Ok((first..).zip(records).map(|(number, record)| (number, record.get().to_owned())).collect())
    });
    records.map_err(|reason| Error::Poisoned { kind, scope, id, reason })
}

/// The records of a row, if they are what was written.
fn written<'r>(row: &'r Row<'_>, first: u64) -> Result<&'r str, String> {
    let trouble = |e: rusqlite::Error| e.to_string();
    let (history, last): (i64, u64) = (row.get(0).map_err(trouble)?, row.get(2).map_err(trouble)?);
    let (format, kept): (u32, i64) = (row.get(3).map_err(trouble)?, row.get(4).map_err(trouble)?);
    let text = row.get_ref(5).map_err(trouble)?.as_str().map_err(|e| e.to_string())?;
    if format != HISTORY_FORMAT {
        return Err(format!("its format {format} is of a newer trainyard"));
    }
    if i64::from(history_sum(history, first, last, text)) != kept {
        return Err("its bytes are not those that were written".to_owned());
    }
    Ok(text)
}
