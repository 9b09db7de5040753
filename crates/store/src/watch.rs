//! Sees to it that the runtime goes on while one of its threads stands still.
//!
//! The thread that stands still may be the one that was to look for what comes from the network, and the others sleep until
//! they are woken. As long as it is for a moment, waking one would cost more than it brings. So a thread of our own looks
//! now and then, while things are done at once at all, and wakes the runtime where one of them does not end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread::{self, Thread},
    time::Duration,
};

use tokio::runtime::Handle;

/// So often somebody looks.
const TICK: Duration = Duration::from_millis(20);

/// Who stands still, and who watches. The watch ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    shared: Arc<Shared>,
    watchman: Thread,
}

#[derive(Debug, Default)]
struct Shared {
    still: AtomicUsize,
    /// How many have stood still and go on again.
    ended: AtomicU64,
    /// Whether anything was done at once since the watchman looked.
    stirs: AtomicBool,
    over: AtomicBool,
}

impl Watch {
    /// Over this runtime; none if there is no thread for it.
    pub(crate) fn over(runtime: Handle) -> Option<Self> {
        let shared = Arc::<Shared>::default();
        let seen = Arc::clone(&shared);
        let watch = move || watch(&seen, || drop(runtime.spawn(async {})));
        let started = thread::Builder::new().name("store-watch".to_owned()).spawn(watch);
        let started = started.inspect_err(|error| tracing::warn!(%error, "no thread to watch the others"));
        Some(Self { shared, watchman: started.ok()?.thread().clone() })
    }

    /// One more stands still; says how many did already.
    pub(crate) fn begins(&self) -> usize {
        let before = self.shared.still.fetch_add(1, Ordering::SeqCst);
        if !self.shared.stirs.load(Ordering::Relaxed) && !self.shared.stirs.swap(true, Ordering::SeqCst) {
            self.watchman.unpark();
        }
        before
    }

    pub(crate) fn ends(&self) {
        self.shared.ended.fetch_add(1, Ordering::SeqCst);
        self.shared.still.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        self.watchman.unpark();
    }
}

fn watch(shared: &Shared, wake: impl Fn()) {
    let mut ended = 0;
    while !shared.over.load(Ordering::SeqCst) {
        let stirs = shared.stirs.swap(false, Ordering::SeqCst);
        if !stirs && shared.still.load(Ordering::SeqCst) == 0 {
            thread::park();
            continue;
        }
        thread::park_timeout(TICK);
        let now = shared.ended.load(Ordering::SeqCst);
        if now == ended && shared.still.load(Ordering::SeqCst) > 0 {
            wake();
        }
        ended = now;
    }
}
