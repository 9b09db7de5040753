//! The statements of a batch. Each is one whatever the batch holds: its rows come as one JSON argument, and their
//! long texts as one argument of bytes.
//!
//! Only what Postgres has too: `json_each` becomes `json_array_elements`, a cast of bytes to text `convert_from`;
//! `->>`, `substr` of bytes and `on conflict` stay.

use rusqlite::{Connection, params};
use serde::Serialize;

use super::rows::{Known, Stored, StoredHistory, Texts, Touched, Write};
use crate::{Error, changes::to_json, read::text};

const DOCUMENTS: &str = "
select j.key, d.version, d.keys from json_each(?1) j cross join documents d
where d.kind = j.value ->> 0 and d.scope = j.value ->> 1 and d.id = j.value ->> 2";

const HISTORIES: &str = "
select j.key, h.id, (select max(r.last) from history_rows r where r.history = h.id)
from json_each(?1) j cross join histories h where h.name = j.value";

const REMOVE: &str = "
delete from documents where place in (
    select d.place from json_each(?1) j cross join documents d
    where d.kind = j.value ->> 0 and d.scope = j.value ->> 1 and d.id = j.value ->> 2)";

const PUT: &str = "
insert into documents (kind, scope, id, version, format, sum, keys, body)
select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
       cast(substr(?2, value ->> 7, value ->> 8) as text)
from json_each(?1) where true
on conflict (kind, scope, id) do update set version = excluded.version, format = excluded.format,
    sum = excluded.sum, keys = excluded.keys, body = excluded.body";

const UNKEY: &str = "
delete from document_keys where (kind, scope, key, value, id) in (
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 from json_each(?1))";

const KEY: &str = "
insert into document_keys (kind, scope, key, value, id)
select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
from json_each(?1) where true on conflict do nothing";

const NEW_HISTORIES: &str = "
insert into histories (id, name, sum) select value ->> 0, value ->> 1, value ->> 2 from json_each(?1)";

const APPEND: &str = "
insert into history_rows (history, first, last, format, sum, records)
select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4,
       cast(substr(?2, value ->> 5, value ->> 6) as text)
from json_each(?1)";

const END_WORK: &str = "
delete from work where number in (
    select w.number from json_each(?1) j cross join work w
    where w.topic = j.value ->> 0 and w.id = j.value ->> 1
      and (j.value ->> 2 is null or w.number = j.value ->> 2))";

const WORK: &str = "
insert into work (number, topic, id, due, body, sum)
select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 from json_each(?1)";

const TRIM: &str = "
delete from documents where place in (
    select d.place from json_each(?1) j cross join documents d
    where d.kind = j.value ->> 0 and d.scope = j.value ->> 1 and d.id < j.value ->> 2)";

const SHORTEN: &str = "
delete from history_rows where place in (
    select r.place from json_each(?1) j cross join histories h cross join history_rows r
    where h.name = j.value ->> 0 and r.history = h.id and r.last < j.value ->> 1)
returning place";

/// A trail of which nothing is left has no name either.
const FORGET: &str = "
delete from histories where id in (
    select h.id from json_each(?1) j cross join histories h
    where h.name = j.value ->> 0 and not exists (select 1 from history_rows r where r.history = h.id))";

/// What the store holds of all that the batch touches.
pub(crate) fn known(connection: &Connection, touched: &Touched<'_>) -> Result<Known, Error> {
    let mut known = Known {
        documents: vec![None; touched.documents.len()],
        histories: vec![None; touched.histories.len()],
    };
    if !touched.documents.is_empty() {
        let mut statement = connection.prepare_cached(DOCUMENTS)?;
        let mut rows = statement.query([to_json(&touched.documents)?])?;
        while let Some(row) = rows.next()? {
            // A damaged row can still be replaced or removed: its keys stay behind in the index, and nobody expects
            // version 0.
            let keys = serde_json::from_str(&text(row, 2)).unwrap_or_default();
            let version = row.get(1).unwrap_or_default();
            known.documents[row.get::<_, usize>(0)?] = Some(Stored { version, keys });
        }
    }
    if !touched.histories.is_empty() {
        let mut statement = connection.prepare_cached(HISTORIES)?;
        let mut rows = statement.query([to_json(&touched.histories)?])?;
        while let Some(row) = rows.next()? {
            let last: Option<u64> = row.get(2)?;
            let next = last.unwrap_or(0) + 1;
            known.histories[row.get::<_, usize>(0)?] = Some(StoredHistory { id: row.get(1)?, next });
        }
    }
    Ok(known)
}

/// Writes the merged result of a batch; gives the places of history rows that are gone.
pub(crate) fn write(connection: &Connection, write: &Write<'_>) -> Result<Vec<i64>, Error> {
    all(connection, UNKEY, &write.unkeyed, None)?;
    all(connection, REMOVE, &write.removed, None)?;
    all(connection, PUT, &write.put, Some(&write.bodies))?;
    all(connection, KEY, &write.keyed, None)?;
    all(connection, NEW_HISTORIES, &write.histories, None)?;
    all(connection, APPEND, &write.appended, Some(&write.records))?;
    all(connection, END_WORK, &write.ended, None)?;
    all(connection, TRIM, &write.trimmed, None)?;
    all(connection, WORK, &write.work, None)?;
    shorten(connection, &write.shortened)
}

fn shorten(connection: &Connection, shortened: &[(&str, u64)]) -> Result<Vec<i64>, Error> {
    if shortened.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare_cached(SHORTEN)?;
    let gone = statement.query_map([to_json(shortened)?], |row| row.get(0))?.collect::<Result<_, _>>()?;
    all(connection, FORGET, shortened, None)?;
    Ok(gone)
}

fn all<T: Serialize>(
    connection: &Connection,
    statement: &str,
    rows: &[T],
    texts: Option<&Texts>,
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let (mut statement, rows) = (connection.prepare_cached(statement)?, to_json(rows)?);
    match texts {
        Some(texts) => statement.execute(params![rows, texts.bytes()])?,
        None => statement.execute([rows])?,
    };
    Ok(())
}
