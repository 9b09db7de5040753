//! One round of the patrol: where it is, and what it does with what it finds.
//!
//! Where it stands is noted beside the store, so that one that is often begun anew comes to the end.

use std::{fs, path::PathBuf};

use rusqlite::Connection;

use super::Repair;
use crate::{
    Error,
    damage::Damage,
    place::Place,
    schema,
    scrub::{self, TABLES, Table},
};

/// So many bytes of rows are looked at in one go.
const BYTES: usize = 100_000;
/// Rows that the disk does not give are asked for so often before they are passed over.
const TRIES: u32 = 3;

/// Where the patrol is.
pub(super) struct Walk {
    connection: Connection,
    note: PathBuf,
    table: usize,
    /// The last row that was looked at.
    after: i64,
    /// How often the disk has not given what comes after that.
    tries: u32,
    /// What could not be put right in this round.
    hopeless: Vec<Repair>,
}

impl Walk {
    /// Goes on where the last one was.
    pub(super) fn resume(place: &Place) -> Result<Self, Error> {
        let note = place.file().with_extension("patrol");
        let noted = fs::read_to_string(&note).ok().and_then(|text| {
            let (table, after) = text.trim().split_once(' ')?;
            Some((table.parse().ok()?, after.parse().ok()?))
        });
        let (table, after) = noted.unwrap_or((0, i64::MIN));
        let connection = schema::reader(place)?;
        Ok(Self { connection, note, table, after, tries: 0, hopeless: Vec::new() })
    }

    /// Looks at the next rows, and has put right what can be; says whether there are more. Afterwards it begins anew.
    ///
    /// Rows that cannot be read are noted and passed over. An error is trouble that may be over in a while: it is for the
    /// same rows then.
    pub(super) fn step(
        &mut self,
        damage: &Damage,
        repair: &impl Fn(Repair) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let Some(table) = TABLES.get(self.table) else {
            self.hopeless.clear();
            self.go_to(0, i64::MIN);
            return Ok(false);
        };
        match self.look(table, damage) {
            Ok((until, lost)) => {
                for lost in lost {
                    self.mend(lost, damage, repair)?;
                }
                self.go_after(until);
            }
            Err(error @ Error::Unavailable(_)) if self.tries < TRIES => {
                self.tries += 1;
                return Err(error);
            }
            Err(error) => self.pass_over(table, error, damage)?,
        }
        Ok(true)
    }

    /// The place of the last row of the next ones, if there are any, and what indexes and keys have lost of them.
    fn look(&self, table: &Table, damage: &Damage) -> Result<(Option<i64>, Vec<Repair>), Error> {
        // All is seen as it was at one moment.
        let moment = self.connection.unchecked_transaction()?;
        let seen = scrub::some(&moment, table, (self.after, BYTES), damage)?;
        if seen.count == 0 {
            return seen.trouble.map_or(Ok((None, Vec::new())), Err);
        }
        // Of a row that is not what was written the indexes may say something else.
        let lost = match seen.whole {
            true => scrub::gaps(&moment, table, (self.after, seen.count))?,
            false => Vec::new(),
        };
        // Rows behind these that cannot be read are met first next time.
        Ok((seen.until, lost))
    }

    /// Has it put right, and waits for that. What cannot be is noted, and not tried again in this round.
    fn mend(
        &mut self,
        lost: Repair,
        damage: &Damage,
        repair: &impl Fn(Repair) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.hopeless.contains(&lost) {
            return Ok(());
        }
        match repair(lost.clone()) {
            Ok(()) => damage.mended(("index", "", lost.of())),
            // There is no room, or nobody who writes: it is lost as before, and not for good.
            Err(error @ Error::Unavailable(_)) => return Err(error),
            Err(error) => {
                damage.note(&scrub::poisoned(("index", "", lost.of().to_owned()), &error.to_string()));
                self.hopeless.push(lost);
            }
        }
        Ok(())
    }

    /// Goes on behind rows that cannot be read. If the disk gives nothing of what comes after them either, it is in
    /// trouble as a whole, and it is waited for.
    fn pass_over(&mut self, table: &Table, error: Error, damage: &Damage) -> Result<(), Error> {
        let next = scrub::readable_after(&self.connection, table, self.after, damage);
        if next.is_none() && matches!(error, Error::Unavailable(_)) {
            return Err(error);
        }
        let from = self.after.saturating_add(1).max(0);
        let places = next.map_or_else(|| format!("from {from} on"), |next| format!("{from} to {next}"));
        damage.note(&scrub::poisoned(("rows", table.name, places), &error.to_string()));
        self.go_after(next);
        Ok(())
    }

    /// What comes after this row is next; after none, the next table. A place that is none must not lead back.
    fn go_after(&mut self, until: Option<i64>) {
        match until {
            Some(until) => self.go_to(self.table, until.max(self.after.saturating_add(1))),
            None => self.go_to(self.table + 1, i64::MIN),
        }
    }

    fn go_to(&mut self, table: usize, after: i64) {
        (self.table, self.after, self.tries) = (table, after, 0);
        // Lost, it begins anew.
        let _ = fs::write(&self.note, format!("{table} {after}"));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;
    use crate::stats::Counters;

    /// A database with some rows, at a place of its own.
    pub(in super::super) fn made() -> (tempfile::TempDir, Place) {
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
    pub(in super::super) fn round(place: &Place, counters: &Counters) -> Vec<Repair> {
        round_with(place, counters, |_| Ok(()))
    }

    /// The same, with somebody who puts it right.
    fn round_with(
        place: &Place,
        counters: &Counters,
        repair: impl Fn(&Repair) -> Result<(), Error>,
    ) -> Vec<Repair> {
        let found = RefCell::new(Vec::new());
        let repair = |lost: Repair| {
            let done = repair(&lost);
            found.borrow_mut().push(lost);
            done
        };
        let mut walk = Walk::resume(place).unwrap();
        while walk.step(&counters.damage, &repair).unwrap() {}
        found.into_inner()
    }

    /// Takes the entries of some rows out of an index, behind the tables' back.
    pub(in super::super) fn lose_entries(place: &Place, index: &str, table: &str, columns: &str) {
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

    /// It is asked for once: the next rows are looked at when it is put right.
    #[test]
    fn what_an_index_has_lost_is_found_and_put_right() {
        let (_directory, place) = made();
        lose_entries(&place, "history_rows_by_last", "history_rows", "history, last");
        let (writer, counters) = (schema::writer(&place).unwrap(), Counters::default());
        let found = round_with(&place, &counters, |lost| scrub::repair(&writer, lost));
        assert_eq!(found, [Repair::Index("history_rows_by_last".to_owned())]);
        assert_eq!((round(&place, &counters), counters.read().damaged), (vec![], 0));
    }

    #[test]
    fn what_cannot_be_put_right_is_noted_and_tried_once_a_round() {
        let (_directory, place) = made();
        lose_entries(&place, "history_rows_by_last", "history_rows", "history, last");
        let counters = Counters::default();
        for _ in 0..2 {
            let found = round_with(&place, &counters, |_| Err(Error::Internal("it is torn".to_owned())));
            assert_eq!((found.len(), counters.read().damaged), (1, 1));
        }
        let writer = schema::writer(&place).unwrap();
        round_with(&place, &counters, |lost| scrub::repair(&writer, lost));
        assert_eq!(counters.read().damaged, 0);
    }

    #[test]
    fn trouble_with_the_disk_is_waited_for_and_is_no_damage() {
        let (_directory, place) = made();
        lose_entries(&place, "history_rows_by_last", "history_rows", "history, last");
        let (counters, full, asked) = (Counters::default(), Cell::new(true), Cell::new(0));
        let repair = |_| {
            asked.set(asked.get() + 1);
            if full.get() { Err(Error::Unavailable("no room".to_owned())) } else { Ok(()) }
        };
        let mut walk = Walk::resume(&place).unwrap();
        let trouble = loop {
            match walk.step(&counters.damage, &repair) {
                Ok(more) => assert!(more, "it is found"),
                Err(error) => break error,
            }
        };
        assert!(matches!(trouble, Error::Unavailable(_)));
        for _ in 0..10 {
            assert!(walk.step(&counters.damage, &repair).is_err(), "it stands where it was");
        }
        full.set(false);
        let before = asked.get();
        assert!(walk.step(&counters.damage, &repair).unwrap());
        assert_eq!((asked.get(), counters.read().damaged), (before + 1, 0));
    }

    /// A page of a table that SQLite cannot make sense of: what comes behind it is looked at, and that in it is told of.
    #[test]
    fn rows_that_cannot_be_read_are_passed_over() {
        const PAGE: usize = 4096;
        for others_are_damaged in [true, false] {
            let (_directory, place) = made();
            lose_entries(&place, "history_rows_by_last", "history_rows", "history, last");
            if others_are_damaged {
                let writer = schema::writer(&place).unwrap();
                writer.execute("update documents set body = '[]'", []).unwrap();
            }
            let mut bytes = fs::read(place.file()).unwrap();
            let keys = |n: usize| format!(r#"{{"k":["{n}"]}}"#).into_bytes();
            let holds = |page: &[u8], n: usize| page.windows(keys(n).len()).any(|window| window == keys(n));
            let page = bytes.chunks(PAGE).position(|page| holds(page, 120)).unwrap() * PAGE;
            let in_it = (0..250).filter(|n| holds(&bytes[page..page + PAGE], *n)).count();
            assert!(in_it > 10 && page > 0);
            bytes[page] = 0xFF;
            fs::write(place.file(), bytes).unwrap();
            let (counters, lost) = (Counters::default(), Repair::Index("history_rows_by_last".to_owned()));
            // Nor does a later round stop there.
            for _ in 0..2 {
                let found = round(&place, &counters);
                assert!(!found.is_empty() && found.iter().all(|one| *one == lost), "{found:?}");
                let others = if others_are_damaged { 250 - in_it as u64 } else { 0 };
                assert_eq!(counters.read().damaged, others + 1);
            }
        }
    }

    #[test]
    fn missing_keys_are_made_anew() {
        let (_directory, place) = made();
        let writer = schema::writer(&place).unwrap();
        writer.execute("delete from document_keys where id in ('3', '200')", []).unwrap();
        let counters = Counters::default();
        let found = round(&place, &counters);
        assert!(found.iter().any(|repair| matches!(repair, Repair::Keys { .. })), "{found:?}");
        found.iter().for_each(|lost| scrub::repair(&writer, lost).unwrap());
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
        let step = || Walk::resume(&place).unwrap().step(&counters.damage, &|_| Ok(())).unwrap();
        // It ends after each look, as on a server that is often stopped: 250 rows of 1000 bytes are three looks.
        assert!(step() && step());
        assert_eq!(counters.read().damaged, 0);
        assert!(step());
        assert_eq!(counters.read().damaged, 1);
    }
}
