//! How many more messages of a queue that keeps no order can be in flight. Pure: whoever hands out asks here first, and
//! counts only when he is told to.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html>
//!
//! What is known is never too much: what is handed out is taken off before, what is done with is added after. Messages
//! whose time is up are found by counting, which looks at all that are hidden: one does it for all receivers, once a
//! [`PAUSE`] at most.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use trainyard_domain::Timestamp;

/// They are counted again after that, and not sooner.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// Of one shelf.
#[derive(Default)]
pub(super) struct Flights {
    known: Mutex<Known>,
    /// Held by the one who counts.
    pub(super) counting: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    /// So many more can be.
    room: u64,
    /// So many of those that may be are being handed out.
    underway: u64,
    counted: Option<Timestamp>,
    epoch: Epoch,
}

/// Between which counts something was; an odd one is while they are counted. What was done with before a count ended may
/// be in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Epoch(u64);

impl Epoch {
    fn is_counting(self) -> bool {
        self.0 % 2 == 1
    }

    fn begin(&mut self) {
        self.0 = (self.0 + 1) | 1;
    }

    fn end(&mut self) {
        self.0 = (self.0 | 1) + 1;
    }
}

/// A count that has begun.
pub(super) struct Count {
    epoch: Epoch,
    underway: u64,
}

impl Flights {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes room for at most so many, which are given back by [`Flights::handed_out`]; says for how many.
    pub(super) fn take(&self, most: u64) -> u64 {
        let mut known = self.known();
        let taken = most.min(known.room);
        known.room -= taken;
        known.underway += taken;
        taken
    }

    /// Of those that room was taken for, so many are in flight now.
    pub(super) fn handed_out(&self, taken: u64, used: u64) {
        let mut known = self.known();
        known.underway = known.underway.saturating_sub(taken);
        known.room += taken.saturating_sub(used);
    }

    /// Whether as many are in flight as may be, and not only because of those that are being handed out.
    pub(super) fn is_full(&self) -> bool {
        let known = self.known();
        known.room == 0 && known.underway == 0
    }

    /// Before something is done with.
    pub(super) fn epoch(&self) -> Epoch {
        self.known().epoch
    }

    /// So many are in flight no more, by something that began in this epoch.
    pub(super) fn landed(&self, since: Epoch, messages: u64) {
        let mut known = self.known();
        if known.epoch == since && !since.is_counting() {
            known.room += messages;
        }
    }

    /// Begins to count, if it is time. There is no room before it has ended.
    pub(super) fn count(&self, now: Timestamp) -> Option<Count> {
        let mut known = self.known();
        let is_young = |counted: Timestamp| counted <= now && now.since(counted) < PAUSE;
        if known.counted.is_some_and(is_young) {
            return None;
        }
        known.counted = Some(now);
        known.room = 0;
        known.epoch.begin();
        Some(Count { epoch: known.epoch, underway: known.underway })
    }

    /// So many more could be when they were counted. Some of those that were underway then may be in that number, and
    /// some not: they count as if none was.
    pub(super) fn counted(&self, count: &Count, left: u64) {
        let mut known = self.known();
        if known.epoch == count.epoch {
            known.room = left.saturating_sub(count.underway);
            known.epoch.end();
        }
    }

    /// The shelf is another one.
    pub(super) fn forget(&self) {
        let mut known = self.known();
        known.room = 0;
        known.counted = None;
        known.epoch.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(10_000);

    fn counted(left: u64) -> Flights {
        let flights = Flights::default();
        let count = flights.count(NOW).unwrap();
        flights.counted(&count, left);
        flights
    }

    #[test]
    fn room_follows_what_is_handed_out_and_done_with() {
        let flights = counted(5);
        assert_eq!((flights.take(3), flights.take(3), flights.take(3)), (3, 2, 0));
        assert!(!flights.is_full(), "they may be given back");
        flights.handed_out(3, 3);
        flights.handed_out(2, 1);
        assert_eq!((flights.take(3), flights.is_full()), (1, false));
        flights.handed_out(1, 1);
        assert!(flights.is_full());
        flights.landed(flights.epoch(), 2);
        assert_eq!(flights.take(3), 2);
    }

    #[test]
    fn one_counts_for_all_and_not_often() {
        let flights = counted(0);
        assert!(flights.count(NOW).is_none());
        assert!(flights.count(NOW.plus(Duration::from_millis(999))).is_none());
        assert!(flights.count(NOW.plus(PAUSE)).is_some());
        assert!(flights.count(NOW).is_some(), "the clock was set back");
    }

    #[test]
    fn what_a_count_may_have_seen_counts_only_once() {
        let flights = counted(5);
        assert_eq!(flights.take(2), 2);
        let before = flights.epoch();
        let count = flights.count(NOW.plus(PAUSE)).unwrap();
        let during = flights.epoch();
        assert_eq!(flights.take(1), 0);
        flights.handed_out(2, 2);
        // The count has seen neither those two nor what was done with meanwhile.
        flights.counted(&count, 5);
        flights.landed(before, 1);
        flights.landed(during, 1);
        assert_eq!(flights.take(10), 3);
    }
}
