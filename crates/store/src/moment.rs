//! What is a matter of a moment is done on the thread that asks for it.
//!
//! To another thread and back costs two wake-ups, as much as a small commit and several times as much as a lookup. But a
//! thread of the runtime that waits for a disk is one that answers nobody: so one of the runtime's threads never stands
//! still, none does unless the disk has just been quick, and where it is not after all, the [others](crate::watch) are
//! woken.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
    time::{Duration, Instant},
};

use tokio::runtime::Handle;

use crate::watch::Watch;

/// What takes longer is done elsewhere.
const MOMENT: Duration = Duration::from_millis(1);

/// The threads of a runtime that may stand still, and do.
#[derive(Debug)]
pub(crate) struct Threads {
    most: usize,
    /// None where none may.
    watch: Option<Watch>,
}

/// Things of a kind, and how long the last of them took.
#[derive(Debug)]
pub(crate) struct Moments {
    threads: Arc<Threads>,
    /// Microseconds.
    last: AtomicU64,
}

/// A thread that stands still until this is dropped.
pub(crate) struct Still<'t>(&'t Watch);

impl Threads {
    /// All but one of the runtime that this is called in. Without a runtime there are none.
    pub(crate) fn here() -> Arc<Self> {
        let runtime = Handle::try_current().ok();
        let workers = runtime.as_ref().map_or(0, |runtime| runtime.metrics().num_workers());
        let watch = runtime.filter(|_| workers > 1).and_then(Watch::over);
        Arc::new(Self { most: workers.saturating_sub(1), watch })
    }

    fn stand_still(&self) -> Option<Still<'_>> {
        let watch = self.watch.as_ref()?;
        let before = watch.begins();
        let still = Still(watch);
        (before < self.most).then_some(still)
    }
}

impl Drop for Still<'_> {
    fn drop(&mut self) {
        self.0.ends();
    }
}

impl Moments {
    pub(crate) fn new(threads: &Arc<Threads>) -> Self {
        Self { threads: Arc::clone(threads), last: AtomicU64::new(0) }
    }

    /// The next one may be done on this thread, as long as what this gives is kept; none if it may not.
    pub(crate) fn begin(&self) -> Option<Still<'_>> {
        let is_quick = Duration::from_micros(self.last.load(Ordering::Relaxed)) <= MOMENT;
        if is_quick { self.threads.stand_still() } else { None }
    }

    /// Does it, wherever this is, and sees how long that takes.
    pub(crate) fn timed<T>(&self, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = work();
        self.took(began.elapsed());
        done
    }

    pub(crate) fn took(&self, time: Duration) {
        self.last.store(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// Lets those have a word who do something in the same breath, such as all that are joined in one task.
pub(crate) async fn breath() {
    let mut drawn = false;
    poll_fn(|context| {
        if std::mem::replace(&mut drawn, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::{io::Write, os::unix::net::UnixStream as Socket, sync::mpsc};

    use tokio::net::UnixStream;

    use super::*;

    /// What is written to the one can be read from the other, in the runtime.
    fn pair() -> (Socket, UnixStream) {
        let (ours, theirs) = Socket::pair().unwrap();
        theirs.set_nonblocking(true).unwrap();
        (ours, UnixStream::from_std(theirs).unwrap())
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_took_long_is_done_elsewhere_until_it_is_quick_again() {
        let moments = Moments::new(&Threads::here());
        assert!(moments.begin().is_some());
        moments.took(2 * MOMENT);
        assert!(moments.begin().is_none());
        moments.took(MOMENT / 2);
        assert!(moments.begin().is_some());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_thread_goes_on() {
        let threads = Threads::here();
        let (writing, reading) = (Moments::new(&threads), Moments::new(&threads));
        let still = writing.begin();
        assert!(still.is_some() && reading.begin().is_none());
        drop(still);
        assert!(reading.begin().is_some());
    }

    /// The thread that stands still may be the only one that looks at the clock and the network.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_runtime_goes_on_while_a_thread_stands_still() {
        let moments = Moments::new(&Threads::here());
        let ((mut first, stands), (mut second, goes_on)) = (pair(), pair());
        let ((say, said), (tell, told)) = (mpsc::channel(), mpsc::channel());
        let begun = say.clone();
        let standing = tokio::spawn(async move {
            say.send(()).unwrap();
            stands.readable().await.unwrap();
            let _still = moments.begin().unwrap();
            say.send(()).unwrap();
            told.recv_timeout(Duration::from_secs(10))
        });
        let going = tokio::spawn(async move {
            begun.send(()).unwrap();
            goes_on.readable().await.unwrap();
            tell.send(()).unwrap();
        });
        (0..2).for_each(|_| said.recv().unwrap());
        let metrics = Handle::current().metrics();
        // Odd: it sleeps. This thread is none of them.
        let sleeps = |worker: &usize| metrics.worker_park_unpark_count(*worker) % 2 == 1;
        while (0..2).filter(sleeps).count() < 2 {
            std::thread::yield_now();
        }
        first.write_all(b"x").unwrap();
        said.recv().unwrap();
        second.write_all(b"x").unwrap();
        assert_eq!(standing.await.unwrap(), Ok(()));
        going.await.unwrap();
    }

    #[tokio::test]
    async fn nothing_is_done_at_once_on_the_only_thread() {
        assert!(Moments::new(&Threads::here()).begin().is_none());
    }

    #[test]
    fn nothing_is_done_at_once_outside_of_a_runtime() {
        assert!(Moments::new(&Threads::here()).begin().is_none());
    }
}
