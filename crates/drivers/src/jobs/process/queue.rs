//! Who may start now: memory is reserved, and the oldest goes first.

use std::collections::BTreeMap;

use trainyard_domain::{Timestamp, job::JobId};

/// The jobs that hold memory and those that wait for it.
#[derive(Debug)]
pub(super) struct Queue {
    total: u64,
    live: BTreeMap<JobId, u64>,
    waiting: BTreeMap<(Timestamp, JobId), u64>,
}

impl Queue {
    /// Nobody yet, and so many bytes for all.
    pub(super) fn new(total: u64) -> Self {
        Self { total, live: BTreeMap::new(), waiting: BTreeMap::new() }
    }

    /// Takes note of a job that holds memory already.
    pub(super) fn adopt(&mut self, id: JobId, bytes: u64) {
        self.live.insert(id, bytes);
    }

    /// Puts a job where its age places it.
    pub(super) fn wait(&mut self, id: JobId, since: Timestamp, bytes: u64) {
        if !self.live.contains_key(&id) {
            self.waiting.insert((since, id), bytes);
        }
    }

    /// Lets the oldest in, if there is room for it. A younger one does not overtake it.
    pub(super) fn admit(&mut self) -> Option<JobId> {
        let free = self.free();
        let first = self.waiting.first_entry().filter(|first| *first.get() <= free)?;
        let ((_, id), bytes) = first.remove_entry();
        self.live.insert(id.clone(), bytes);
        Some(id)
    }

    /// Lets go of what the job held, and of its place.
    pub(super) fn leave(&mut self, id: &JobId) {
        self.live.remove(id);
        self.waiting.retain(|(_, other), _| other != id);
    }

    /// Those that hold memory.
    pub(super) fn live(&self) -> impl Iterator<Item = &JobId> {
        self.live.keys()
    }

    /// Whether the job holds memory.
    pub(super) fn is_live(&self, id: &JobId) -> bool {
        self.live.contains_key(id)
    }

    /// Whether the job holds memory or waits for it.
    pub(super) fn knows(&self, id: &JobId) -> bool {
        self.is_live(id) || self.waiting.keys().any(|(_, other)| other == id)
    }

    /// Whether anybody waits.
    pub(super) fn anybody_waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// What the job waits for, if it does.
    pub(super) fn why(&self, id: &JobId) -> Option<String> {
        let place = self.waiting.keys().position(|(_, other)| other == id)?;
        let bytes = self.waiting.iter().find_map(|((_, other), bytes)| (other == id).then_some(*bytes))?;
        let (asked, free, total) = (bytes >> 20, self.free() >> 20, self.total >> 20);
        let before = if place > 0 { format!(", behind {place} older") } else { String::new() };
        Some(format!("waits for {asked} MiB of memory: {free} of {total} MiB are free{before}"))
    }

    fn free(&self) -> u64 {
        self.total.saturating_sub(self.live.values().sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> JobId {
        text.to_owned().try_into().unwrap()
    }

    #[test]
    fn the_oldest_goes_first_and_nobody_overtakes() {
        let mut queue = Queue::new(10 << 20);
        queue.wait(id("c"), Timestamp(3), 1 << 20);
        queue.wait(id("b"), Timestamp(2), 8 << 20);
        queue.wait(id("a"), Timestamp(1), 6 << 20);
        assert_eq!(queue.admit(), Some(id("a")));
        assert_eq!(queue.admit(), None, "b does not fit, and c does not overtake it");
        assert_eq!(queue.why(&id("b")).unwrap(), "waits for 8 MiB of memory: 4 of 10 MiB are free");
        assert_eq!(
            queue.why(&id("c")).unwrap(),
            "waits for 1 MiB of memory: 4 of 10 MiB are free, behind 1 older"
        );
        queue.leave(&id("a"));
        assert_eq!((queue.admit(), queue.admit(), queue.admit()), (Some(id("b")), Some(id("c")), None));
    }

    #[test]
    fn what_was_adopted_counts() {
        let mut queue = Queue::new(10);
        queue.adopt(id("a"), 20);
        queue.wait(id("a"), Timestamp(0), 20);
        queue.wait(id("b"), Timestamp(1), 0);
        assert_eq!(queue.admit(), Some(id("b")), "what asks for nothing always fits");
        assert!(queue.knows(&id("a")) && !queue.anybody_waits());
        queue.leave(&id("a"));
        assert!(!queue.knows(&id("a")));
    }
}
