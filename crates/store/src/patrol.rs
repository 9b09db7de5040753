//! Looks through a large store while it is in use: a few rows at a time, with long rests between them.
//!
//! A small store is looked through before it is used ([`crate::scrub`]); in a large one somebody would wait for that.
//! Rows are checked one by one as they are read, too; but what an index has lost nobody reads, and so nobody would
//! miss. Where the patrol stands is noted beside the store, so that one that is often begun anew comes to the end.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rusqlite::Connection;

use crate::{
    Error,
    place::Place,
    schema,
    scrub::{self, TABLES},
    stats::Counters,
};

/// So many bytes of rows are looked at in one go.
const BYTES: usize = 100_000;
/// Of the time, at most one part in so many is spent looking.
const REST: u32 = 20;
/// A writer that is busier than so many transactions a second has the disk to itself, but not for ever.
const BUSY: u64 = 20;
const MOST_PAUSES: u32 = 60;
/// When all was looked at, it is looked at again after that.
const ROUND: Duration = Duration::from_secs(24 * 3600);
const SECOND: Duration = Duration::from_secs(1);

/// What is to be put right by the writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Repair {
    /// This index has lost rows.
    Index(String),
    /// Keys of the documents in these places are missing.
    Keys { after: i64, until: i64 },
}

/// The patrol's thread; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Patrol {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Patrol {
    /// Begins, where the last one was. What is wrong is noted, and what can be put right is given to `repair`.
    pub(crate) fn start(
        place: Arc<Place>,
        counters: Arc<Counters>,
        repair: impl Fn(Repair) + Send + 'static,
    ) -> Result<Self, Error> {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("store-patrol".to_owned())
            .spawn(move || {
                let walk = Walk::resume(&place);
                if let Err(error) = walk.and_then(|walk| walk.go(&counters, &repair, &stopped)) {
                    scrub::frame(&counters.damage, &place, &error.to_string());
                }
            })
            .map_err(|e| Error::Unavailable(format!("no thread for the patrol: {e}")))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Patrol {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's patrol had failed");
        }
    }
}

/// Where the patrol is.
struct Walk {
    connection: Connection,
    note: PathBuf,
    table: usize,
    /// The last row that was looked at.
    after: i64,
}

impl Walk {
    fn resume(place: &Place) -> Result<Self, Error> {
        let note = place.file().with_extension("patrol");
        let noted = fs::read_to_string(&note).ok().and_then(|text| {
            let (table, after) = text.trim().split_once(' ')?;
            Some((table.parse().ok()?, after.parse().ok()?))
        });
        let (table, after) = noted.unwrap_or((0, i64::MIN));
        Ok(Self { connection: schema::reader(place)?, note, table, after })
    }

    fn go(
        mut self,
        counters: &Counters,
        repair: &impl Fn(Repair),
        stopped: &Receiver<()>,
    ) -> Result<(), Error> {
        let ended = |rest| !matches!(stopped.recv_timeout(rest), Err(RecvTimeoutError::Timeout));
        let (mut batches, mut seen, mut pauses) = (counters.read().batches, Instant::now(), 0);
        loop {
            let (now, passed) = (counters.read().batches, seen.elapsed().as_secs() + 1);
            let busy = now.saturating_sub(batches) > BUSY * passed;
            (batches, seen) = (now, Instant::now());
            if busy && pauses < MOST_PAUSES {
                pauses += 1;
                if ended(SECOND) {
                    return Ok(());
                }
                continue;
            }
            pauses = 0;
            let more = self.step(counters, repair)?;
            let rest = if more { seen.elapsed() * (REST - 1) } else { ROUND };
            if ended(rest) {
                return Ok(());
            }
        }
    }

    /// Looks at the next rows; says whether there are more. Afterwards it begins anew.
    fn step(&mut self, counters: &Counters, repair: &impl Fn(Repair)) -> Result<bool, Error> {
        let Some(table) = TABLES.get(self.table) else {
            (self.table, self.after) = (0, i64::MIN);
            self.write_note();
            return Ok(false);
        };
        // All is seen as it was at one moment.
        let moment = self.connection.unchecked_transaction()?;
        let seen = scrub::some(&moment, table, (self.after, BYTES), &counters.damage)?;
        match seen.until {
            None => (self.table, self.after) = (self.table + 1, i64::MIN),
            Some(until) => {
                // Of a row that is not what was written the indexes may say something else.
                if seen.whole {
                    scrub::gaps(&moment, table, (self.after, until))?.into_iter().for_each(repair);
                }
                self.after = until;
            }
        }
        drop(moment);
        self.write_note();
        Ok(true)
    }

    fn write_note(&self) {
        // Lost, it begins anew.
        let _ = fs::write(&self.note, format!("{} {}", self.table, self.after));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A database with some rows, at a place of its own.
    fn made() -> (tempfile::TempDir, Place) {
        let directory = tempfile::tempdir().unwrap();
        let place = Place::claim(directory.path()).unwrap();
        let mut connection = schema::writer(&place).unwrap();
        schema::prepare(&mut connection, &place).unwrap();
        for n in 0..250_i64 {
            let (id, keys) = (n.to_string(), format!(r#"{{"k":["{n}"]}}"#));
            let sum = crate::read::document_sum(("thing", "", &id), (1, 1), &keys, "{}");
            connection
                .execute(
                    "insert into documents (kind, scope, id, version, format, sum, keys, body)
                     values ('thing', '', ?1, 1, 1, ?2, ?3, '{}')",
                    (&id, sum, &keys),
                )
                .unwrap();
            connection.execute("insert into document_keys values ('thing', 'k', ?1, '', ?1)", [&id]).unwrap();
            let sum = crate::read::history_sum(n, 1, 2, "[1,2]");
            connection
                .execute(
                    "insert into history_rows (history, first, last, format, sum, records)
                     values (?1, 1, 2, 1, ?2, '[1,2]')",
                    (n, sum),
                )
                .unwrap();
        }
        (directory, place)
    }

    /// All that a whole round finds.
    fn round(place: &Place, counters: &Counters) -> Vec<Repair> {
        let found = Mutex::new(Vec::new());
        let repair = |repair| found.lock().unwrap().push(repair);
        let mut walk = Walk::resume(place).unwrap();
        while walk.step(counters, &repair).unwrap() {}
        found.into_inner().unwrap()
    }

    /// Takes the entries of some rows out of an index, behind the tables' back.
    fn lose_entries(place: &Place, index: &str, table: &str, columns: &str) {
        let connection = schema::writer(place).unwrap();
        connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false).unwrap();
        let set = |sql: &str| {
            connection
                .execute_batch(&format!(
                    "pragma writable_schema = on; {sql}; pragma writable_schema = reset;"
                ))
                .unwrap();
        };
        let partial = format!("create index {index} on {table} ({columns}) where rowid % 7 > 0");
        let whole: String = connection
            .query_row("select sql from sqlite_schema where name = ?1", [index], |row| row.get(0))
            .unwrap();
        set(&format!("update sqlite_schema set sql = '{partial}' where name = '{index}'"));
        connection.execute_batch(&format!("reindex {index}")).unwrap();
        set(&format!("update sqlite_schema set sql = '{whole}' where name = '{index}'"));
    }

    #[test]
    fn a_whole_store_is_whole() {
        let (_directory, place) = made();
        let counters = Counters::default();
        assert_eq!(round(&place, &counters), []);
        assert_eq!(counters.read().damaged, 0);
    }

    #[test]
    fn what_an_index_has_lost_is_found_and_put_right() {
        let (_directory, place) = made();
        lose_entries(&place, "history_rows_by_last", "history_rows", "history, last");
        let counters = Counters::default();
        let found = round(&place, &counters);
        assert!(found.contains(&Repair::Index("history_rows_by_last".to_owned())), "{found:?}");
        let writer = schema::writer(&place).unwrap();
        found.into_iter().for_each(|repair| scrub::repair(&writer, repair).unwrap());
        assert_eq!(round(&place, &counters), []);
    }

    #[test]
    fn missing_keys_are_made_anew() {
        let (_directory, place) = made();
        let writer = schema::writer(&place).unwrap();
        writer.execute("delete from document_keys where id in ('3', '200')", []).unwrap();
        let counters = Counters::default();
        let found = round(&place, &counters);
        assert!(found.iter().any(|repair| matches!(repair, Repair::Keys { .. })), "{found:?}");
        found.into_iter().for_each(|repair| scrub::repair(&writer, repair).unwrap());
        let count: i64 =
            writer.query_row("select count(*) from document_keys", [], |row| row.get(0)).unwrap();
        assert_eq!((count, round(&place, &counters)), (250, vec![]));
    }

    #[test]
    fn damaged_rows_are_noted_and_it_goes_on_where_it_was() {
        let (_directory, place) = made();
        let writer = schema::writer(&place).unwrap();
        writer.execute("update documents set body = '[]' where id = '240'", []).unwrap();
        let counters = Counters::default();
        let step = || Walk::resume(&place).unwrap().step(&counters, &|_| {}).unwrap();
        // It ends after each look, as on a server that is often stopped: 250 rows of 1000 bytes are three looks.
        assert!(step() && step());
        assert_eq!(counters.read().damaged, 0);
        assert!(step());
        assert_eq!(counters.read().damaged, 1);
    }

    #[test]
    fn it_ends_when_it_is_dropped() {
        let (_directory, place) = made();
        let patrol = Patrol::start(Arc::new(place), Arc::default(), |_| {}).unwrap();
        drop(patrol);
    }
}
