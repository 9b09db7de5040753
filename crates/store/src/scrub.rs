//! Looks through a store before it is used: every row's sum, and whether the indexes say what the tables say.
//!
//! What an index or a list of keys lost is made anew from the rows. A row that is not what was written is left where it
//! is, told of, and harms nobody else. A large store is not looked through at the start, since somebody waits for it:
//! its rows are still checked one by one as they are read, and a patrol looks through it while it is in use.

use rusqlite::{Connection, Row};

use crate::{
    Error,
    damage::Damage,
    patrol::Repair,
    place::Place,
    read::{document_sum, history_sum, name_sum, text, work_sum},
};

/// A store of more bytes is not looked through at the start, but by a patrol while it is in use.
const MOST_BYTES: u64 = 64 << 20;

/// A table, and what each of its rows must be like.
pub(crate) struct Table {
    /// Rows, unlike indexes, are read in the order in which they lie: the index is what is in question.
    rows: &'static str,
    look: Look,
    pub(crate) name: &'static str,
}

/// What is wrong with a row.
type Look = fn(&Row<'_>) -> Result<(), Error>;

/// All tables but the keys, which follow from the documents.
pub(crate) const TABLES: [Table; 4] = [
    Table {
        rows: "select kind, scope, id, version, format, sum, keys, body, rowid from documents not indexed",
        look: document,
        name: DOCUMENTS,
    },
    Table {
        rows: "select id, name, sum, rowid from histories not indexed",
        look: history,
        name: "histories",
    },
    Table {
        rows: "select history, first, last, sum, records, rowid from history_rows not indexed",
        look: history_row,
        name: "history_rows",
    },
    Table {
        rows: "select number, topic, id, due, body, sum, rowid from work not indexed",
        look: work,
        name: "work",
    },
];
const DOCUMENTS: &str = "documents";

/// The keys that documents have and the list of keys does not: of so many documents, those after some place. None that
/// comes after them is touched, nor that place itself: it may be on a page that cannot be read, and would be looked for
/// with a mere `>`.
const MISSING_KEYS: &str = "
from (select kind, scope, id, keys from documents not indexed where place >= ?1 + 1 order by place limit ?2) d,
     json_each(d.keys) k, json_each(k.value) v
where not exists (
    select 1 from document_keys x
    where x.kind = d.kind and x.scope = d.scope and x.key = k.key and x.value = v.value and x.id = d.id)";

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

/// Whether the store is too large to be looked through at the start.
pub(crate) fn is_large(place: &Place) -> bool {
    std::fs::metadata(place.file()).is_ok_and(|file| file.len() > MOST_BYTES)
}

/// Looks through the store, if it is small. What is wrong and stays so is noted in `damage`, and harms nobody else.
pub(crate) fn scrub(connection: &Connection, place: &Place, damage: &Damage) {
    if place.durable()
        && !is_large(place)
        && let Err(error) = look_through(connection, place, damage)
    {
        trouble(damage, place, &error);
    }
}

fn look_through(connection: &Connection, place: &Place, damage: &Damage) -> Result<(), Error> {
    let found = wrong(connection);
    // Damage in the file's frame may have hidden rows from this as well; they are told of with it.
    let rows = rows(connection, damage).unwrap_or_else(|error| {
        trouble(damage, place, &error);
        false
    });
    let found = found?;
    match found.first() {
        None if rows => return keys(connection),
        None => {}
        Some(line) if rows && found.iter().all(|line| is_of_an_index(line)) => {
            connection.execute_batch("reindex")?;
            tracing::error!("an index of the store was damaged ({line}): it is made anew from the rows");
            match wrong(connection)?.first() {
                None => return keys(connection),
                Some(line) => frame(damage, place, line),
            }
        }
        Some(line) => frame(damage, place, line),
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

/// What the disk refuses just now is no damage.
fn trouble(damage: &Damage, place: &Place, error: &Error) {
    match error {
        Error::Unavailable(_) => tracing::warn!(%error, "the store could not be looked through"),
        error => frame(damage, place, &error.to_string()),
    }
}

fn frame(damage: &Damage, place: &Place, reason: &str) {
    let id = place.file().display().to_string();
    damage.note(&poisoned(("file", "", id), reason));
}

pub(crate) fn poisoned((kind, scope, id): (&str, &str, String), reason: &str) -> Error {
    let (kind, scope, reason) = (kind.to_owned(), scope.to_owned(), reason.to_owned());
    Error::Poisoned { kind, scope, id, reason }
}

/// Whether all rows are what was written. Those that are not are noted.
fn rows(connection: &Connection, damage: &Damage) -> Result<bool, Error> {
    let mut whole = true;
    for table in &TABLES {
        let seen = some(connection, table, (i64::MIN, usize::MAX), damage)?;
        whole &= seen.whole;
        if let Some(error) = seen.trouble {
            return Err(error);
        }
    }
    Ok(whole)
}

/// What was seen of some rows.
pub(crate) struct Seen {
    /// Whether all were what was written.
    pub(crate) whole: bool,
    /// How many there were.
    pub(crate) count: usize,
    /// The place of the last one; none if there was no row.
    pub(crate) until: Option<i64>,
    /// Why what comes after it cannot be read.
    pub(crate) trouble: Option<Error>,
}

/// What a row costs beside its texts, in bytes.
const ROW: usize = 1000;

/// Looks at the rows after that place, until there were so many bytes. Those that are not what was written are noted.
pub(crate) fn some(
    connection: &Connection,
    table: &Table,
    (after, most): (i64, usize),
    damage: &Damage,
) -> Result<Seen, Error> {
    let mut statement =
        connection.prepare_cached(&format!("{} where rowid >= ?1 + 1 order by rowid", table.rows))?;
    let place = statement.column_count() - 1;
    let mut rows = statement.query([after])?;
    let (mut seen, mut bytes) = (Seen { whole: true, count: 0, until: None, trouble: None }, 0);
    while bytes < most {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => break,
            Err(error) => {
                seen.trouble = Some(error.into());
                break;
            }
        };
        let texts = (0..place).filter_map(|at| row.get_ref(at).ok()?.as_bytes().ok().map(<[u8]>::len));
        bytes += ROW + texts.sum::<usize>();
        (seen.count, seen.until) = (seen.count + 1, Some(row.get(place)?));
        if let Err(error) = (table.look)(row) {
            seen.whole = false;
            damage.note(&error);
        }
    }
    Ok(seen)
}

/// The indexes of a table, and the columns by which they find a row.
fn indexes(connection: &Connection, table: &str) -> Result<Vec<(String, Vec<String>)>, Error> {
    let names = |question: &str, of: &str| -> Result<Vec<String>, Error> {
        let mut statement = connection.prepare_cached(question)?;
        Ok(statement.query_map([of], |row| row.get(0))?.collect::<Result<_, _>>()?)
    };
    let indexes = names("select name from pragma_index_list(?1)", table)?.into_iter().map(|index| {
        let columns = names("select name from pragma_index_info(?1) order by seqno", &index)?;
        Ok((index, columns))
    });
    indexes.collect()
}

/// From which place on rows can be read again, where those after that place cannot: none if no later ones can.
pub(crate) fn readable_after(
    connection: &Connection,
    table: &Table,
    after: i64,
    damage: &Damage,
) -> Option<i64> {
    let readable =
        |from: i64| some(connection, table, (from, 1), damage).is_ok_and(|seen| seen.trouble.is_none());
    let (mut bad, mut step) = (after.max(0), 1_i64);
    let mut good = loop {
        let next = bad.checked_add(step)?;
        if readable(next) {
            break next;
        }
        (bad, step) = (next, step.checked_mul(2)?);
    };
    while good - bad > 1 {
        let middle = bad + (good - bad) / 2;
        if readable(middle) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    Some(good)
}

/// What indexes and keys lack of so many rows, those after that place, which can all be read.
pub(crate) fn gaps(
    connection: &Connection,
    table: &Table,
    (after, count): (i64, usize),
) -> Result<Vec<Repair>, Error> {
    let mut repairs = Vec::new();
    let name = table.name;
    for (index, columns) in indexes(connection, name)? {
        let same: Vec<_> = columns.iter().map(|column| format!("i.{column} = r.{column}")).collect();
        // None that comes after them is touched.
        let question = format!(
            "select 1 from (select *, rowid as at from {name} not indexed where rowid >= ?1 + 1 order by rowid limit ?2) r
             where not exists (
                select 1 from {name} i indexed by {index} where {} and i.rowid = r.at)",
            same.join(" and ")
        );
        repairs.extend(lacks(connection, &question, (after, count))?.then_some(Repair::Index(index)));
    }
    if name == DOCUMENTS {
        for (from, repair) in [
            ("document_keys x", Repair::Keys { after, count }),
            (
                "document_keys x indexed by document_keys_everywhere",
                Repair::Index("document_keys_everywhere".to_owned()),
            ),
        ] {
            let question = format!("select 1 {}", MISSING_KEYS.replace("document_keys x", from));
            repairs.extend(lacks(connection, &question, (after, count))?.then_some(repair));
        }
    }
    Ok(repairs)
}

/// Whether something is missing there. What cannot be made sense of lacks all: the rows themselves can be read.
fn lacks(connection: &Connection, question: &str, rows: (i64, usize)) -> Result<bool, Error> {
    let mut statement = connection.prepare_cached(question)?;
    match statement.exists(rows).map_err(Error::from) {
        Err(Error::Internal(_)) => Ok(true),
        lacks => lacks,
    }
}

/// Puts right what a patrol has found: by whoever writes.
pub(crate) fn repair(connection: &Connection, repair: &Repair) -> Result<(), Error> {
    match repair {
        Repair::Index(index) => connection.execute_batch(&format!("reindex {index}"))?,
        Repair::Keys { after, count } => {
            let missing = format!(
                "insert or ignore into document_keys (kind, scope, key, value, id)
                 select d.kind, d.scope, k.key, v.value, d.id {MISSING_KEYS}"
            );
            connection.execute(&missing, (after, count))?;
        }
    }
    tracing::error!(?repair, "an index or keys of the store were damaged: they are made anew from the rows");
    Ok(())
}

const OTHER: &str = "its bytes are not those that were written";

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
fn keys(connection: &Connection) -> Result<(), Error> {
    let stray: i64 = connection.query_row(STRAY_KEYS, [], |row| row.get(0))?;
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
