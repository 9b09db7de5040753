//! How long events are kept.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use trainyard_domain::{
    Principal, Timestamp,
    job::{LogLine, LogPage},
};
use trainyard_store::Store;

use super::*;
use crate::refusal::Refusal;

const DAY: i64 = 24 * 3600 * 1000;
const START: i64 = 1_700_000_000_000;

struct Room {
    logs: Logs,
    folder: tempfile::TempDir,
    now: Arc<AtomicI64>,
}

impl Room {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicI64::new(START));
        let clock = now.clone();
        let store = Store::in_memory().await.unwrap();
        let ground = Ground::with_clock(store, Arc::new(move || Timestamp(clock.load(Ordering::SeqCst))));
        Self { logs: Logs::open(ground, folder.path()).unwrap(), folder, now }
    }

    fn pass(&self, days: i64) {
        self.now.fetch_add(days * DAY, Ordering::SeqCst);
    }

    async fn keep(&self, days: i64) -> Result<(), Error> {
        self.logs.put_retention(&scope(), &Principal::root(&scope()), "/jobs", days).await
    }

    /// The same room after a start.
    fn again(&self) -> Logs {
        Logs::open(self.logs.ground.clone(), self.folder.path()).unwrap()
    }

    fn size(&self) -> u64 {
        fs::metadata(file::path(self.folder.path(), &name())).unwrap().len()
    }
}

fn scope() -> Scope {
    Scope::default_scope()
}

fn name() -> StreamName {
    StreamName { scope: scope(), group: "/jobs".to_owned(), stream: "a".to_owned() }
}

/// Lines by the day when they were printed.
fn page(days: &[i64], next: u64) -> LogPage {
    let line = |day: &i64| LogLine { time: Timestamp(START + day * DAY), text: format!("day {day}") };
    LogPage { lines: days.iter().map(line).collect(), next }
}

async fn read(logs: &Logs, token: Option<&str>, from_head: bool) -> (Vec<String>, EventsPage) {
    let token = token.map(str::to_owned);
    let query = EventsQuery { limit: Some(2), token, from_head, ..EventsQuery::default() };
    let page = logs.events(&name(), &query).await.unwrap();
    (page.events.iter().map(|event| event.message.clone()).collect(), page)
}

/// All of them, from the head on and from the tail back.
async fn all(logs: &Logs) -> Vec<String> {
    let (mut forward, mut backward) = (Vec::new(), Vec::new());
    let mut token = None;
    loop {
        let (texts, page) = read(logs, token.as_deref(), true).await;
        forward.extend(texts);
        if token.replace(page.forward.clone()) == Some(page.forward) {
            break;
        }
    }
    let mut token = None;
    loop {
        let (texts, page) = read(logs, token.as_deref(), false).await;
        backward.splice(0..0, texts);
        if token.replace(page.backward.clone()) == Some(page.backward) {
            break;
        }
    }
    assert_eq!(forward, backward);
    forward
}

#[tokio::test]
async fn what_is_older_than_its_keeping_goes_and_nothing_younger() {
    let room = Room::new().await;
    for day in 0..6 {
        room.logs.append(&name(), day as u64, &page(&[day], day as u64 + 1)).await.unwrap();
    }
    room.pass(6);
    assert_eq!(room.logs.prune().await.unwrap(), 0, "it is kept for ever");
    let (_, first) = read(&room.logs, None, true).await;
    let (_, last) = read(&room.logs, None, false).await;
    let before = room.size();
    room.keep(3).await.unwrap();
    assert_eq!(room.logs.prune().await.unwrap(), 1);
    assert_eq!(room.logs.prune().await.unwrap(), 0, "it is done");
    assert!(room.size() < before);
    for logs in [&room.logs, &room.again()] {
        // What is just three days old is not older.
        assert_eq!(all(logs).await, ["day 3", "day 4", "day 5"]);
        assert_eq!(logs.position(&name()).await.unwrap(), 6);
        // Tokens of before lead where they led.
        assert_eq!(read(logs, Some(&first.forward), true).await.0, ["day 3", "day 4"]);
        assert_eq!(read(logs, Some(&last.backward), true).await.0, ["day 3"]);
        let Found { events, .. } =
            logs.filter(&scope(), &Filter { group: "/jobs".to_owned(), ..Filter::default() }).await.unwrap();
        assert_eq!(events.len(), 3);
        let (first, last) = logs.ends(&name()).await.unwrap().unwrap();
        assert_eq!((first.message.as_str(), last.message.as_str()), ("day 3", "day 5"));
    }
}

#[tokio::test]
async fn a_source_is_gone_on_with_where_it_was() {
    let room = Room::new().await;
    room.logs.append(&name(), 0, &page(&[0, 0], 20)).await.unwrap();
    let (_, end) = read(&room.logs, None, true).await;
    room.keep(1).await.unwrap();
    room.pass(2);
    assert_eq!(room.logs.prune().await.unwrap(), 1);
    assert!(all(&room.logs).await.is_empty());
    assert!(room.logs.ends(&name()).await.unwrap().is_none());
    let again = room.again();
    assert_eq!(again.append(&name(), 0, &page(&[2], 20)).await.unwrap(), 20, "it is not appended again");
    assert_eq!(again.append(&name(), 20, &page(&[2], 30)).await.unwrap(), 30);
    again.add(&name(), page(&[3], 0).lines).await.unwrap();
    assert_eq!(all(&again).await, ["day 2", "day 3"]);
    assert_eq!(read(&again, Some(&end.forward), true).await.0, ["day 2", "day 3"]);
    assert_eq!(all(&room.again()).await, ["day 2", "day 3"]);
    // And again, from a file that begins later already.
    room.pass(2);
    let logs = room.again();
    assert_eq!((logs.prune().await.unwrap(), all(&logs).await), (1, vec!["day 3".to_owned()]));
}

#[tokio::test]
async fn what_is_old_goes_also_behind_what_is_not() {
    let room = Room::new().await;
    room.logs.append(&name(), 0, &page(&[9, 0, 8, 1, 9], 1)).await.unwrap();
    room.keep(1).await.unwrap();
    room.pass(5);
    assert_eq!(room.logs.prune().await.unwrap(), 1);
    assert_eq!(room.logs.prune().await.unwrap(), 0);
    assert_eq!(all(&room.again()).await, ["day 9", "day 8", "day 9"]);
    let file = fs::read_to_string(file::path(room.folder.path(), &name())).unwrap();
    assert!(!file.contains("day 0") && !file.contains("day 1"));
}

#[tokio::test]
async fn a_large_stream_loses_its_front() {
    let room = Room::new().await;
    let days: Vec<i64> = (0..60_000).map(|n| i64::from(n >= 30_000) * 4).collect();
    room.logs.append(&name(), 0, &page(&days, 1)).await.unwrap();
    room.keep(3).await.unwrap();
    room.pass(4);
    assert_eq!(room.logs.prune().await.unwrap(), 1);
    let query = |token| EventsQuery { limit: Some(7000), token, from_head: true, ..EventsQuery::default() };
    let (mut count, mut token) = (0, None);
    loop {
        let page = room.logs.events(&name(), &query(token.clone())).await.unwrap();
        assert!(page.events.iter().all(|event| event.message == "day 4"));
        count += page.events.len();
        if token.replace(page.forward.clone()) == Some(page.forward) {
            break;
        }
    }
    assert_eq!(count, 30_000);
}

#[tokio::test]
async fn of_days_there_are_those_that_aws_has() {
    let room = Room::new().await;
    assert_eq!(room.keep(1).await.unwrap_err().code(), "ResourceNotFoundException");
    room.logs.create_group(LogGroup::new(&scope(), "/jobs", Timestamp(1))).await.unwrap();
    for days in [-1, 0, 2, 366, 3654, i64::MAX] {
        let refused = room.keep(days).await.unwrap_err();
        assert_eq!(refused.code(), "InvalidParameterException");
        assert!(refused.to_string().starts_with(&format!(
            "1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member \
             must satisfy enum value set: [1, 3, 5, "
        )));
    }
    room.keep(3653).await.unwrap();
    assert_eq!(room.logs.group(&scope(), "/jobs").await.unwrap().retention_days, Some(3653));
    for _ in 0..2 {
        room.logs.delete_retention(&scope(), &Principal::root(&scope()), "/jobs").await.unwrap();
    }
    assert_eq!(room.logs.group(&scope(), "/jobs").await.unwrap().retention_days, None);
}
