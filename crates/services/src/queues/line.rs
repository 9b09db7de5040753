//! What comes next in a queue that keeps order: the first messages of each group that nobody has in hand. Pure.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html>

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use trainyard_domain::Timestamp;

/// At most so many messages that are not in flight are looked at: behind that, no group is seen whose messages all come
/// later. (AWS looks at 120,000.)
pub(super) const WINDOW: usize = 20_000;
/// At most so many are in flight: then nothing is next, and nobody is told why, as with AWS.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-fifo.html>
const MOST_IN_FLIGHT: usize = super::MOST_IN_FLIGHT as usize;

/// The first messages of the queue in their order.
#[derive(Default)]
pub(super) struct Line {
    entries: BTreeMap<u64, Entry>,
    groups: HashMap<Arc<str>, Group>,
    /// How many are in flight.
    flying: usize,
    /// The first message of each group of which nothing is in flight.
    heads: BTreeSet<u64>,
    /// The other groups, by when they may be free.
    busy: BTreeSet<(Timestamp, Arc<str>)>,
    /// The last place that was looked at, and whether there is nothing behind it.
    reached: u64,
    whole: bool,
}

struct Entry {
    group: Arc<str>,
    due: Timestamp,
}

#[derive(Default)]
struct Group {
    places: BTreeSet<u64>,
    flying: BTreeMap<u64, Timestamp>,
}

impl Group {
    fn free_at(&self) -> Option<Timestamp> {
        self.flying.values().max().copied()
    }
}

impl Line {
    /// From which place on more of the queue must be shown to this, if any.
    pub(super) fn wants_after(&self) -> Option<u64> {
        (!self.whole && self.resting() < WINDOW / 2).then_some(self.reached)
    }

    /// How many are not in flight.
    fn resting(&self) -> usize {
        self.entries.len().saturating_sub(self.flying)
    }

    /// There is nothing behind what was shown.
    pub(super) fn is_whole(&mut self) {
        self.whole = true;
    }

    /// A message that was just sent: behind all others.
    pub(super) fn send(&mut self, place: u64, group: &str, due: Timestamp) {
        if self.whole && self.resting() < WINDOW {
            self.show(place, group, due, false);
        } else {
            self.whole = false;
        }
    }

    /// A message of the queue, behind those that were shown before.
    pub(super) fn show(&mut self, place: u64, group: &str, due: Timestamp, in_flight: bool) {
        self.reached = self.reached.max(place);
        let name: Arc<str> = match self.groups.get_key_value(group) {
            Some((name, _)) => Arc::clone(name),
            None => group.into(),
        };
        self.entries.insert(place, Entry { group: Arc::clone(&name), due });
        self.change(&name, |of| {
            of.places.insert(place);
            if in_flight {
                of.flying.insert(place, due);
            }
        });
    }

    /// The next messages, at most `most`: of each free group as many as are due, in their order.
    pub(super) fn next(&mut self, now: Timestamp, most: usize) -> Vec<u64> {
        self.land(now);
        let most = most.min(MOST_IN_FLIGHT.saturating_sub(self.flying));
        let mut found = Vec::new();
        for head in &self.heads {
            let Some(group) = self.entries.get(head).and_then(|entry| self.groups.get(&entry.group)) else {
                continue;
            };
            for place in &group.places {
                if found.len() == most {
                    return found;
                }
                if self.entries.get(place).is_none_or(|entry| entry.due > now) {
                    break;
                }
                found.push(*place);
            }
        }
        found
    }

    /// When the next one may be visible, if not now.
    pub(super) fn next_due(&self) -> Timestamp {
        let delayed = self.heads.iter().filter_map(|head| Some(self.entries.get(head)?.due)).min();
        let busy = self.busy.first().map(|(until, _)| *until);
        delayed.into_iter().chain(busy).min().unwrap_or(Timestamp(i64::MAX))
    }

    /// The message is in flight until `due`; one that is due already is free again.
    pub(super) fn fly(&mut self, place: u64, due: Timestamp, now: Timestamp) {
        let Some(entry) = self.entries.get_mut(&place) else { return };
        entry.due = due;
        let group = Arc::clone(&entry.group);
        self.change(&group, |group| {
            if due > now {
                group.flying.insert(place, due);
            } else {
                group.flying.remove(&place);
            }
        });
    }

    /// The message is no more.
    pub(super) fn remove(&mut self, place: u64) {
        let Some(entry) = self.entries.remove(&place) else { return };
        self.change(&entry.group, |group| {
            group.places.remove(&place);
            group.flying.remove(&place);
        });
    }

    /// Frees the groups whose time is up.
    fn land(&mut self, now: Timestamp) {
        while let Some((until, name)) = self.busy.first().cloned()
            && until <= now
        {
            self.change(&name, |group| group.flying.retain(|_, until| *until > now));
        }
    }

    /// Changes a group and keeps `heads` and `busy` true.
    fn change(&mut self, name: &Arc<str>, change: impl FnOnce(&mut Group)) {
        let group = self.groups.entry(Arc::clone(name)).or_default();
        match group.free_at() {
            Some(until) => drop(self.busy.remove(&(until, Arc::clone(name)))),
            None => drop(group.places.first().map(|head| self.heads.remove(head))),
        }
        let before = group.flying.len();
        change(group);
        self.flying = (self.flying + group.flying.len()).saturating_sub(before);
        match (group.free_at(), group.places.first()) {
            (Some(until), _) => drop(self.busy.insert((until, Arc::clone(name)))),
            (None, Some(head)) => drop(self.heads.insert(*head)),
            (None, None) => drop(self.groups.remove(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(messages: &[(u64, &str)]) -> Line {
        let mut line = Line::default();
        line.is_whole();
        for (place, group) in messages {
            line.send(*place, group, Timestamp(0));
        }
        line
    }

    const NOW: Timestamp = Timestamp(100);

    #[test]
    fn groups_come_in_order_and_one_at_a_time() {
        let mut line = line(&[(1, "a"), (2, "b"), (3, "a"), (4, "b")]);
        assert_eq!(line.next(NOW, 10), [1, 3, 2, 4]);
        assert_eq!(line.next(NOW, 1), [1]);
        line.fly(1, Timestamp(130), NOW);
        assert_eq!(line.next(NOW, 10), [2, 4], "a is busy");
        line.fly(2, Timestamp(150), NOW);
        assert_eq!(line.next(NOW, 10), [] as [u64; 0]);
        assert_eq!(line.next_due(), Timestamp(130));
        assert_eq!(line.next(Timestamp(130), 10), [1, 3], "its time is up");
        line.remove(2);
        assert_eq!(
            line.next(Timestamp(130), 10),
            [1, 3, 4],
            "done with the one, the next of the group follows"
        );
    }

    #[test]
    fn a_group_waits_for_all_that_is_in_flight() {
        let mut line = line(&[(1, "a"), (2, "a"), (3, "a")]);
        line.fly(1, Timestamp(110), NOW);
        line.fly(2, Timestamp(120), NOW);
        line.remove(1);
        assert_eq!(line.next(NOW, 10), [] as [u64; 0]);
        line.fly(2, NOW, NOW);
        assert_eq!(line.next(NOW, 10), [2, 3], "given back");
    }

    #[test]
    fn a_delayed_message_holds_up_those_behind_it_and_none_before() {
        let mut line = Line::default();
        line.is_whole();
        line.send(1, "a", Timestamp(0));
        line.send(2, "a", Timestamp(120));
        line.send(3, "b", Timestamp(110));
        assert_eq!(line.next(NOW, 10), [1]);
        line.remove(1);
        assert_eq!((line.next(NOW, 10), line.next_due()), (Vec::new(), Timestamp(110)));
        assert_eq!(line.next(Timestamp(120), 10), [2, 3]);
    }

    #[test]
    fn what_is_in_flight_has_a_limit_and_takes_no_room() {
        let mut line = Line::default();
        line.is_whole();
        let place = |n: usize| n as u64 + 1;
        for n in 0..=MOST_IN_FLIGHT {
            line.send(place(n), &n.to_string(), Timestamp(0));
            let next = line.next(NOW, 1);
            assert_eq!(next.len(), usize::from(n < MOST_IN_FLIGHT), "{n}");
            next.into_iter().for_each(|place| line.fly(place, Timestamp(130), NOW));
        }
        line.remove(place(7));
        assert_eq!(line.next(NOW, 10), [place(MOST_IN_FLIGHT)]);
        assert_eq!(line.next(Timestamp(130), MOST_IN_FLIGHT).len(), MOST_IN_FLIGHT);
    }

    #[test]
    fn what_does_not_fit_is_shown_later() {
        let mut line = Line::default();
        assert_eq!(line.wants_after(), Some(0));
        line.send(9, "a", Timestamp(0));
        assert_eq!(line.next(NOW, 10), [] as [u64; 0], "what lies before it is not known yet");
        line.show(1, "a", Timestamp(200), true);
        line.show(9, "a", Timestamp(0), false);
        line.is_whole();
        assert_eq!(line.wants_after(), None);
        assert_eq!(line.next(NOW, 10), [] as [u64; 0], "1 was in flight when the server started");
        assert_eq!(line.next(Timestamp(200), 10), [1, 9]);
    }

    /// Whatever is done to it, a line gives what a plain look at all messages gives.
    #[test]
    fn a_line_is_what_a_plain_look_sees() {
        let mut line = Line::default();
        line.is_whole();
        let mut model: BTreeMap<u64, (u8, Timestamp, bool)> = BTreeMap::new();
        let (mut dice, mut now) = (12_345_u64, Timestamp(0));
        for place in 1..3000_u64 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let roll = (dice >> 33) as usize;
            now = Timestamp(now.0 + (roll % 5) as i64);
            let some = model.keys().nth(roll % model.len().max(1)).copied();
            match (roll / 7 % 4, some) {
                (0, Some(place)) => {
                    line.remove(place);
                    model.remove(&place);
                }
                (1 | 2, Some(place)) => {
                    let due = Timestamp(now.0 + (roll % 40) as i64);
                    line.fly(place, due, now);
                    model.entry(place).and_modify(|message| (message.1, message.2) = (due, due > now));
                }
                _ => {
                    let group = (roll % 9) as u8;
                    line.send(place, &group.to_string(), now);
                    model.insert(place, (group, now, false));
                }
            }
            let flying = |group| model.values().any(|m| m.0 == group && m.2 && m.1 > now);
            let mut plain: Vec<u64> = Vec::new();
            let mut seen = BTreeSet::new();
            for (group, ..) in model.values() {
                if seen.insert(*group) && !flying(*group) {
                    let of_group = model.iter().filter(|(_, m)| m.0 == *group);
                    plain.extend(of_group.take_while(|(_, m)| m.1 <= now).map(|(place, _)| *place));
                }
            }
            assert_eq!(line.next(now, usize::MAX), plain, "{place}");
        }
    }
}
