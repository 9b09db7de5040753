//! Where tasks of activities wait for somebody to ask for them, beside the store: a line for each activity that anybody
//! has asked for, with the offers that were made since, or that were read ahead.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use super::{activity::Present, hands::Hands, offers::Offer};

/// So many offers stand in a line; the others are read from the store when it is their turn.
pub(super) const LINE: usize = 256;
/// An input that is longer is not kept in the line.
const LONG_INPUT: usize = 4096;
/// Correctness never depends on a hint: a lost one costs at most this.
pub(super) const SWEEP: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(super) struct Counter {
    lines: Mutex<HashMap<String, Arc<Line>>>,
    pub(super) hands: Hands,
    /// Activities that are there.
    pub(super) present: Present,
}

impl Counter {
    /// These are committed: each goes to the end of its line, and one of those who wait there looks.
    fn offer(&self, offers: Vec<Offer>) {
        for offer in offers {
            let line = lock(&self.lines).get(offer.activity()).cloned();
            // Nobody has asked yet: whoever does first reads the store.
            if let Some(line) = line {
                line.join(offer);
            }
        }
    }

    /// Whatever was offered: all look.
    pub(super) fn ring_all(&self) {
        for line in lock(&self.lines).values() {
            line.waiting().unread = true;
            line.rings.notify_waiters();
        }
    }

    pub(super) fn line(&self, activity: &str) -> Arc<Line> {
        let mut lines = lock(&self.lines);
        Arc::clone(lines.entry(activity.to_owned()).or_insert_with(|| Arc::new(Line::of(activity))))
    }

    /// What is to be offered as soon as it is committed.
    pub(super) fn to_offer(&self, offers: Vec<Offer>) -> ToOffer<'_> {
        ToOffer { counter: self, offers }
    }
}

/// Offers whose commit is under way. If whoever waits for it goes away, it may still be done: then their lines are read
/// from the store.
pub(super) struct ToOffer<'a> {
    counter: &'a Counter,
    offers: Vec<Offer>,
}

impl ToOffer<'_> {
    /// They are committed.
    pub(super) fn committed(mut self) {
        self.counter.offer(std::mem::take(&mut self.offers));
    }
}

impl Drop for ToOffer<'_> {
    fn drop(&mut self) {
        for offer in &self.offers {
            if let Some(line) = lock(&self.counter.lines).get(offer.activity()) {
                line.not_read();
                line.rings.notify_one();
            }
        }
    }
}

/// The offers of an activity, the oldest first.
pub(super) struct Line {
    pub(super) activity: Arc<str>,
    /// Rings when there is one.
    pub(super) rings: Notify,
    /// One at a time reads the store: two would read the same.
    pub(super) reading: tokio::sync::Mutex<()>,
    waiting: Mutex<Waiting>,
}

struct Waiting {
    offers: VecDeque<Offer>,
    /// Whether the store may have some that are not here.
    unread: bool,
    looked: Option<Instant>,
}

impl Default for Waiting {
    fn default() -> Self {
        Self { offers: VecDeque::new(), unread: true, looked: None }
    }
}

impl Waiting {
    fn is_stale(&self) -> bool {
        self.looked.is_none_or(|looked| looked.elapsed() >= SWEEP)
    }
}

impl Line {
    fn of(activity: &str) -> Self {
        let (rings, reading, waiting) = (Notify::new(), Default::default(), Mutex::default());
        Self { activity: activity.into(), rings, reading, waiting }
    }

    fn join(&self, offer: Offer) {
        let mut waiting = self.waiting();
        // Behind some that were not read it would be too early.
        if waiting.unread || waiting.offers.len() >= LINE {
            waiting.unread = true;
        } else {
            waiting.offers.push_back(offer.without_long_input(LONG_INPUT));
        }
        drop(waiting);
        self.rings.notify_one();
    }

    /// It was not given to anybody after all: it is the next again.
    pub(super) fn come_back(&self, offer: Offer) {
        self.waiting().offers.push_front(offer.without_long_input(LONG_INPUT));
        self.rings.notify_one();
    }

    /// Takes the oldest in hand that nobody has there; none either if it is time to look at the store once more, in case
    /// one is missing here.
    pub(super) fn next(&self, hands: &Hands) -> Option<Offer> {
        let mut waiting = self.waiting();
        if waiting.is_stale() {
            return None;
        }
        while let Some(offer) = waiting.offers.pop_front() {
            if hands.pick(&self.activity, offer.token()) {
                return Some(offer);
            }
        }
        None
    }

    /// Whether the store is to be read: says so to one only, who reads.
    pub(super) fn is_due(&self) -> bool {
        let mut waiting = self.waiting();
        std::mem::take(&mut waiting.unread) || waiting.is_stale()
    }

    /// These were read, which are older than all that came meanwhile; and whether there are more.
    pub(super) fn read(&self, older: Vec<Offer>, more: bool) {
        let mut waiting = self.waiting();
        let there: HashSet<String> = older.iter().map(|offer| offer.token().to_owned()).collect();
        let later = std::mem::take(&mut waiting.offers);
        waiting.offers = older.into();
        if more {
            // The rest comes between these and the later ones.
            waiting.unread = true;
        } else {
            waiting.offers.extend(later.into_iter().filter(|offer| !there.contains(offer.token())));
        }
        waiting.looked = Some(Instant::now());
    }

    /// The store could not be read.
    pub(super) fn not_read(&self) {
        self.waiting().unread = true;
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        lock(&self.waiting)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
