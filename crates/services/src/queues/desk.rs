//! What is known of one queue in memory, so that nobody asks the disk whether there is something: its settings, the
//! messages that come next, and from when on there may be one.
//!
//! All of it can be lost: it is made anew from the store.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
};

use tokio::sync::{Mutex, Notify, RwLock};
use trainyard_domain::Timestamp;

use super::{Queue, flights::Flights, in_order::Attempts, line::Line, loose::Loose};
use crate::policy::Document;

/// Places begin so high that they have twenty digits, as AWS's sequence numbers have.
const FIRST_PLACE: u64 = 10_000_000_000_000_000_000;
/// So many places there are in each millisecond.
const PLACES_A_MILLISECOND: u64 = 1_000_000;

/// A queue at work.
pub(super) struct Desk {
    /// The queue; none once it is deleted. Whoever sends holds it while committing, so that no message comes to lie on
    /// a shelf that was given up. Held shortly, never while waiting for a message.
    pub(super) open: Arc<RwLock<Option<Arc<Open>>>>,
    /// The messages that come next. Taken after `open` if both are, and never kept while waiting for another desk.
    pub(super) order: Mutex<Order>,
    outdated: AtomicBool,
    next: AtomicI64,
    last: AtomicU64,
    /// In a queue that keeps no order: how many more can be in flight.
    pub(super) flights: Flights,
    bell: Notify,
}

/// A queue and its policy, read.
pub(super) struct Open {
    pub(super) queue: Queue,
    pub(super) policy: Option<Document>,
}

/// The messages that come next on one shelf.
pub(super) struct Order {
    pub(super) shelf: u32,
    pub(super) kind: Kind,
}

/// How the next message is found.
pub(super) enum Kind {
    Loose(Loose),
    Fifo(Box<(Line, Attempts)>),
}

impl Open {
    pub(super) fn new(queue: Queue) -> Arc<Self> {
        // It was read when it was set.
        let policy = queue.settings.policy.as_deref().and_then(|text| Document::read(text).ok());
        Arc::new(Self { queue, policy })
    }
}

impl Order {
    fn of(queue: &Queue) -> Self {
        let kind = match queue.settings.fifo {
            Some(_) => Kind::Fifo(Box::default()),
            None => Kind::Loose(Loose::default()),
        };
        Self { shelf: queue.shelf, kind }
    }
}

impl Desk {
    /// A desk for the queue; `last` is the last place on its shelf.
    pub(super) fn new(queue: Queue, last: u64) -> Self {
        Self {
            order: Mutex::new(Order::of(&queue)),
            open: Arc::new(RwLock::new(Some(Open::new(queue)))),
            outdated: AtomicBool::new(false),
            next: AtomicI64::new(0),
            last: AtomicU64::new(last),
            flights: Flights::default(),
            bell: Notify::new(),
        }
    }

    /// A place behind all others.
    pub(super) fn place(&self, now: Timestamp) -> u64 {
        let since = u64::try_from(now.millis()).unwrap_or_default().saturating_mul(PLACES_A_MILLISECOND);
        let at_least = FIRST_PLACE.saturating_add(since);
        let next = |last: u64| at_least.max(last.saturating_add(1));
        let update = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        next(update.unwrap_or_else(|last| last))
    }

    /// Nothing is visible before that, as far as is known.
    pub(super) fn next(&self) -> Timestamp {
        Timestamp(self.next.load(Ordering::Acquire))
    }

    /// Before the store is asked what comes next: whatever is told from now on counts.
    pub(super) fn forget_next(&self) {
        self.next.store(i64::MAX, Ordering::Release);
    }

    /// Something may be visible from `due` on.
    pub(super) fn expect(&self, due: Timestamp) {
        self.next.fetch_min(due.millis(), Ordering::AcqRel);
    }

    /// So many messages are visible from `due` on: who waits is told, one for each.
    pub(super) fn tell(&self, due: Timestamp, messages: usize) {
        self.expect(due);
        for _ in 0..messages {
            self.bell.notify_one();
        }
    }

    /// The queue has a new shelf: what was known of its messages is forgotten.
    pub(super) async fn renew(&self, queue: &Queue) {
        *self.order.lock().await = Order::of(queue);
        self.flights.forget();
        self.changed();
    }

    /// The queue was changed: everybody who waits looks again.
    pub(super) fn changed(&self) {
        self.expect(Timestamp::default());
        self.bell.notify_waiters();
    }

    /// A message came behind the back of the line: the line must be read again.
    pub(super) fn outdate(&self) {
        self.outdated.store(true, Ordering::Release);
        self.expect(Timestamp::default());
    }

    /// Whether the line must be read again; said once.
    pub(super) fn is_outdated(&self) -> bool {
        self.outdated.swap(false, Ordering::AcqRel)
    }

    pub(super) fn bell(&self) -> &Notify {
        &self.bell
    }
}
