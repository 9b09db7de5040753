//! What the store has done since it was opened, for `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Error, damage::Damage};

/// Counts since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Changes that were committed.
    pub commits: u64,
    /// Changes that were refused as conflicts.
    pub conflicts: u64,
    /// Transactions: each answered one or many commits with one fsync.
    pub batches: u64,
    /// Rows written: documents put or removed, history rows, work put or removed.
    pub rows: u64,
    /// Changes that the disk or SQLite refused.
    pub failures: u64,
    /// Documents and history rows that could not be read.
    pub poisoned: u64,
    /// Things that are known to be damaged now.
    pub damaged: u64,
    /// Checkpoints made while nobody waited.
    pub checkpoints: u64,
}

/// The same, counted by several threads without a lock.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) commits: Counter,
    pub(crate) conflicts: Counter,
    pub(crate) batches: Counter,
    pub(crate) rows: Counter,
    pub(crate) failures: Counter,
    pub(crate) poisoned: Counter,
    pub(crate) checkpoints: Counter,
    pub(crate) damage: Damage,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, n: usize) {
        self.0.fetch_add(n as u64, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    /// Something could not be read.
    pub(crate) fn unread(&self, error: &Error) {
        self.poisoned.add(1);
        self.damage.note(error);
    }

    pub(crate) fn read(&self) -> Stats {
        Stats {
            commits: self.commits.read(),
            conflicts: self.conflicts.read(),
            batches: self.batches.read(),
            rows: self.rows.read(),
            failures: self.failures.read(),
            poisoned: self.poisoned.read(),
            damaged: self.damage.count() as u64,
            checkpoints: self.checkpoints.read(),
        }
    }
}
