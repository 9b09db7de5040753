//! One lane: what of it is in hand, what rests, and when there is something to be taken up. Pure.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use trainyard_domain::Timestamp;
use trainyard_store::{Agenda, WorkItem};

use super::{FIRST_RETRY, Hands, LAST_RETRY};

pub(super) struct Lane {
    hands: Hands,
    /// How many hands it may have just now.
    width: usize,
    /// How many it has.
    pub(super) busy: usize,
    /// What is in hand, by id: which scheduling of it.
    held: HashMap<String, u64>,
    /// What was scheduled anew while it is in hand.
    anew: HashMap<String, u64>,
    parked: HashMap<String, Parked>,
    /// When there may be something to be taken up.
    look: Option<Timestamp>,
    /// Nothing is taken up before that.
    rests: Timestamp,
    /// How often what is due could not be read.
    unread: u32,
    /// Its last turn.
    pub(super) turn: u64,
}

/// Work that rests, unless it is scheduled anew.
struct Parked {
    until: Timestamp,
    revision: u64,
    failures: u32,
}

/// How a piece of work was put down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Off,
    Postponed,
    Enough(Duration),
    Again(Duration),
    Failed,
}

/// Which piece of work: its id, and which scheduling of it.
#[derive(Clone)]
pub(super) struct Name {
    pub(super) id: String,
    pub(super) revision: u64,
}

impl Lane {
    pub(super) fn new(hands: Hands) -> Self {
        Self {
            hands,
            width: hands.most,
            busy: 0,
            held: HashMap::new(),
            anew: HashMap::new(),
            parked: HashMap::new(),
            look: None,
            rests: Timestamp::default(),
            unread: 0,
            turn: 0,
        }
    }

    /// There is something that is due then.
    pub(super) fn expect(&mut self, due: Timestamp) {
        self.look = Some(self.look.map_or(due, |look| look.min(due)));
    }

    /// When something is to be taken up, if there is a hand for it.
    pub(super) fn wakes(&self) -> Option<Timestamp> {
        self.look.filter(|_| self.busy < self.width).map(|look| look.max(self.rests))
    }

    /// How many hands it would have now, if it could have all that it can use.
    pub(super) fn wishes(&self, now: Timestamp) -> usize {
        let due = self.look.is_some_and(|look| look.max(self.rests) <= now);
        if due { self.width.max(self.busy) } else { self.busy }
    }

    /// What is due could not be read: it is asked for again later, and later each time.
    pub(super) fn unread(&mut self, now: Timestamp) {
        self.unread += 1;
        self.rests = self.rests.max(now.plus(retry(self.unread)));
    }

    /// Whether nothing is known of it that is not in the store.
    pub(super) fn is_idle(&self) -> bool {
        self.busy == 0 && self.look.is_none() && self.parked.is_empty()
    }

    /// What the store is asked for: what it is to pass over, and how much is wanted for these hands.
    pub(super) fn wanted(&self, now: Timestamp, free: usize) -> (HashSet<u64>, usize) {
        let resting = self.parked.values().filter(|parked| parked.until > now).map(|parked| parked.revision);
        let known = self.held.values().chain(self.anew.values()).copied().chain(resting).collect();
        (known, free.min(self.width.saturating_sub(self.busy)) * self.hands.handful)
    }

    /// Takes up what is due, as handfuls.
    pub(super) fn take(&mut self, agenda: Agenda, now: Timestamp) -> Vec<Vec<WorkItem>> {
        self.unread = 0;
        if !agenda.more {
            // All that is due was seen: what rested and was not, somebody else took off the topic.
            let due: HashSet<&str> = agenda.due.iter().map(|item| item.id.as_str()).collect();
            let there =
                |id: &String, parked: &Parked| agenda.known.contains(&parked.revision) || due.contains(&**id);
            self.parked.retain(|id, parked| there(id, parked));
        }
        let parked = self.parked.values().map(|parked| parked.until).filter(|until| *until > now).min();
        self.look = if agenda.more { Some(now) } else { agenda.next.into_iter().chain(parked).min() };
        let mut handfuls: Vec<Vec<WorkItem>> = Vec::new();
        for item in agenda.due {
            if self.held.contains_key(&item.id) {
                self.anew.insert(item.id, item.revision);
                continue;
            }
            self.held.insert(item.id.clone(), item.revision);
            match handfuls.last_mut().filter(|handful| handful.len() < self.hands.handful) {
                Some(handful) => handful.push(item),
                None => handfuls.push(vec![item]),
            }
        }
        self.busy += handfuls.len();
        handfuls
    }

    /// Puts down a piece of a handful.
    pub(super) fn put_down(&mut self, Name { id, revision }: Name, end: End, now: Timestamp) {
        self.held.remove(&id);
        if self.anew.remove(&id).is_some() {
            self.expect(now);
        }
        let (delay, failures) = match end {
            End::Off => {
                self.width = self.hands.most.min(self.width + 1);
                self.parked.remove(&id);
                return;
            }
            End::Postponed => {
                self.width = (self.width / 2).max(1);
                self.parked.remove(&id);
                return;
            }
            End::Enough(rest) => {
                self.width = (self.width / 2).max(1);
                self.rests = self.rests.max(now.plus(rest));
                return self.expect(now);
            }
            End::Again(delay) => (delay, 0),
            End::Failed => {
                let failures = self.parked.get(&id).map_or(0, |parked| parked.failures) + 1;
                (retry(failures), failures)
            }
        };
        let until = now.plus(delay);
        self.parked.insert(id, Parked { until, revision, failures });
        self.expect(until);
    }
}

/// How long what has failed so often rests.
fn retry(failures: u32) -> Duration {
    FIRST_RETRY.saturating_mul(1 << failures.min(10)).min(LAST_RETRY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HANDS: Hands = Hands { most: 4, handful: 2 };

    fn item(id: &str, revision: u64) -> WorkItem {
        WorkItem { revision, ..WorkItem::now("t", id, "") }
    }

    fn agenda(due: &[(&str, u64)], more: bool) -> Agenda {
        let due = due.iter().map(|(id, revision)| item(id, *revision)).collect();
        Agenda { due, more, ..Agenda::default() }
    }

    fn name(id: &str, revision: u64) -> Name {
        Name { id: id.to_owned(), revision }
    }

    const NOW: Timestamp = Timestamp(1000);

    #[test]
    fn a_lane_without_a_free_hand_is_not_looked_at() {
        let mut lane = Lane::new(Hands { most: 1, handful: 1 });
        lane.expect(Timestamp(0));
        assert_eq!(lane.wakes(), Some(Timestamp(0)));
        assert_eq!(lane.take(agenda(&[("a", 1)], true), NOW).len(), 1);
        assert_eq!(lane.wakes(), None, "there is more, and nobody to do it");
        lane.busy -= 1;
        lane.put_down(name("a", 1), End::Off, NOW);
        assert_eq!(lane.wakes(), Some(NOW));
    }

    #[test]
    fn what_is_scheduled_anew_while_in_hand_takes_nobody_elses_place() {
        let mut lane = Lane::new(HANDS);
        assert_eq!(lane.take(agenda(&[("a", 1), ("b", 2), ("c", 3)], false), NOW).len(), 2);
        // All three again, and a fourth that was not seen for want of room.
        assert!(lane.take(agenda(&[("a", 4), ("b", 5), ("c", 6)], true), NOW).is_empty());
        let (known, limit) = lane.wanted(NOW, 100);
        assert_eq!((known, limit), (HashSet::from([1, 2, 3, 4, 5, 6]), 4), "those are passed over now");
        assert_eq!(lane.take(agenda(&[("d", 7)], false), NOW).len(), 1);
        assert_eq!(lane.wakes(), None, "nothing is left to be taken up");
        lane.put_down(name("a", 1), End::Off, NOW);
        assert_eq!(lane.wakes(), Some(NOW), "it can be taken up again");
        assert!(!lane.wanted(NOW, 100).0.contains(&4));
    }

    #[test]
    fn trouble_narrows_a_lane_and_success_widens_it() {
        let mut lane = Lane::new(HANDS);
        let widths = [End::Postponed, End::Postponed, End::Postponed, End::Off, End::Off, End::Off, End::Off]
            .map(|end| {
                lane.put_down(name("a", 1), end, NOW);
                lane.width
            });
        assert_eq!(widths, [2, 1, 1, 2, 3, 4, 4]);
    }

    #[test]
    fn a_lane_that_has_enough_rests_as_a_whole() {
        let mut lane = Lane::new(HANDS);
        lane.take(agenda(&[("a", 1), ("b", 2), ("c", 3)], true), NOW);
        lane.busy = 0;
        lane.put_down(name("a", 1), End::Enough(Duration::from_millis(70)), NOW);
        assert_eq!(lane.wakes(), Some(NOW.plus(Duration::from_millis(70))));
        lane.put_down(name("b", 2), End::Enough(Duration::from_millis(40)), NOW);
        assert_eq!(lane.wakes(), Some(NOW.plus(Duration::from_millis(70))));
    }

    #[test]
    fn what_fails_rests_longer_each_time() {
        let mut lane = Lane::new(HANDS);
        let mut look = || {
            lane.look = None;
            lane.put_down(name("a", 1), End::Failed, NOW);
            lane.wakes().unwrap().since(NOW).as_millis()
        };
        assert_eq!([look(), look(), look()], [400, 800, 1600]);
        assert!(lane.wanted(NOW, 1).0.contains(&1), "it is passed over as long as it rests");
        assert!(!lane.wanted(NOW.plus(Duration::from_secs(2)), 1).0.contains(&1));
    }
    #[test]
    fn a_lane_that_cannot_be_read_rests_and_wishes_for_nothing() {
        let mut lane = Lane::new(HANDS);
        assert_eq!(lane.wishes(NOW), 0);
        lane.expect(NOW);
        assert_eq!(lane.wishes(NOW), 4);
        let mut look = || {
            lane.unread(NOW);
            (lane.wakes().unwrap().since(NOW).as_millis(), lane.wishes(NOW))
        };
        assert_eq!([look(), look()], [(400, 0), (800, 0)]);
        let later = NOW.plus(Duration::from_secs(1));
        assert_eq!(lane.take(agenda(&[("a", 1)], true), later).len(), 1);
        assert_eq!((lane.wakes(), lane.wishes(later)), (Some(later), 4));
    }
}
