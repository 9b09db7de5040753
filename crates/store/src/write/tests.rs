//! Batches against a plain model of what they must come to.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::FutureExt;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;

use super::{desk::Desk, *};
use crate::{Expect, Keys, Noun, WorkItem, moment::Threads, read, stats::Counters, wal::Extent};
use std::time::Duration;

const TOPIC: &str = "topic";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Thing {
    id: String,
    colour: u8,
}

impl Noun for Thing {
    const KIND: &'static str = "thing";
    fn scope(&self) -> String {
        "s".into()
    }
    fn id(&self) -> String {
        self.id.clone()
    }
    fn keys(&self, keys: &mut Keys) {
        keys.add("colour", self.colour.to_string()).add("same", "1").add("same", self.id.as_str());
    }
}

/// What a caller does, having read the store just before the batch.
#[derive(Clone, Debug)]
enum Op {
    Put(u8, u8, Hope),
    Delete(u8, Hope),
    /// So many records, so many steps beside the end of the history that was read.
    Append(u8, usize, i8),
    /// That record, on a trail.
    Leave(u8, u16),
    Schedule(u8, i64),
    Finish(u8),
    Cancel(u8),
}

#[derive(Clone, Copy, Debug)]
enum Hope {
    Any,
    Absent,
    AsRead,
}

/// All that the store holds. Each put and each scheduling has a stamp of its own.
#[derive(Clone, Debug, Default)]
struct Model {
    stamp: u64,
    documents: BTreeMap<u8, (u64, u8)>,
    histories: BTreeMap<u8, Vec<u64>>,
    trails: BTreeMap<u8, Vec<u16>>,
    work: BTreeMap<u8, (u64, i64)>,
}

impl Model {
    /// The model after the changes, if they hold. `read` is what the caller saw.
    fn after(&self, ops: &[Op], read: &Self) -> Option<Self> {
        let (mut next, mut touched) = (self.clone(), BTreeSet::new());
        for op in ops {
            next.stamp += 1;
            match *op {
                Op::Put(id, colour, hope) => {
                    next.hoped(id, hope, read, &mut touched)?;
                    next.documents.insert(id, (next.stamp, colour));
                }
                Op::Delete(id, hope) => {
                    next.hoped(id, hope, read, &mut touched)?;
                    next.documents.remove(&id);
                }
                Op::Append(id, records, beside) => {
                    let seen = read.histories.get(&id).map_or(0, Vec::len);
                    let history = next.histories.entry(id).or_default();
                    let first = first(seen, beside);
                    if first != history.len() as u64 + 1 {
                        return None;
                    }
                    history.extend((first..).take(records));
                }
                Op::Leave(id, record) => next.trails.entry(id).or_default().push(record),
                Op::Schedule(id, due) => drop(next.work.insert(id, (next.stamp, due))),
                Op::Finish(id) => {
                    if read.work.contains_key(&id) && next.work.get(&id) == read.work.get(&id) {
                        next.work.remove(&id);
                    }
                }
                Op::Cancel(id) => drop(next.work.remove(&id)),
            }
        }
        next.histories.retain(|_, records| !records.is_empty());
        Some(next)
    }

    fn hoped(&self, id: u8, hope: Hope, read: &Self, touched: &mut BTreeSet<u8>) -> Option<()> {
        let again = !touched.insert(id);
        let is = self.documents.get(&id).map(|document| document.0);
        match hope {
            Hope::Any => Some(()),
            _ if again => None,
            Hope::Absent => is.is_none().then_some(()),
            Hope::AsRead => (is.is_some() && is == read.documents.get(&id).map(|was| was.0)).then_some(()),
        }
    }
}

/// The sequence number that an append asks for.
fn first(seen: usize, beside: i8) -> u64 {
    (seen as u64 + 1).saturating_add_signed(i64::from(beside)).max(1)
}

/// The same as the store takes it: with the versions and schedulings that it has now.
fn changes(ops: &[Op], read: &Model, connection: &Connection) -> Changes {
    let mut changes = Changes::new();
    for op in ops {
        match *op {
            Op::Put(id, colour, hope) => {
                let thing = Thing { id: id.to_string(), colour };
                changes.put(&thing, expect(id, hope, connection)).unwrap();
            }
            Op::Delete(id, hope) => {
                changes.delete::<Thing>("s", &id.to_string(), expect(id, hope, connection));
            }
            Op::Append(id, records, beside) => {
                let first = first(read.histories.get(&id).map_or(0, Vec::len), beside);
                let records: Vec<_> = (first..).take(records).collect();
                changes.append(&id.to_string(), first, &records).unwrap();
            }
            Op::Leave(id, record) => drop(changes.leave(&format!("trail {id}"), &record).unwrap()),
            Op::Schedule(id, due) => {
                changes.schedule(WorkItem::at(TOPIC, id.to_string(), Timestamp(due), "body"));
            }
            Op::Finish(id) => {
                if let Some(item) = work(connection).into_iter().find(|item| item.id == id.to_string()) {
                    changes.finish(&item);
                }
            }
            Op::Cancel(id) => drop(changes.cancel(TOPIC, &id.to_string())),
        }
    }
    changes
}

fn expect(id: u8, hope: Hope, connection: &Connection) -> Expect {
    match hope {
        Hope::Any => Expect::Any,
        Hope::Absent => Expect::Absent,
        // No document ever has version 0.
        Hope::AsRead => Expect::Version(thing(connection, &id.to_string()).map_or(0, |held| held.version)),
    }
}

fn thing(connection: &Connection, id: &str) -> Option<crate::Held<Thing>> {
    read::get(connection, "thing", "s", id).unwrap().map(|kept| kept.read().unwrap())
}

fn work(connection: &Connection) -> Vec<WorkItem> {
    read::due(connection, &Counters::default(), (TOPIC, ""), Timestamp(i64::MAX), 100).unwrap()
}

fn same(model: &Model, connection: &Connection) {
    let stored =
        (0..8).filter_map(|id| thing(connection, &id.to_string()).map(|held| (id, held.value.colour)));
    let wanted = model.documents.iter().map(|(id, (_, colour))| (*id, *colour));
    assert_eq!(stored.collect::<Vec<_>>(), wanted.collect::<Vec<_>>());

    let mut statement =
        connection.prepare("select key || value || ' ' || id from document_keys order by 1").unwrap();
    let stored = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap);
    let wanted = model.documents.iter().flat_map(|(id, (_, colour))| {
        [format!("colour{colour} {id}"), format!("same1 {id}"), format!("same{id} {id}")]
    });
    assert_eq!(stored.collect::<BTreeSet<String>>(), wanted.collect());

    for id in 0..3_u8 {
        let stored = read::history(connection, &id.to_string(), 1, 1000, false).unwrap();
        let stored: Vec<u64> = stored.into_iter().map(|(_, json)| json.parse().unwrap()).collect();
        assert_eq!(&stored, model.histories.get(&id).unwrap_or(&Vec::new()));
    }

    for id in 0..3_u8 {
        let name = format!("trail {id}");
        let stored = read::stretch(connection, &Counters::default(), &name, (1, 1000), false).unwrap();
        let stored: Vec<(u64, u16)> =
            stored.records.into_iter().map(|(number, json)| (number, json.parse().unwrap())).collect();
        let wanted = model.trails.get(&id).into_iter().flatten().copied();
        assert_eq!(stored, (1..).zip(wanted).collect::<Vec<_>>());
    }

    let mut wanted: Vec<_> =
        model.work.iter().map(|(id, (stamp, due))| (*due, *stamp, id.to_string())).collect();
    wanted.sort();
    let stored: Vec<_> = work(connection).into_iter().map(|item| (item.due.0, item.id)).collect();
    assert_eq!(stored, wanted.into_iter().map(|(due, _, id)| (due, id)).collect::<Vec<_>>());
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let hope = || prop_oneof![1 => Just(Hope::Any), 1 => Just(Hope::Absent), 2 => Just(Hope::AsRead)];
    let op = prop_oneof![
        3 => (0..4_u8, 0..3_u8, hope()).prop_map(|(id, colour, hope)| Op::Put(id, colour, hope)),
        1 => (0..4_u8, hope()).prop_map(|(id, hope)| Op::Delete(id, hope)),
        2 => (0..3_u8, 0..4_usize, prop_oneof![8 => Just(0_i8), 1 => -2..3_i8]).prop_map(|(id, n, beside)| Op::Append(id, n, beside)),
        2 => (0..3_u8, any::<u16>()).prop_map(|(id, record)| Op::Leave(id, record)),
        1 => (0..3_u8, 0..3_i64).prop_map(|(id, due)| Op::Schedule(id, due)),
        1 => (0..3_u8).prop_map(Op::Finish),
        1 => (0..3_u8).prop_map(Op::Cancel),
    ];
    prop::collection::vec(op, 1..5)
}

fn writer() -> Writer {
    let place = Arc::new(Place::passing().unwrap());
    Writer::open(place, Arc::default(), Arc::default()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is asked of it and however it is batched, the store holds what the model holds.
    #[test]
    fn batches_come_to_what_the_model_says(
        batches in prop::collection::vec(prop::collection::vec(ops(), 1..6), 1..6),
    ) {
        let (mut writer, mut model) = (writer(), Model::default());
        let reader = schema::reader(&writer.place).unwrap();
        for batch in batches {
            let read = model.clone();
            let given: Vec<_> = batch.iter().map(|ops| changes(ops, &read, &reader)).collect();
            let verdicts = writer.write(&given);
            for (ops, verdict) in batch.iter().zip(verdicts) {
                let next = model.after(ops, &read);
                assert_eq!(verdict.is_ok(), next.is_some(), "{ops:?}: {verdict:?}");
                model = next.unwrap_or(model);
            }
            same(&model, &reader);
        }
    }
}

fn put(id: &str, expect: Expect) -> Changes {
    let mut changes = Changes::new();
    changes.put(&Thing { id: id.into(), colour: 0 }, expect).unwrap();
    changes
}

/// A document that is too large for SQLite, or anything else that it refuses, fails alone.
#[test]
fn what_sqlite_refuses_harms_nobody_else() {
    let mut writer = writer();
    let connection = writer.connection.as_ref().unwrap();
    connection
        .execute_batch(
            "create temp trigger refuse before insert on documents when new.id = 'bad'
             begin select raise(abort, 'no'); end",
        )
        .unwrap();
    let verdicts = writer.write(&[put("a", Expect::Any), put("bad", Expect::Any), put("b", Expect::Any)]);
    let kinds: Vec<_> = verdicts.iter().map(Result::is_ok).collect();
    assert_eq!(kinds, [true, false, true]);
    assert!(matches!(verdicts[1], Err(Error::Internal(_))));
}

/// Nothing of a batch that does not fit is acknowledged or visible, and the next one that fits is committed.
#[test]
fn a_full_disk_refuses_and_recovers() {
    let mut writer = writer();
    let reader = schema::reader(&writer.place).unwrap();
    assert!(writer.write(&[put("before", Expect::Absent)])[0].is_ok());
    let connection = writer.connection.as_ref().unwrap();
    connection.query_row("pragma max_page_count = 1", [], |_| Ok(())).unwrap();
    let many: Vec<_> = (0..500).map(|n| put(&format!("while full {n}"), Expect::Absent)).collect();
    let verdicts = writer.write(&many);
    assert!(verdicts.iter().all(|verdict| matches!(verdict, Err(Error::Unavailable(_)))), "{verdicts:?}");
    assert!(thing(&reader, "before").is_some());
    assert!(thing(&reader, "while full 0").is_none());
    assert!(writer.write(&many).iter().all(Result::is_ok));
    assert!(thing(&reader, "while full 499").is_some());
}

/// Putting a document again with the same keys leaves the index alone; versions only grow.
#[test]
fn numbers_grow_over_batches_and_openings() {
    let place = Arc::new(Place::passing().unwrap());
    let mut versions = HashMap::new();
    let mut last = 0;
    for opening in 0..3 {
        let mut writer = Writer::open(Arc::clone(&place), Arc::default(), Arc::default()).unwrap();
        for n in 0..3 {
            assert!(writer.write(&[put("a", Expect::Any)])[0].is_ok());
            let version = thing(writer.connection.as_ref().unwrap(), "a").unwrap().version;
            assert!(version > last, "{opening} {n}");
            last = version;
            versions.insert(version, (opening, n));
        }
    }
    assert_eq!(versions.len(), 9);
}

/// Who asks for it waits until it is so, or hears that it cannot be.
#[test]
fn what_is_put_right_is_right_when_that_is_answered() {
    let mut writer = writer();
    assert!(writer.write(&[put("a", Expect::Any), put("b", Expect::Any)]).iter().all(Result::is_ok));
    let (other, reader) = (schema::writer(&writer.place).unwrap(), schema::reader(&writer.place).unwrap());
    let keys =
        || -> i64 { reader.query_row("select count(*) from document_keys", [], |row| row.get(0)).unwrap() };
    let all = keys();
    let queue = Queue::start(writer, &Threads::here()).unwrap();
    // It goes before the queue, which waits for it.
    let repair = queue.repairs();
    other.execute("delete from document_keys", []).unwrap();
    repair(Repair::Keys { after: 0, count: 1 }).unwrap();
    assert_eq!(keys(), all / 2, "those of the first document");
    repair(Repair::Keys { after: 0, count: 9 }).unwrap();
    assert_eq!(keys(), all);
    let unknown = repair(Repair::Index("of_nothing".to_owned()));
    assert!(matches!(unknown, Err(Error::Internal(_))), "{unknown:?}");
}

/// Somebody comes with the changes; what became of them, if they were written at once.
fn comes(desk: &Desk, changes: &Changes) -> Option<Result<(), Error>> {
    // Whether the disk is quick is not what is looked at here.
    desk.transactions.took(Duration::ZERO);
    desk.come().write_at_once(changes).map(|written| written.verdict)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_alone_writes_at_once_and_overtakes_nobody() {
    let desk = Desk::new(writer(), &Threads::here());
    let small = put("a", Expect::Any);
    assert!(comes(&desk, &small).unwrap().is_ok());
    let other = desk.come();
    assert!(comes(&desk, &small).is_none(), "another comes");
    other.send();
    assert!(comes(&desk, &small).is_none(), "another waits");
    desk.written(1);
    let taken = desk.writer().unwrap();
    assert!(comes(&desk, &small).is_none(), "another writes");
    drop(taken);
    let refused = comes(&desk, &put("a", Expect::Absent)).unwrap();
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    desk.transactions.took(Duration::from_secs(1));
    assert!(desk.come().write_at_once(&small).is_none(), "the disk is slow");
    desk.writer().unwrap().unmoved.log_ends_at(Some(Extent { frames: 1_000_000, salts: [1; 8] }));
    assert!(comes(&desk, &small).is_none(), "the log is to be moved");
    desk.writer().unwrap().unmoved.moved();
    desk.writer().unwrap().close();
    assert!(comes(&desk, &small).is_none(), "it has to be opened first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_be_much_is_not_written_at_once() {
    let desk = Desk::new(writer(), &Threads::here());
    let (mut long, mut many, mut short, mut trim) =
        (Changes::new(), Changes::new(), Changes::new(), Changes::new());
    long.schedule(WorkItem::now(TOPIC, "1", "x".repeat(100_000)));
    for n in 0..100 {
        many.cancel(TOPIC, &n.to_string());
    }
    short.shorten("trail", 7);
    trim.trim::<Thing>("s", "7");
    for changes in [long, many, short, trim] {
        assert!(comes(&desk, &changes).is_none(), "{changes:?}");
    }
}

/// A task that has many commits at once has them written together, as ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_committed_in_one_breath_is_written_together() {
    let counters = Arc::<Counters>::default();
    let place = Arc::new(Place::passing().unwrap());
    let writer = Writer::open(place, Arc::default(), Arc::clone(&counters)).unwrap();
    let queue = Queue::start(writer, &Threads::here()).unwrap();
    let commits = (0..100).map(|n| queue.commit(put(&n.to_string(), Expect::Any)));
    let mut commits = futures::future::join_all(commits);
    // Until all have come nobody writes.
    let taken = queue.desk().writer().unwrap();
    for _ in 0..2 {
        assert!((&mut commits).now_or_never().is_none());
    }
    drop(taken);
    assert!(commits.await.iter().all(Result::is_ok));
    assert_eq!(counters.read().batches, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_moved_whoever_has_written_it() {
    let directory = tempfile::tempdir().unwrap();
    let place = Arc::new(Place::claim(directory.path()).unwrap());
    let counters = Arc::<Counters>::default();
    let writer = Writer::open(place, Arc::default(), Arc::clone(&counters)).unwrap();
    let queue = Queue::start(writer, &Threads::here()).unwrap();
    for _ in 0..unmoved::WORTH_MOVING {
        queue.commit(put("a", Expect::Any)).await.unwrap();
    }
    // Once it is quiet.
    let moved = async {
        while counters.read().checkpoints == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), moved).await.unwrap();
    // Without a pause, as soon as it is long.
    let many = || {
        let mut changes = Changes::new();
        for n in 0..200 {
            changes.schedule(WorkItem::now(TOPIC, n.to_string(), "x".repeat(4000)));
        }
        changes
    };
    let (before, mut rounds) = (counters.read().checkpoints, 0);
    while counters.read().checkpoints == before {
        futures::future::join_all((0..8).map(|_| queue.commit(many()))).await;
        rounds += 1;
        assert!(rounds < 100, "the log grows for ever");
    }
}
