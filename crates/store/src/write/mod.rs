//! The one writer: gathers what waits, decides, writes it in one transaction and answers everybody after it.

mod decide;
mod desk;
mod queue;
mod rows;
mod statements;
#[cfg(test)]
mod tests;
mod trails;
mod unmoved;

use std::sync::Arc;

use rusqlite::Connection;

pub(crate) use self::queue::Queue;
pub(crate) use self::rows::Name;
use self::{
    decide::{Decided, Numbers, decide},
    rows::{Touched, Write},
    statements::Transaction,
    unmoved::Unmoved,
};
use crate::{
    Changes, Error,
    damage::Damage,
    hints::Hints,
    patrol::Repair,
    place::Place,
    schema, scrub,
    stats::Counters,
    wal::{self, Found, Mark},
};

/// Writes batches, one after another.
pub(crate) struct Writer {
    /// Dropped after trouble, and opened again for the next batch.
    connection: Option<Connection>,
    numbers: Numbers,
    /// How far the log goes.
    mark: Option<Mark>,
    unmoved: Unmoved,
    place: Arc<Place>,
    hints: Arc<Hints>,
    counters: Arc<Counters>,
}

impl Writer {
    /// Opens the connection and makes or checks the tables. What is damaged is put right or noted.
    pub(crate) fn open(place: Arc<Place>, hints: Arc<Hints>, counters: Arc<Counters>) -> Result<Self, Error> {
        look_at_log(&place, &counters)?;
        let mut connection = schema::writer(&place)?;
        let next = schema::prepare(&mut connection, &place)?;
        scrub::scrub(&connection, &place, &counters.damage);
        let next_history =
            connection.query_row("select coalesce(max(id), 0) from histories", [], |row| row.get(0))?;
        let numbers = Numbers { next, next_history };
        let mark = Mark::open(&place).map_err(|e| Error::Unavailable(format!("the log's mark: {e}")))?;
        let unmoved = Unmoved::default();
        Ok(Self { connection: Some(connection), numbers, mark, unmoved, place, hints, counters })
    }

    /// Commits those of the changes that hold, all in one transaction. After `Ok` they are on disk.
    pub(crate) fn write(&mut self, batch: &[Changes]) -> Vec<Result<(), Error>> {
        let verdicts = match self.attempt(batch) {
            Ok(verdicts) => verdicts,
            // Something in one of them that SQLite does not take must not harm the others.
            Err(Error::Internal(_)) if batch.len() > 1 => {
                return batch.iter().flat_map(|one| self.write(std::slice::from_ref(one))).collect();
            }
            Err(e) => {
                tracing::error!(changes = batch.len(), "nothing was written: {e}");
                self.counters.failures.add(batch.len());
                self.close();
                return vec![Err(e); batch.len()];
            }
        };
        let held = verdicts.iter().filter(|verdict| verdict.is_ok()).count();
        self.unmoved.written(verdicts.len());
        self.counters.commits.add(held);
        self.counters.conflicts.add(verdicts.len() - held);
        verdicts
    }

    fn attempt(&mut self, batch: &[Changes]) -> Result<Vec<Result<(), Error>>, Error> {
        let connection = opened(&mut self.connection, &self.place)?;
        let transaction = Transaction::begin(connection)?;
        let touched = Touched::by(batch);
        let known = statements::known(connection, &touched)?;
        let Decided { verdicts, write } = decide(batch, &touched, &known, &mut self.numbers);
        let rows = write.rows();
        if rows > 0 {
            let gone = statements::write(connection, &write)?;
            transaction.commit()?;
            self.unmoved.log_ends_at(self.mark.as_mut().and_then(Mark::note));
            mended(&write, &gone, &self.counters.damage);
            self.counters.batches.add(1);
            self.counters.rows.add(rows);
            self.hints.ring(write.told);
        }
        Ok(verdicts)
    }

    /// After trouble all is opened anew for the next batch.
    fn close(&mut self) {
        self.connection = None;
        if let Some(mark) = &mut self.mark {
            mark.close();
        }
    }

    /// Whether it has to be opened first, which takes its time.
    pub(crate) fn is_closed(&self) -> bool {
        self.connection.is_none()
    }

    /// How many changes came since the log was moved.
    pub(crate) fn unmoved(&self) -> usize {
        self.unmoved.changes()
    }

    /// Whether the log is to be moved when it is quiet.
    pub(crate) fn log_is_worth_moving(&self) -> bool {
        self.unmoved.are_worth_moving()
    }

    /// Whether the log is to be moved at once.
    pub(crate) fn log_is_long(&self) -> bool {
        self.unmoved.are_many()
    }

    /// Puts right what a patrol has found.
    pub(crate) fn repair(&mut self, repair: &Repair) -> Result<(), Error> {
        let connection = opened(&mut self.connection, &self.place)?;
        scrub::repair(connection, repair).inspect_err(|_| self.close())
    }

    /// Moves what was committed from the log into the tables' file, so that the log stays short.
    pub(crate) fn checkpoint(&mut self) {
        self.unmoved.moved();
        let Some(connection) = &self.connection else { return };
        match connection.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(())) {
            Ok(()) => self.counters.checkpoints.add(1),
            Err(e) => tracing::warn!("the log could not be moved into the tables: {e}"),
        }
    }
}

fn opened<'c>(connection: &'c mut Option<Connection>, place: &Place) -> Result<&'c mut Connection, Error> {
    match connection {
        Some(connection) => Ok(connection),
        empty => Ok(empty.insert(schema::writer(place)?)),
    }
}

/// What was damaged and is written anew or gone is damaged no more; `gone`: the places of history rows.
fn mended(write: &Write<'_>, gone: &[i64], damage: &Damage) {
    let documents = write.put.iter().map(|row| row.name).chain(write.removed.iter().copied());
    documents.for_each(|name| damage.mended(name));
    write.trimmed.iter().for_each(|trim| damage.trimmed(*trim));
    write.shortened.iter().for_each(|(trail, before)| damage.shortened(trail, *before));
    gone.iter().for_each(|place| damage.mended(("history row", "", &place.to_string())));
    // Damaged work is given to nobody who could finish it: it goes when it is replaced or cancelled.
    let cancelled = write.ended.iter().filter(|(.., revision)| revision.is_none());
    cancelled.for_each(|(place, id, _)| damage.mended(("work", place, id)));
    write.work.iter().for_each(|row| damage.mended(("work", &row.topic, row.id)));
}

/// Puts the log right before SQLite reads it, or says what is lost.
fn look_at_log(place: &Place, counters: &Counters) -> Result<(), Error> {
    match wal::mend(place).map_err(|e| Error::Unavailable(format!("the store's log: {e}")))? {
        Found::Whole => {}
        Found::Mended(bits) => tracing::error!(bits, "the store's log was damaged: the bits are put right"),
        Found::Torn { frame, of, kept } => counters.damage.note(&Error::Poisoned {
            kind: "log".to_owned(),
            scope: String::new(),
            id: kept.display().to_string(),
            reason: format!("frame {frame} of {of} is torn: what was committed from there on is lost"),
        }),
    }
    Ok(())
}
