//! What is a matter of a moment is done on the thread that asks for it.
//!
//! To another thread and back costs two wake-ups, as much as a small commit and several times as much as a lookup. But a
//! thread of the runtime that waits for a disk is one that answers nobody: so only where the runtime has others, and as
//! long as the disk has just been quick.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use tokio::runtime::Handle;

/// What takes longer is done elsewhere.
const MOMENT: Duration = Duration::from_millis(1);

/// How long things of a kind have just taken.
#[derive(Debug)]
pub(crate) struct Moments {
    /// Whether the runtime has other threads, which go on while one of them stands still.
    has_others: bool,
    /// Microseconds.
    last: AtomicU64,
}

impl Moments {
    /// In the runtime that this is called in. Without one nothing is done at once.
    pub(crate) fn here() -> Self {
        let has_others = Handle::try_current().is_ok_and(|runtime| runtime.metrics().num_workers() > 1);
        Self { has_others, last: AtomicU64::new(0) }
    }

    /// Whether the next one may be done on the thread that asks for it.
    pub(crate) fn is_one(&self) -> bool {
        self.has_others && Duration::from_micros(self.last.load(Ordering::Relaxed)) <= MOMENT
    }

    /// Does it, wherever this is, and sees how long that takes.
    pub(crate) fn of<T>(&self, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = work();
        let took = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.last.store(took, Ordering::Relaxed);
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_took_long_is_done_elsewhere_until_it_is_quick_again() {
        let moments = Moments::here();
        assert!(moments.is_one());
        let slow = Instant::now();
        moments.of(|| while slow.elapsed() <= MOMENT + Duration::from_micros(1) {});
        assert!(!moments.is_one());
        moments.last.store(10, Ordering::Relaxed);
        assert!(moments.is_one());
    }

    /// It would keep all others waiting.
    #[tokio::test]
    async fn nothing_is_done_at_once_on_the_only_thread() {
        assert!(!Moments::here().is_one());
    }

    #[test]
    fn nothing_is_done_at_once_outside_of_a_runtime() {
        assert!(!Moments::here().is_one());
    }
}
