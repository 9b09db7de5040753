//! The writer, and who may use it at once.
//!
//! Whoever comes while nobody else writes, waits or is about to come does it on its own thread, if that is a [matter of a
//! moment](crate::moment) and the log need not be moved. All others go to the writer's thread, which gathers what comes
//! meanwhile.

use std::{
    slice,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::Writer;
use crate::{
    Changes, Error,
    moment::{Moments, Threads},
};

/// Where one at a time writes.
pub(super) struct Desk {
    /// Who has it writes.
    writer: Mutex<Writer>,
    /// How many have changes, and have neither written them nor given them away.
    coming: AtomicUsize,
    /// How many changes are on their way to the writer's thread or in its hands: nobody overtakes them.
    waiting: AtomicUsize,
    pub(super) transactions: Moments,
}

/// Somebody who has changes.
pub(super) struct Coming<'d>(&'d Desk);

/// What came of changes that were written at once.
pub(super) struct Written {
    pub(super) verdict: Result<(), Error>,
    /// Whether it is since these that the log is worth moving: the writer's thread does not know yet.
    pub(super) is_worth_moving_now: bool,
}

impl Desk {
    pub(super) fn new(writer: Writer, threads: &Arc<Threads>) -> Self {
        let (coming, waiting) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { writer: Mutex::new(writer), coming, waiting, transactions: Moments::new(threads) }
    }

    /// Somebody comes.
    pub(super) fn come(&self) -> Coming<'_> {
        self.coming.fetch_add(1, Ordering::SeqCst);
        Coming(self)
    }

    /// Writes what waits together.
    pub(super) fn write(&self, writer: &mut Writer, batch: &[Changes]) -> Vec<Result<(), Error>> {
        self.transactions.timed(|| writer.write(batch))
    }

    /// So many changes that waited are written or refused.
    pub(super) fn written(&self, count: usize) {
        self.waiting.fetch_sub(count, Ordering::SeqCst);
    }

    /// Waits for whoever writes. None if somebody has failed while writing: the store is not to be trusted then.
    pub(super) fn writer(&self) -> Option<MutexGuard<'_, Writer>> {
        self.writer.lock().ok()
    }
}

impl Coming<'_> {
    /// Writes the changes on this thread; nothing if that is for the writer's thread to do.
    pub(super) fn write_at_once(&self, changes: &Changes) -> Option<Written> {
        let desk = self.0;
        let is_alone = desk.coming.load(Ordering::SeqCst) == 1 && desk.waiting.load(Ordering::SeqCst) == 0;
        if !is_alone || !changes.are_small() {
            return None;
        }
        let _still = desk.transactions.begin()?;
        let mut writer = desk.writer.try_lock().ok()?;
        if writer.is_closed() || writer.log_is_long() {
            return None;
        }
        let was_worth_moving = writer.log_is_worth_moving();
        let verdicts = desk.write(&mut writer, slice::from_ref(changes));
        let none = || Error::Internal("changes were written and nobody knows how".to_owned());
        let verdict = verdicts.into_iter().next().unwrap_or_else(|| Err(none()));
        let is_worth_moving_now = !was_worth_moving && writer.log_is_worth_moving();
        Some(Written { verdict, is_worth_moving_now })
    }

    /// The changes go to the writer's thread.
    pub(super) fn send(self) {
        self.0.waiting.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drop for Coming<'_> {
    fn drop(&mut self) {
        self.0.coming.fetch_sub(1, Ordering::SeqCst);
    }
}
