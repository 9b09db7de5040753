//! A task that wakes itself while it is polled goes on at once.
//!
//! A connection does so for each body: whoever answers the request asks for the body, and what reads it for them is the
//! same task. The runtime would put the task at the end of its queue and wake another thread to share the work, which
//! costs as much as a small request.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// So often it goes on before others have their turn.
const MOST: usize = 8;

/// Nobody polls it.
const RESTS: u8 = 0;
/// It is being polled, and was not woken since that began.
const POLLED: u8 = 1;
/// It was woken, and whoever polls it knows or will be told.
const WOKEN: u8 = 2;

/// The task.
pub(super) struct Again<F> {
    task: Pin<Box<F>>,
    bell: Arc<Bell>,
    waker: Waker,
}

#[derive(Default)]
struct Bell {
    state: AtomicU8,
    /// Wakes the task when it rests.
    outer: Mutex<Option<Waker>>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.swap(WOKEN, Ordering::AcqRel) == RESTS {
            let outer = self.outer.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(outer) = &*outer {
                outer.wake_by_ref();
            }
        }
    }
}

impl<F: Future> Again<F> {
    pub(super) fn new(task: F) -> Self {
        let bell = Arc::<Bell>::default();
        Self { task: Box::pin(task), waker: Waker::from(Arc::clone(&bell)), bell }
    }
}

impl<F: Future> Future for Again<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Self { task, bell, waker } = self.get_mut();
        {
            let mut outer = bell.outer.lock().unwrap_or_else(PoisonError::into_inner);
            match &mut *outer {
                Some(outer) => outer.clone_from(context.waker()),
                none => *none = Some(context.waker().clone()),
            }
        }
        for _ in 0..MOST {
            // A swap, not a store: the poll sees all that was done before the wakes that this takes the place of.
            bell.state.swap(POLLED, Ordering::AcqRel);
            let polled = task.as_mut().poll(&mut Context::from_waker(waker));
            if polled.is_ready() {
                return polled;
            }
            let rests = bell.state.compare_exchange(POLLED, RESTS, Ordering::AcqRel, Ordering::Acquire);
            if rests.is_ok() {
                return Poll::Pending;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, sync::atomic::AtomicUsize};

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Count {
        fn taken(&self) -> usize {
            self.0.swap(0, Ordering::Relaxed)
        }
    }

    #[test]
    fn who_wakes_itself_goes_on_and_nobody_is_woken() {
        let woken = Arc::<Count>::default();
        let waker = Waker::from(Arc::clone(&woken));
        let mut left = 2 * MOST;
        let mut task = std::pin::pin!(Again::new(poll_fn(|context| {
            context.waker().wake_by_ref();
            left -= 1;
            if left == MOST - 3 { Poll::Ready(()) } else { Poll::Pending }
        })));
        let mut poll = || task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        assert!(!poll());
        assert_eq!(woken.taken(), 1, "others have their turn");
        assert!(poll());
        assert_eq!(woken.taken(), 0);
        assert_eq!(left, MOST - 3);
    }

    #[test]
    fn who_rests_is_woken_once_for_each_time() {
        let woken = Arc::<Count>::default();
        let waker = Waker::from(Arc::clone(&woken));
        let kept = Mutex::new(None);
        let mut task = std::pin::pin!(Again::new(poll_fn(|context| {
            *kept.lock().unwrap() = Some(context.waker().clone());
            Poll::<()>::Pending
        })));
        for _ in 0..2 {
            assert!(task.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            assert_eq!(woken.taken(), 0);
            let inner = kept.lock().unwrap().take().unwrap();
            inner.wake_by_ref();
            inner.wake();
            assert_eq!(woken.taken(), 1);
        }
    }

    /// Wakes from another thread, also in the middle of a poll, are never lost.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_wake_is_lost() {
        for _ in 0..2000 {
            let (tell, told) = tokio::sync::oneshot::channel();
            let task = tokio::spawn(Again::new(told));
            std::thread::yield_now();
            tell.send(7).unwrap();
            assert_eq!(task.await.unwrap(), Ok(7));
        }
    }
}
