//! The writer, and who may use it at once.
//!
//! Whoever comes while nobody else writes or waits does it on its own thread, if that is a [matter of a
//! moment](crate::moment) and the log need not be moved. All others go to the writer's thread, which gathers what comes
//! meanwhile.

use std::{
    slice,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::Writer;
use crate::{Changes, Error, moment::Moments};

/// Changes of more bytes are no matter of a moment.
const SMALL: usize = 64 << 10;

/// Where one at a time writes.
pub(super) struct Desk {
    /// Who has it writes.
    writer: Mutex<Writer>,
    /// How many changes are on their way to the writer's thread or in its hands: nobody overtakes them.
    waiting: AtomicUsize,
    transactions: Moments,
}

/// What came of changes that were written at once.
pub(super) struct Written {
    pub(super) verdict: Result<(), Error>,
    /// Whether it is since these that the log is worth moving: the writer's thread does not know yet.
    pub(super) is_worth_moving_now: bool,
}

impl Desk {
    pub(super) fn new(writer: Writer) -> Self {
        Self { writer: Mutex::new(writer), waiting: AtomicUsize::new(0), transactions: Moments::here() }
    }

    /// Writes the changes on this thread; nothing if that is for the writer's thread to do.
    pub(super) fn write_at_once(&self, changes: &Changes) -> Option<Written> {
        let is_moment = self.transactions.is_one() && changes.bytes() <= SMALL;
        if !is_moment || self.waiting.load(Ordering::SeqCst) > 0 {
            return None;
        }
        let mut writer = self.writer.try_lock().ok()?;
        if writer.log_is_long() {
            return None;
        }
        let was_worth_moving = writer.log_is_worth_moving();
        let verdict = self.write(&mut writer, slice::from_ref(changes)).pop()?;
        let is_worth_moving_now = !was_worth_moving && writer.log_is_worth_moving();
        Some(Written { verdict, is_worth_moving_now })
    }

    /// Writes what waits together.
    pub(super) fn write(&self, writer: &mut Writer, batch: &[Changes]) -> Vec<Result<(), Error>> {
        self.transactions.of(|| writer.write(batch))
    }

    /// Changes go to the writer's thread.
    pub(super) fn sent(&self) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
    }

    /// So many of them are written or refused.
    pub(super) fn written(&self, count: usize) {
        self.waiting.fetch_sub(count, Ordering::SeqCst);
    }

    /// Waits for whoever writes. None if somebody has failed while writing: the store is not to be trusted then.
    pub(super) fn writer(&self) -> Option<MutexGuard<'_, Writer>> {
        self.writer.lock().ok()
    }
}
