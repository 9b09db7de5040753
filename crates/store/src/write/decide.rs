//! Which changes of a batch hold, and what is to be written: pure.

use std::collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry};

use super::{
    rows::{AppendRow, HistoryRow, KeyRow, Known, Name, PutRow, Touched, WorkRow, Write},
    trails::Trails,
};
use crate::{
    Changes, Error, Expect,
    changes::{Append, Body, DocumentChange, WorkChange},
    read,
    work::stored,
};

/// Numbers to give away: each is higher than all before it, also than those of earlier openings of the store.
#[derive(Debug)]
pub(crate) struct Numbers {
    /// For versions of documents and schedulings of work.
    pub(crate) next: u64,
    /// For histories.
    pub(crate) next_history: i64,
}

/// What came of a batch.
pub(crate) struct Decided<'a> {
    /// For each of the changes, whether it holds.
    pub(crate) verdicts: Vec<Result<(), Error>>,
    /// What all that hold come to.
    pub(crate) write: Write<'a>,
}

/// A document as the changes so far leave it.
#[derive(Clone, Copy)]
enum Now<'a> {
    AsKnown,
    Put(&'a Body, u64),
    Gone,
}

/// A history as the changes so far leave it.
#[derive(Clone, Copy)]
struct End {
    id: Option<i64>,
    next: u64,
}

/// The batch so far. Later changes see what earlier ones of the same batch did.
struct State<'a> {
    touched: &'a Touched<'a>,
    known: &'a Known,
    documents: Vec<Now<'a>>,
    ends: Vec<End>,
    work: HashMap<(&'static str, &'a str, &'a str), WorkRow<'a>>,
    trails: Trails<'a>,
    write: Write<'a>,
}

/// What one of the changes would come to; forgotten if part of it does not hold.
#[derive(Default)]
struct Draft<'a> {
    documents: HashMap<usize, Now<'a>>,
    ends: HashMap<usize, u64>,
    appends: Vec<(usize, &'a Append)>,
}

/// Decides on each of the changes in their order. `known` is what the store holds of all that they touch.
pub(crate) fn decide<'a>(
    batch: &'a [Changes],
    touched: &'a Touched<'a>,
    known: &'a Known,
    numbers: &mut Numbers,
) -> Decided<'a> {
    let ends = known.histories.iter().map(|history| match history {
        Some(history) => End { id: Some(history.id), next: history.next },
        None => End { id: None, next: 1 },
    });
    let mut state = State {
        touched,
        known,
        documents: vec![Now::AsKnown; known.documents.len()],
        ends: ends.collect(),
        work: HashMap::new(),
        trails: Trails::default(),
        write: Write::default(),
    };
    let verdicts = batch.iter().map(|changes| state.take(changes, numbers)).collect();
    state.leave(numbers);
    Decided { verdicts, write: state.finish() }
}

impl<'a> State<'a> {
    fn take(&mut self, changes: &'a Changes, numbers: &mut Numbers) -> Result<(), Error> {
        let mut draft = Draft::default();
        for change in &changes.documents {
            self.document(change, &mut draft, numbers)?;
        }
        for append in &changes.appends {
            self.append(append, &mut draft)?;
        }
        for (at, now) in draft.documents {
            self.documents[at] = now;
        }
        for (at, next) in draft.ends {
            self.ends[at].next = next;
        }
        for (at, append) in draft.appends {
            self.row(at, append.first, &append.records, numbers);
        }
        self.trails.take(&changes.trails);
        for change in &changes.work {
            self.work(change, numbers);
        }
        let trimmed = changes.trims.iter().map(|trim| (trim.kind, trim.scope.as_str(), trim.before.as_str()));
        self.write.trimmed.extend(trimmed);
        Ok(())
    }

    fn document(
        &self,
        change: &'a DocumentChange,
        draft: &mut Draft<'a>,
        numbers: &mut Numbers,
    ) -> Result<(), Error> {
        let at = self.touched.document(change);
        let known = self.known.documents[at].as_ref().map(|stored| stored.version);
        let mine = draft.documents.get(&at).copied();
        let version = match mine.unwrap_or(self.documents[at]) {
            Now::AsKnown => known,
            Now::Put(_, version) => Some(version),
            Now::Gone => None,
        };
        let thing = || format!("the {} `{}` in {}", change.kind, change.id, change.scope);
        if mine.is_some() && change.expect != Expect::Any {
            // As a conflict it would be tried again for ever.
            return Err(Error::Internal(format!(
                "{} is changed twice in one commit, the second time with an expectation",
                thing()
            )));
        }
        let holds = match change.expect {
            Expect::Any => true,
            Expect::Absent => version.is_none(),
            Expect::Version(expected) => version == Some(expected),
        };
        if !holds {
            return Err(Error::Conflict(thing()));
        }
        let now = match &change.put {
            Some(body) => Now::Put(body, numbers.number()),
            None => Now::Gone,
        };
        draft.documents.insert(at, now);
        Ok(())
    }

    fn append(&self, append: &'a Append, draft: &mut Draft<'a>) -> Result<(), Error> {
        let at = self.touched.history(&append.history);
        let next = draft.ends.get(&at).copied().unwrap_or(self.ends[at].next);
        if append.first != next {
            return Err(Error::Conflict(format!("the history `{}`", append.history)));
        }
        if !append.records.is_empty() {
            draft.ends.insert(at, next + append.records.len() as u64);
            draft.appends.push((at, append));
        }
        Ok(())
    }

    /// What was left on trails comes to their ends.
    fn leave(&mut self, numbers: &mut Numbers) {
        let trails = std::mem::take(&mut self.trails);
        for (trail, records) in trails.rows() {
            let at = self.touched.history(trail);
            let first = self.ends[at].next;
            self.ends[at].next += records.len() as u64;
            self.row(at, first, records, numbers);
        }
        self.write.shortened = trails.shortened;
    }

    fn row<T: AsRef<str>>(&mut self, at: usize, first: u64, written: &[T], numbers: &mut Numbers) {
        let history = *self.ends[at].id.get_or_insert_with(|| {
            let (id, name) = (numbers.history(), self.touched.histories[at]);
            let sum = read::name_sum(id, name);
            self.write.histories.push(HistoryRow { id, name, sum });
            id
        });
        let last = first + written.len() as u64 - 1;
        let pieces = written.iter().enumerate().flat_map(|(n, record)| {
            let before = if n == 0 { "[" } else { "," };
            [before, record.as_ref()]
        });
        let records: String = pieces.chain(["]"]).collect();
        let (format, sum) = (read::HISTORY_FORMAT, read::history_sum(history, first, last, &records));
        self.write.appended.push(AppendRow { history, first, last, format, sum, records });
    }

    fn work(&mut self, change: &'a WorkChange, numbers: &mut Numbers) {
        match change {
            WorkChange::Put(item) => {
                let number = numbers.number();
                let (lane, id, due) = (item.lane.as_str(), item.id.as_str(), item.due.millis());
                let topic = stored(item.topic, lane);
                let sum = read::work_sum((number, due), [&topic, id, &item.body]);
                let first = self.write.told.entry((item.topic, lane)).or_insert(item.due);
                *first = item.due.min(*first);
                let row = WorkRow { number, topic, id, due, body: &item.body, sum };
                self.work.insert((item.topic, lane, id), row);
            }
            WorkChange::Remove { topic, lane, id, revision } => {
                if let Entry::Occupied(scheduled) = self.work.entry((topic, lane, id)) {
                    match revision {
                        // What is there now was scheduled in this batch, after the doer had read its own.
                        Some(_) => return,
                        None => drop(scheduled.remove()),
                    }
                }
                self.write.ended.push((stored(topic, lane), id, *revision));
            }
        }
    }

    fn finish(mut self) -> Write<'a> {
        for (at, now) in self.documents.iter().enumerate() {
            let name = self.touched.documents[at];
            let stored = self.known.documents[at].as_ref();
            let before: BTreeSet<(&'a str, &'a str)> =
                stored.iter().flat_map(|stored| stored.keys()).collect();
            let after: BTreeSet<(&'a str, &'a str)> = match now {
                Now::AsKnown => continue,
                Now::Put(body, _) => body.keys.iter().map(|(key, value)| (*key, value.as_str())).collect(),
                Now::Gone => BTreeSet::new(),
            };
            let row = |(key, value): &(&'a str, &'a str)| KeyRow { name, key, value };
            self.write.unkeyed.extend(before.difference(&after).map(row));
            self.write.keyed.extend(after.difference(&before).map(row));
            match now {
                Now::Put(body, version) => self.write.document(name, body, *version, &after),
                _ if stored.is_some() => self.write.removed.push(name),
                _ => {}
            }
        }
        let mut work: Vec<_> = self.work.into_values().collect();
        work.sort_by_key(|row| row.number);
        self.write.work = work;
        self.write
    }
}

impl<'a> Write<'a> {
    fn document(&mut self, name: Name<'a>, body: &'a Body, version: u64, keys: &BTreeSet<(&str, &str)>) {
        let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (key, value) in keys {
            by_name.entry(key).or_default().push(value);
        }
        // Text to text: this map always has a JSON form.
        let keys = serde_json::to_string(&by_name).unwrap_or_default();
        let format = body.format;
        let sum = read::document_sum(name, (version, format), &keys, &body.json);
        self.put.push(PutRow { name, version, format, sum, keys, body: &body.json });
    }
}

impl Numbers {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn history(&mut self) -> i64 {
        self.next_history += 1;
        self.next_history
    }
}
