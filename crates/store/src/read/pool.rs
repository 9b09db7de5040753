//! The reading connections.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::{sync::Semaphore, task::coop::consume_budget};

use crate::{
    Error,
    moment::{Moments, Threads},
    place::Place,
    schema,
    stats::Counters,
};

/// So many readers at once: enough for a small machine, and each costs memory.
const MOST: usize = 4;

/// A few connections, opened when first needed, used on threads where blocking is allowed, or where it is only for a
/// moment.
#[derive(Debug)]
pub(crate) struct Readers {
    idle: Mutex<Vec<Connection>>,
    turns: Semaphore,
    lookups: Moments,
    place: Arc<Place>,
    counters: Arc<Counters>,
}

impl Readers {
    pub(crate) fn new(place: Arc<Place>, counters: Arc<Counters>, threads: &Arc<Threads>) -> Self {
        let (idle, turns, lookups) = (Mutex::default(), Semaphore::new(MOST), Moments::new(threads));
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
        let answer = move || {
            let connection = readers.free().map_or_else(|| schema::reader(&readers.place), Ok)?;
            readers.answer(connection, question)
        };
        tokio::task::spawn_blocking(answer).await.map_err(|e| stopped(&e))?
    }

    /// The same for what is looked up by its name: on this thread, if that is a matter of a moment.
    pub(crate) async fn look_up<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        // However many of them one task asks, others have their turn.
        consume_budget().await;
        if let Some(_still) = self.lookups.begin()
            && let Ok(_turn) = self.turns.try_acquire()
            && let Some(connection) = self.free()
        {
            return self.lookups.timed(|| self.answer(connection, question));
        }
        let readers = Arc::clone(self);
        self.ask(move |connection| readers.lookups.timed(|| question(connection))).await
    }

    fn answer<T>(
        &self,
        connection: Connection,
        question: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let answer = question(&connection);
        match &answer {
            Err(Error::Unavailable(_) | Error::Internal(_)) => drop(connection),
            Err(error @ Error::Poisoned { .. }) => {
                self.counters.unread(error);
                self.idle().push(connection);
            }
            _ => self.idle().push(connection),
        }
        answer
    }

    fn free(&self) -> Option<Connection> {
        self.idle().pop()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
