//! The reading connections.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::{Error, place::Place, schema, stats::Counters};

/// So many readers at once: enough for a small machine, and each costs memory.
const MOST: usize = 4;

/// A few connections, opened when first needed, used on threads where blocking is allowed.
#[derive(Debug)]
pub(crate) struct Readers {
    idle: Mutex<Vec<Connection>>,
    turns: Semaphore,
    place: Arc<Place>,
    counters: Arc<Counters>,
}

impl Readers {
    pub(crate) fn new(place: Arc<Place>, counters: Arc<Counters>) -> Self {
        Self { idle: Mutex::default(), turns: Semaphore::new(MOST), place, counters }
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
