//! Receiving from a queue that keeps order: one receiver at a time, with the line in hand.

use std::collections::BTreeMap;

use trainyard_domain::Timestamp;
use trainyard_store::{Changes, Error as StoreError, Expect, Held, List, Range};

use super::{
    Error, Letter, Queues,
    decide::{Standing, standing, visible_in},
    desk::{Desk, Kind, Open},
    line::Line,
    message::{Message, place_id},
    receive::Receiving,
};

/// So many are read at a time.
const PAGE: usize = 1000;
/// For how long an attempt is known. It is known in memory alone: after a restart the messages are received when their
/// time is up, as without it.
const KNOWN_MILLIS: i64 = 300_000;

/// What attempts got: places and the keys of their receipts.
#[derive(Default)]
pub(super) struct Attempts(BTreeMap<String, Attempt>);

struct Attempt {
    at: Timestamp,
    got: Vec<(u64, String)>,
}

impl Attempts {
    fn find(&mut self, attempt: &str, now: Timestamp) -> Option<Vec<(u64, String)>> {
        self.0.retain(|_, attempt| now.millis() - attempt.at.millis() < KNOWN_MILLIS);
        self.0.get(attempt).map(|attempt| attempt.got.clone())
    }

    fn keep(&mut self, attempt: &str, got: Vec<(u64, String)>, at: Timestamp) {
        self.0.insert(attempt.to_owned(), Attempt { at, got });
    }
}

impl Queues {
    /// The next messages in order.
    pub(super) async fn take_in_order(
        &self,
        desk: &Desk,
        open: &Open,
        receiving: &Receiving,
    ) -> Result<Vec<(Message, Letter)>, Error> {
        let mut order = desk.order.lock().await;
        let here = order.shelf == open.queue.shelf;
        let Kind::Fifo(fifo) = &mut order.kind else { return Ok(Vec::new()) };
        let (line, attempts) = &mut **fifo;
        let (now, most) = (self.ground.now(), receiving.most.unwrap_or(1));
        if !here {
            return Ok(Vec::new());
        }
        if let Some(got) = receiving.attempt.as_deref().and_then(|attempt| attempts.find(attempt, now)) {
            match self.again(open, receiving, line, &got).await {
                // One of them is not as the attempt left it any more.
                Err(Error::Store(StoreError::Conflict(_))) => *line = Line::default(),
                Err(error) => return Err(error),
                Ok(again) if again.is_empty() => {}
                Ok(again) => return Ok(again),
            }
        }
        if desk.is_outdated() {
            *line = Line::default();
        }
        loop {
            self.show_more(&open.queue.shelf(), line, now).await?;
            let places = line.next(now, most);
            if places.is_empty() {
                desk.forget_next();
                desk.expect(line.next_due());
                return Ok(Vec::new());
            }
            let taken = self.read_all(open, line, &places).await?;
            let places: Vec<u64> = taken.iter().map(|held| held.value.place).collect();
            match self.hand_out(desk, open, receiving, taken).await {
                // By a handle of before, or a message that moved: the line is made anew.
                Err(Error::Store(StoreError::Conflict(_))) => *line = Line::default(),
                Err(error) => return Err(error),
                Ok(received) => {
                    for place in places {
                        match received.iter().find(|(message, _)| message.place == place) {
                            Some((message, _)) => line.fly(place, message.due, now),
                            None => line.remove(place),
                        }
                    }
                    if received.is_empty() {
                        continue;
                    }
                    if let Some(attempt) = &receiving.attempt {
                        let got = received.iter();
                        let got = got.filter_map(|(m, _)| Some((m.place, m.receipt.clone()?.key)));
                        attempts.keep(attempt, got.collect(), now);
                    }
                    return Ok(received);
                }
            }
        }
    }

    /// Reads on until the line has enough to look at.
    async fn show_more(&self, shelf: &str, line: &mut Line, now: Timestamp) -> Result<(), Error> {
        while let Some(after) = line.wants_after() {
            let behind = Range { after: Some(place_id(after)), ..Range::default() };
            let asked = List::in_scope(shelf).within(behind).limit(PAGE);
            let page = self.ground.store.list::<Message>(asked).await?;
            for Held { value, .. } in &page.items {
                let group = value.group.as_deref().unwrap_or_default();
                line.show(value.place, group, value.due, value.is_in_flight(now));
            }
            if page.next.is_none() {
                line.is_whole();
            }
        }
        Ok(())
    }

    async fn read_all(
        &self,
        open: &Open,
        line: &mut Line,
        places: &[u64],
    ) -> Result<Vec<Held<Message>>, Error> {
        let (shelf, mut found) = (open.queue.shelf(), Vec::with_capacity(places.len()));
        for place in places {
            match self.ground.store.get::<Message>(&shelf, &place_id(*place)).await {
                Ok(Some(held)) => found.push(held),
                // It is gone; or it cannot be read, and is in nobody's way.
                Ok(None) | Err(StoreError::Poisoned { .. }) => line.remove(*place),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }

    /// The messages that the same attempt got before, as long as all is as it left it; their time begins anew.
    async fn again(
        &self,
        open: &Open,
        receiving: &Receiving,
        line: &mut Line,
        got: &[(u64, String)],
    ) -> Result<Vec<(Message, Letter)>, Error> {
        let now = self.ground.now();
        let places: Vec<u64> = got.iter().map(|(place, _)| *place).collect();
        let seconds = receiving.visibility.unwrap_or(open.queue.settings.visibility);
        let (mut changes, mut again) = (Changes::new(), Vec::new());
        for held in self.read_all(open, line, &places).await? {
            let Some(letter) = self.letter_of(&held).await? else { return Ok(Vec::new()) };
            let Held { version, value: mut message } = held;
            let key = got.iter().find(|(place, _)| *place == message.place).map_or("", |(_, key)| key);
            if standing(&message, key, now) != Standing::InFlight {
                return Ok(Vec::new());
            }
            message.due = visible_in(&message, seconds, now)?;
            changes.put(&message, Expect::Version(version))?;
            again.push((message, letter));
        }
        self.ground.store.commit(changes).await?;
        for (message, _) in &again {
            line.fly(message.place, message.due, now);
        }
        Ok(again)
    }
}
