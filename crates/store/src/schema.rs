//! The tables, their version, and how connections are set up.

use rusqlite::{Connection, OpenFlags, TransactionBehavior, config::DbConfig};

use crate::{Error, place::Place, read};

/// The version of the tables below. Raise it with every change to them and say in `prepare` how the older become it.
const SCHEMA: i64 = 2;

/// How many numbers each opening of the store may give away: far more than it can use, and 131,000 openings stay
/// exact even where a number passes through a double.
const NUMBERS_PER_OPENING: u64 = 1 << 36;

/// Documents are found by name; history rows lie in the order in which they came, whoever they belong to, since
/// rows laid out by history would dirty a page each (docs/adr/0003-store.md has the figures).
const TABLES: &str = "
create table about (name text primary key, value integer not null) strict;

create table documents (
    place integer primary key,
    kind text not null, scope text not null, id text not null,
    version integer not null, format integer not null, sum integer not null,
    keys text not null, body text not null,
    unique (kind, scope, id)
) strict;

create table document_keys (
    kind text not null, key text not null, value text not null, scope text not null, id text not null,
    primary key (kind, scope, key, value, id)
) strict, without rowid;
create index document_keys_everywhere on document_keys (kind, key, value, scope, id);

create table histories (id integer primary key, name text not null unique, sum integer not null) strict;

create table history_rows (
    place integer primary key,
    history integer not null, first integer not null, last integer not null,
    format integer not null, sum integer not null, records text not null
) strict;
create unique index history_rows_by_last on history_rows (history, last);

create table work (
    number integer primary key,
    topic text not null, id text not null, due integer not null, body text not null, sum integer not null,
    unique (topic, id)
) strict;
create index work_by_due on work (topic, due, number);
";

/// What the tables of schema 1 lack: sums beside work and the names of histories.
const FROM_1: &str = "
alter table histories add column sum integer not null default 0;
alter table work add column sum integer not null default 0;
update about set value = 2 where name = 'schema';
";

/// The connection that writes. The writer's thread moves the log when it has half as many pages as here. SQLite does it by
/// itself, within a commit, where we do not know how long the log is or readers keep it from beginning anew for long.
pub(crate) fn writer(place: &Place) -> Result<Connection, Error> {
    let connection = open(place, OpenFlags::SQLITE_OPEN_CREATE)?;
    let synchronous = if place.durable() { "full" } else { "off" };
    let settings = format!(
        "pragma journal_mode = wal; pragma synchronous = {synchronous}; pragma cache_size = -4096;
         pragma wal_autocheckpoint = 8000; pragma journal_size_limit = 16777216;"
    );
    connection.execute_batch(&settings).map_err(|e| unreadable(place, e))?;
    Ok(connection)
}

/// A connection that only reads.
pub(crate) fn reader(place: &Place) -> Result<Connection, Error> {
    let connection = open(place, OpenFlags::empty())?;
    connection.execute_batch("pragma query_only = on; pragma cache_size = -512;")?;
    Ok(connection)
}

fn open(place: &Place, flags: OpenFlags) -> Result<Connection, Error> {
    // Each connection is used by one thread at a time: SQLite's own mutexes would only cost time.
    let flags = flags | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(place.file(), flags).map_err(|e| unreadable(place, e))?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(64);
    // A statement is planned once, and not anew for each text that is asked for.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // What a statement that fails would undo is small and short-lived: no file is made for it.
    connection.pragma_update(None, "temp_store", "memory")?;
    Ok(connection)
}

/// Makes the tables, or checks that they are ours, and returns the first number that this opening may give away.
pub(crate) fn prepare(connection: &mut Connection, place: &Place) -> Result<u64, Error> {
    let tx = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|e| unreadable(place, e))?;
    let tables: i64 = tx.query_row("select count(*) from sqlite_master", [], |row| row.get(0))?;
    if tables == 0 {
        tx.execute_batch(TABLES)?;
        tx.execute("insert into about (name, value) values ('schema', ?1), ('openings', 0)", [SCHEMA])?;
    }
    let schema: i64 = tx
        .query_row("select value from about where name = 'schema'", [], |row| row.get(0))
        .map_err(|e| unreadable(place, e))?;
    if schema > SCHEMA {
        return Err(Error::Refused(format!(
            "{} was written by a newer trainyard (schema {schema}, this one knows {SCHEMA}): \
             use that one, or name another directory",
            place.file().display()
        )));
    }
    if schema == 1 {
        from_1(&tx)?;
    }
    let openings: u64 = tx.query_row(
        "update about set value = value + 1 where name = 'openings' returning value",
        [],
        |row| row.get(0),
    )?;
    tx.commit()?;
    Ok(openings * NUMBERS_PER_OPENING)
}

/// Gives every row the sum that the older tables did not keep.
fn from_1(connection: &Connection) -> Result<(), Error> {
    connection.execute_batch(FROM_1)?;
    let mut named = connection.prepare("update histories set sum = ?2 where id = ?1")?;
    let mut names = connection.prepare("select id, name from histories")?;
    let mut rows = names.query([])?;
    while let Some(row) = rows.next()? {
        let (id, name): (i64, String) = (row.get(0)?, row.get(1)?);
        named.execute((id, read::name_sum(id, &name)))?;
    }
    let mut summed = connection.prepare("update work set sum = ?2 where number = ?1")?;
    let mut work = connection.prepare("select number, due, topic, id, body from work")?;
    let mut rows = work.query([])?;
    while let Some(row) = rows.next()? {
        let (number, due): (u64, i64) = (row.get(0)?, row.get(1)?);
        let [topic, id, body]: [String; 3] = [row.get(2)?, row.get(3)?, row.get(4)?];
        summed.execute((number, read::work_sum((number, due), [&topic, &id, &body])))?;
    }
    Ok(())
}

fn unreadable(place: &Place, e: rusqlite::Error) -> Error {
    Error::Refused(format!("{} cannot be opened as a store: {e}", place.file().display()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A database with nothing but the tables.
    pub(crate) fn empty() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(TABLES).unwrap();
        connection
    }
}
