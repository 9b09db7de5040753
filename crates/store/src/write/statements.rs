//! The statements of a batch, each for a row. Only what Postgres has too, but for `insert or replace`, which is
//! `on conflict do update` there.

use rusqlite::{Connection, Params, params};

use super::rows::{Known, Name, Stored, StoredHistory, Touched, Write};
use crate::{Error, read::text};

const DOCUMENT: &str = "select version, keys from documents where kind = ?1 and scope = ?2 and id = ?3";

const HISTORY: &str = "
select id, (select max(last) from history_rows where history = histories.id) from histories where name = ?1";

const REMOVE: &str = "delete from documents where kind = ?1 and scope = ?2 and id = ?3";

const PUT: &str = "
insert into documents (kind, scope, id, version, format, sum, keys, body) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
on conflict (kind, scope, id) do update set version = excluded.version, format = excluded.format,
    sum = excluded.sum, keys = excluded.keys, body = excluded.body";

const UNKEY: &str = "
delete from document_keys where kind = ?1 and scope = ?2 and key = ?3 and value = ?4 and id = ?5";

const KEY: &str = "
insert into document_keys (kind, scope, key, value, id) values (?1, ?2, ?3, ?4, ?5) on conflict do nothing";

const NEW_HISTORY: &str = "insert into histories (id, name, sum) values (?1, ?2, ?3)";

const APPEND: &str = "
insert into history_rows (history, first, last, format, sum, records) values (?1, ?2, ?3, ?4, ?5, ?6)";

const END_WORK: &str = "delete from work where topic = ?1 and id = ?2";

const FINISH_WORK: &str = "delete from work where topic = ?1 and id = ?2 and number = ?3";

const WORK: &str = "
insert or replace into work (number, topic, id, due, body, sum) values (?1, ?2, ?3, ?4, ?5, ?6)";

const TRIM: &str = "delete from documents where kind = ?1 and scope = ?2 and id < ?3";

const SHORTEN: &str = "
delete from history_rows where history = (select id from histories where name = ?1) and last < ?2
returning place";

/// A trail of which nothing is left has no name either.
const FORGET: &str = "
delete from histories where name = ?1 and not exists (
    select 1 from history_rows where history = histories.id)";

/// A transaction that has the right to write from its beginning. What is not committed is undone.
pub(crate) struct Transaction<'c>(&'c Connection);

impl<'c> Transaction<'c> {
    pub(crate) fn begin(connection: &'c Connection) -> Result<Self, Error> {
        connection.prepare_cached("begin immediate")?.execute([])?;
        Ok(Self(connection))
    }

    /// After `Ok` it is on disk.
    pub(crate) fn commit(self) -> Result<(), Error> {
        self.0.prepare_cached("commit")?.execute([])?;
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // What SQLite has undone by itself needs no more; and if this fails, the next one cannot begin.
        if !self.0.is_autocommit() {
            let _ = self.0.execute_batch("rollback");
        }
    }
}

/// What the store holds of all that the batch touches.
pub(crate) fn known(connection: &Connection, touched: &Touched<'_>) -> Result<Known, Error> {
    let documents = touched.documents.iter().map(|name| document(connection, *name));
    let histories = touched.histories.iter().map(|name| history(connection, name));
    Ok(Known {
        documents: documents.collect::<Result<_, _>>()?,
        histories: histories.collect::<Result<_, _>>()?,
    })
}

fn document(connection: &Connection, name: Name<'_>) -> Result<Option<Stored>, Error> {
    let mut statement = connection.prepare_cached(DOCUMENT)?;
    let mut rows = statement.query(name)?;
    let Some(row) = rows.next()? else { return Ok(None) };
    // A damaged row can still be replaced or removed: its keys stay behind in the index, and nobody expects version 0.
    let version = row.get(0).unwrap_or_default();
    let keys = serde_json::from_str(&text(row, 1)).unwrap_or_default();
    Ok(Some(Stored { version, keys }))
}

fn history(connection: &Connection, name: &str) -> Result<Option<StoredHistory>, Error> {
    let mut statement = connection.prepare_cached(HISTORY)?;
    let mut rows = statement.query([name])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let last: Option<u64> = row.get(1)?;
    Ok(Some(StoredHistory { id: row.get(0)?, next: last.unwrap_or(0) + 1 }))
}

/// Writes the merged result of a batch; gives the places of history rows that are gone.
pub(crate) fn write(connection: &Connection, write: &Write<'_>) -> Result<Vec<i64>, Error> {
    let all = All(connection);
    all.of(UNKEY, &write.unkeyed, |row| (row.name.0, row.name.1, row.key, row.value, row.name.2))?;
    all.of(REMOVE, &write.removed, |name| *name)?;
    all.of(PUT, &write.put, |row| {
        let (kind, scope, id) = row.name;
        (kind, scope, id, row.version, row.format, row.sum, &row.keys, row.body)
    })?;
    all.of(KEY, &write.keyed, |row| (row.name.0, row.name.1, row.key, row.value, row.name.2))?;
    all.of(NEW_HISTORY, &write.histories, |row| (row.id, row.name, row.sum))?;
    all.of(APPEND, &write.appended, |row| {
        (row.history, row.first, row.last, row.format, row.sum, &row.records)
    })?;
    let (finished, ended): (Vec<_>, Vec<_>) = write.ended.iter().partition(|(.., number)| number.is_some());
    all.of(END_WORK, &ended, |(topic, id, _)| (topic, id))?;
    all.of(FINISH_WORK, &finished, |(topic, id, number)| (topic, id, number))?;
    all.of(TRIM, &write.trimmed, |name| *name)?;
    all.of(WORK, &write.work, |row| (row.number, &row.topic, row.id, row.due, row.body, row.sum))?;
    shorten(connection, &write.shortened)
}

fn shorten(connection: &Connection, shortened: &[(&str, u64)]) -> Result<Vec<i64>, Error> {
    let mut gone = Vec::new();
    for (trail, before) in shortened {
        let mut statement = connection.prepare_cached(SHORTEN)?;
        let places = statement.query_map(params![trail, before], |row| row.get::<_, i64>(0))?;
        gone.extend(places.collect::<Result<Vec<_>, _>>()?);
    }
    All(connection).of(FORGET, shortened, |(trail, _)| [*trail])?;
    Ok(gone)
}

/// Where statements are executed.
struct All<'c>(&'c Connection);

impl All<'_> {
    /// Executes the statement for each of the rows.
    fn of<'r, T, P: Params>(
        &self,
        statement: &str,
        rows: &'r [T],
        values: impl Fn(&'r T) -> P,
    ) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut statement = self.0.prepare_cached(statement)?;
        for row in rows {
            statement.execute(values(row))?;
        }
        Ok(())
    }
}
