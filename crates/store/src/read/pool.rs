//! The reading connections.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::{Error, moment::Moments, place::Place, schema, stats::Counters};

/// So many readers at once: enough for a small machine, and each costs memory.
const MOST: usize = 4;

/// A few connections, opened when first needed, used on threads where blocking is allowed.
#[derive(Debug)]
pub(crate) struct Readers {
    idle: Mutex<Vec<Connection>>,
    turns: Semaphore,
    lookups: Moments,
    place: Arc<Place>,
    counters: Arc<Counters>,
}

impl Readers {
    pub(crate) fn new(place: Arc<Place>, counters: Arc<Counters>) -> Self {
        let (idle, turns, lookups) = (Mutex::default(), Semaphore::new(MOST), Moments::here());
        Self { idle, turns, lookups, place, counters }
    }

    /// Asks `question` on one of the connections when one is free.
    pub(crate) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let stopped = |e: &dyn std::fmt::Display| Error::Unavailable(format!("a read was given up: {e}"));
        let _turn = self.turns.acquire().await.map_err(|e| stopped(&e))?;
        let readers = Arc::clone(self);
        tokio::task::spawn_blocking(move || readers.answer(question)).await.map_err(|e| stopped(&e))?
    }

    /// The same for what is looked up by its name: on this thread, if that is a matter of a moment.
    pub(crate) async fn look_up<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        if self.lookups.is_one()
            && let Ok(_turn) = self.turns.try_acquire()
        {
            return self.lookups.of(|| self.answer(question));
        }
        let readers = Arc::clone(self);
        self.ask(move |connection| readers.lookups.of(|| question(connection))).await
    }

    fn answer<T>(&self, question: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let free = idle().pop();
        let connection = match free {
            Some(connection) => connection,
            None => schema::reader(&self.place)?,
        };
        let answer = question(&connection);
        match &answer {
            Err(Error::Unavailable(_) | Error::Internal(_)) => drop(connection),
            Err(error @ Error::Poisoned { .. }) => {
                self.counters.unread(error);
                idle().push(connection);
            }
            _ => idle().push(connection),
        }
        answer
    }
}
