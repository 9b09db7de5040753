//! The writer, and who may use it at once.
//!
//! A commit that goes to the writer's thread and back wakes two threads, which costs as much as writing it. So whoever
//! comes while nobody else writes or waits does it on its own thread, as long as that is a matter of a moment: a small
//! change, a disk that has just been quick, a log that need not be moved. All others go to the writer's thread, which
//! gathers what comes meanwhile.

use std::{
    slice,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::runtime::Handle;

use super::Writer;
use crate::{Changes, Error};

/// Changes of more bytes are no matter of a moment.
const SMALL: usize = 64 << 10;

/// Nor are any while the disk takes longer: the runtime lacks a thread meanwhile.
const MOMENT: Duration = Duration::from_millis(1);

/// Where one at a time writes.
pub(super) struct Desk {
    seat: Mutex<Seat>,
    /// How many changes are on their way to the writer's thread or in its hands: nobody overtakes them.
    waiting: AtomicUsize,
    /// Whether the runtime has other threads, which go on while one of them writes.
    has_others: bool,
}

/// Who sits here writes.
pub(super) struct Seat {
    pub(super) writer: Writer,
    /// How long the last transaction took.
    took: Duration,
}

/// What came of changes that were written at once.
pub(super) struct Written {
    pub(super) verdict: Result<(), Error>,
    /// Whether it is since these that the log is worth moving: the writer's thread does not know yet.
    pub(super) is_worth_moving_now: bool,
}

impl Desk {
    /// Of the runtime that this is called in; without one, only the writer's thread writes.
    pub(super) fn new(writer: Writer) -> Self {
        let has_others = Handle::try_current().is_ok_and(|runtime| runtime.metrics().num_workers() > 1);
        Self {
            seat: Mutex::new(Seat { writer, took: Duration::ZERO }),
            waiting: AtomicUsize::new(0),
            has_others,
        }
    }

    /// Writes the changes on this thread; nothing if that is for the writer's thread to do.
    pub(super) fn write_at_once(&self, changes: &Changes) -> Option<Written> {
        if !self.has_others || self.waiting.load(Ordering::SeqCst) > 0 || changes.bytes() > SMALL {
            return None;
        }
        let mut seat = self.seat.try_lock().ok()?;
        if seat.took > MOMENT || seat.writer.log_is_long() {
            return None;
        }
        let was_worth_moving = seat.writer.log_is_worth_moving();
        let verdict = seat.write(slice::from_ref(changes)).pop()?;
        let is_worth_moving_now = !was_worth_moving && seat.writer.log_is_worth_moving();
        Some(Written { verdict, is_worth_moving_now })
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
    pub(super) fn sit(&self) -> Option<MutexGuard<'_, Seat>> {
        self.seat.lock().ok()
    }
}

impl Seat {
    pub(super) fn write(&mut self, batch: &[Changes]) -> Vec<Result<(), Error>> {
        let began = Instant::now();
        let verdicts = self.writer.write(batch);
        self.took = began.elapsed();
        verdicts
    }
}
