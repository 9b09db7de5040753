//! Looks through a store before it is used: every row's sum, and whether the indexes say what the tables say.
//!
//! What an index or a list of keys lost is made anew from the rows. A row that is not what was written is left where it
//! is, told of, and harms nobody else. A large store is not looked through at the start, since somebody waits for it:
//! its rows are still checked one by one as they are read.

use rusqlite::{Connection, Row, types::ValueRef};

use crate::{
    Error,
    damage::Damage,
    place::Place,
    read::{document_sum, history_sum, name_sum, work_sum},
};

/// A store of more bytes is not looked through at the start.
const MOST_BYTES: u64 = 64 << 20;

/// Rows, unlike indexes, are read in the order in which they lie: the index is what is in question.
const DOCUMENTS: &str =
    "select kind, scope, id, version, format, sum, keys, body, place from documents not indexed";
const HISTORIES: &str = "select id, name, sum from histories not indexed";
const HISTORY_ROWS: &str = "select history, first, last, sum, records, place from history_rows not indexed";
const WORK: &str = "select number, topic, id, due, body, sum from work not indexed";

/// Keys as the documents have them, beside keys as they are kept: the rows that only one side has.
const STRAY_KEYS: &str = "
with kept as (select kind, scope, key, value, id from document_keys),
     said as (select d.kind, d.scope, k.key, v.value, d.id
              from documents d, json_each(d.keys) k, json_each(k.value) v)
select count(*) from (select * from (select * from kept except select * from said)
                      union all select * from (select * from said except select * from kept))";

const NEW_KEYS: &str = "
delete from document_keys;
insert or ignore into document_keys (kind, scope, key, value, id)
select d.kind, d.scope, k.key, v.value, d.id from documents d, json_each(d.keys) k, json_each(k.value) v;";

/// Looks through the store. What is wrong and stays so is noted in `damage`.
pub(crate) fn scrub(connection: &Connection, place: &Place, damage: &Damage) -> Result<(), Error> {
    let size = std::fs::metadata(place.file()).map_or(0, |file| file.len());
    if !place.durable() || size > MOST_BYTES {
        return Ok(());
    }
    let found = wrong(connection);
    // Damage in the file's frame may have hidden rows from this as well; they are told of with it.
    let rows = rows(connection, damage).unwrap_or_else(|error| {
        frame(damage, place, &error.to_string());
        false
    });
    if rows && found.as_ref().is_ok_and(Vec::is_empty) {
        return keys(connection, place, damage);
    }
    match found {
        Ok(found) if found.is_empty() => {}
        Ok(found) if rows && found.iter().all(|line| is_of_an_index(line)) => {
            connection.execute_batch("reindex")?;
            tracing::error!(
                "an index of the store was damaged ({}): it is made anew from the rows",
                found[0]
            );
            match wrong(connection)?.first() {
                None => return keys(connection, place, damage),
                Some(line) => frame(damage, place, line),
            }
        }
        Ok(found) => frame(damage, place, &found[0]),
        Err(error) => frame(damage, place, &error.to_string()),
    }
    Ok(())
}

/// What SQLite finds wrong.
fn wrong(connection: &Connection) -> Result<Vec<String>, Error> {
    let mut statement = connection.prepare("pragma integrity_check(20)")?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

fn is_of_an_index(line: &str) -> bool {
    line.contains("missing from index")
        || line.contains("entries in index")
        || line.contains("non-unique entry in index")
        || line.contains("values differ from index")
}

fn frame(damage: &Damage, place: &Place, reason: &str) {
    let id = place.file().display().to_string();
    damage.note(&poisoned(("file", "", id), reason));
}

fn poisoned((kind, scope, id): (&str, &str, String), reason: &str) -> Error {
    let (kind, scope, reason) = (kind.to_owned(), scope.to_owned(), reason.to_owned());
    Error::Poisoned { kind, scope, id, reason }
}

/// What is wrong with a row.
type Look = fn(&Row<'_>) -> Result<(), Error>;

/// Whether all rows are what was written. Those that are not are noted.
fn rows(connection: &Connection, damage: &Damage) -> Result<bool, Error> {
    let tables: [(&str, Look); 4] =
        [(DOCUMENTS, document), (HISTORIES, history), (HISTORY_ROWS, history_row), (WORK, work)];
    let mut whole = true;
    for (question, check) in tables {
        let mut statement = connection.prepare(question)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Err(error) = check(row) {
                whole = false;
                damage.note(&error);
            }
        }
    }
    Ok(whole)
}

const OTHER: &str = "its bytes are not those that were written";

/// The column's text, whatever it holds.
fn text(row: &Row<'_>, at: usize) -> String {
    match row.get_ref(at) {
        Ok(ValueRef::Text(bytes) | ValueRef::Blob(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    }
}

fn document(row: &Row<'_>) -> Result<(), Error> {
    let [kind, scope, id, keys, body] = [0, 1, 2, 6, 7].map(|at| text(row, at));
    let sum = || -> rusqlite::Result<bool> {
        let sum = document_sum((&kind, &scope, &id), (row.get(3)?, row.get(4)?), &keys, &body);
        Ok(i64::from(sum) == row.get::<_, i64>(5)?)
    };
    if sum().unwrap_or(false) { Ok(()) } else { Err(poisoned((&kind, &scope, id), OTHER)) }
}

fn history(row: &Row<'_>) -> Result<(), Error> {
    let name = text(row, 1);
    let sum =
        || -> rusqlite::Result<bool> { Ok(i64::from(name_sum(row.get(0)?, &name)) == row.get::<_, i64>(2)?) };
    if sum().unwrap_or(false) { Ok(()) } else { Err(poisoned(("history", "", name), OTHER)) }
}

fn history_row(row: &Row<'_>) -> Result<(), Error> {
    let sum = || -> rusqlite::Result<bool> {
        let sum = history_sum(row.get(0)?, row.get(1)?, row.get(2)?, &text(row, 4));
        Ok(i64::from(sum) == row.get::<_, i64>(3)?)
    };
    let place: i64 = row.get(5).unwrap_or_default();
    if sum().unwrap_or(false) { Ok(()) } else { Err(poisoned(("history row", "", place.to_string()), OTHER)) }
}

fn work(row: &Row<'_>) -> Result<(), Error> {
    let [topic, id, body] = [1, 2, 4].map(|at| text(row, at));
    let sum = || -> rusqlite::Result<bool> {
        let sum = work_sum((row.get(0)?, row.get(3)?), [&topic, &id, &body]);
        Ok(i64::from(sum) == row.get::<_, i64>(5)?)
    };
    if sum().unwrap_or(false) { Ok(()) } else { Err(poisoned(("work", &topic, id), OTHER)) }
}

/// Makes the keys anew from the documents where they are not theirs.
fn keys(connection: &Connection, place: &Place, damage: &Damage) -> Result<(), Error> {
    let stray: i64 = match connection.query_row(STRAY_KEYS, [], |row| row.get(0)) {
        Ok(stray) => stray,
        Err(error) => {
            frame(damage, place, &error.to_string());
            return Ok(());
        }
    };
    if stray > 0 {
        let transaction = connection.unchecked_transaction()?;
        transaction.execute_batch(NEW_KEYS)?;
        transaction.commit()?;
        tracing::error!(
            keys = stray,
            "keys of documents were damaged: they are made anew from the documents"
        );
    }
    Ok(())
}
