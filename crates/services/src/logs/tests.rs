use std::{fs, io::Write};

use trainyard_domain::{
    Principal, Timestamp,
    job::{LogLine, LogPage},
};
use trainyard_store::Store;

use super::*;
use crate::{refusal::Refusal, unreadable::spoil};

struct Room {
    logs: Logs,
    folder: tempfile::TempDir,
}

async fn room() -> Room {
    let folder = tempfile::tempdir().unwrap();
    let ground = Ground::new(Store::in_memory().await.unwrap());
    Room { logs: Logs::open(ground, folder.path()).unwrap(), folder }
}

fn name(stream: &str) -> StreamName {
    StreamName { scope: Scope::default_scope(), group: "/jobs".to_owned(), stream: stream.to_owned() }
}

fn page(lines: &[&str], next: u64) -> LogPage {
    let line =
        |(n, text): (usize, &&str)| LogLine { time: Timestamp(n as i64 + 1000), text: (*text).to_owned() };
    LogPage { lines: lines.iter().enumerate().map(line).collect(), next }
}

fn texts(page: &EventsPage) -> Vec<&str> {
    page.events.iter().map(|event| event.message.as_str()).collect()
}

fn query(limit: usize, token: Option<&str>, from_head: bool) -> EventsQuery {
    EventsQuery { limit: Some(limit), token: token.map(str::to_owned), from_head, ..EventsQuery::default() }
}

#[tokio::test]
async fn a_page_is_appended_once() {
    let Room { logs, .. } = room().await;
    let name = name("a");
    assert_eq!(logs.position(&name).await.unwrap(), 0);
    for _ in 0..2 {
        assert_eq!(logs.append(&name, 0, &page(&["one", "two\\n\nthree"], 20)).await.unwrap(), 20);
    }
    logs.append(&name, 20, &page(&["four"], 30)).await.unwrap();
    let all = logs.events(&name, &query(100, None, true)).await.unwrap();
    assert_eq!(texts(&all), ["one", "two\\n\nthree", "four"]);
}

#[tokio::test]
async fn a_torn_batch_does_not_count() {
    let Room { logs, folder } = room().await;
    let name = name("a");
    let mut long: Vec<String> = (0..20_000).map(|n| format!("line {n} x=5")).collect();
    long.push("=99".to_owned());
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    logs.append(&name, 0, &page(&["whole"], 6)).await.unwrap();
    let file = file::path(folder.path(), &name);
    let mut torn = fs::OpenOptions::new().append(true).open(&file).unwrap();
    torn.write_all(file::batch(&page(&long, 500), Timestamp(1)).trim_end_matches("=500\n").as_bytes())
        .unwrap();
    let again = Logs::open(logs.ground.clone(), folder.path()).unwrap();
    assert_eq!(again.position(&name).await.unwrap(), 6);
    again.append(&name, 6, &page(&["next"], 11)).await.unwrap();
    let all = again.events(&name, &query(100, None, true)).await.unwrap();
    assert_eq!(texts(&all), ["whole", "next"]);
}

#[tokio::test]
async fn pages_go_both_ways() {
    let Room { logs, .. } = room().await;
    let name = name("a");
    for n in 0..5_u64 {
        logs.append(&name, n, &page(&[&format!("l{n}")], n + 1)).await.unwrap();
    }
    let last = logs.events(&name, &query(2, None, false)).await.unwrap();
    assert_eq!(texts(&last), ["l3", "l4"]);
    let before = logs.events(&name, &query(2, Some(&last.backward), false)).await.unwrap();
    assert_eq!(texts(&before), ["l1", "l2"]);
    let first = logs.events(&name, &query(2, Some(&before.backward), true)).await.unwrap();
    assert_eq!(texts(&first), ["l0"]);
    let none = logs.events(&name, &query(2, Some(&first.backward), true)).await.unwrap();
    assert_eq!((texts(&none), &none.backward), (vec![], &first.backward));
    let on = logs.events(&name, &query(2, Some(&first.forward), true)).await.unwrap();
    assert_eq!(texts(&on), ["l1", "l2"]);
    let end = logs.events(&name, &query(9, Some(&on.forward), true)).await.unwrap();
    assert_eq!(texts(&end), ["l3", "l4"]);
    let idle = logs.events(&name, &query(9, Some(&end.forward), true)).await.unwrap();
    assert_eq!((texts(&idle), &idle.forward), (vec![], &end.forward));
    logs.append(&name, 5, &page(&["l5"], 6)).await.unwrap();
    let news = logs.events(&name, &query(9, Some(&idle.forward), true)).await.unwrap();
    assert_eq!(texts(&news), ["l5"]);
    for bad in ["", "f/3/s", "x", "f/-1/s", "b/99999999/s"] {
        let refused = logs.events(&name, &query(9, Some(bad), true)).await.unwrap_err();
        assert_eq!(refused.code(), "InvalidParameterException", "{bad}");
    }
}

#[tokio::test]
async fn large_streams_page_whole() {
    let Room { logs, .. } = room().await;
    let name = name("a");
    let lines: Vec<String> = (0..30_000).map(|n| format!("{n} {}", "é".repeat(60))).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    logs.append(&name, 0, &page(&lines, 1)).await.unwrap();
    for from_head in [true, false] {
        let (mut count, mut token) = (0, None::<String>);
        loop {
            let page = logs.events(&name, &query(7000, token.as_deref(), from_head)).await.unwrap();
            let next = if from_head { page.forward } else { page.backward };
            if token.as_deref() == Some(&next) {
                break;
            }
            count += page.events.len();
            token = Some(next);
        }
        assert_eq!(count, lines.len());
    }
    let times = EventsQuery {
        start: Some(Timestamp(1000 + 29_000)),
        end: Some(Timestamp(1000 + 29_002)),
        from_head: true,
        ..EventsQuery::default()
    };
    assert_eq!(logs.events(&name, &times).await.unwrap().events.len(), 2);
}

#[tokio::test]
async fn filters_go_through_all_streams() {
    let Room { logs, .. } = room().await;
    for stream in ["a", "ab", "b"] {
        logs.append(&name(stream), 0, &page(&["fine", "ERROR one", "ERROR two"], 3)).await.unwrap();
    }
    let scope = Scope::default_scope();
    let all = async |filter: Filter| {
        let (mut found, mut token) = (Vec::new(), None);
        loop {
            let page = logs.filter(&scope, &Filter { token: token.take(), ..filter.clone() }).await.unwrap();
            found
                .extend(page.events.into_iter().map(|(stream, event)| format!("{stream}:{}", event.message)));
            token = page.next;
            if token.is_none() {
                return found;
            }
        }
    };
    let filter = Filter { group: "/jobs".to_owned(), pattern: "ERROR".to_owned(), ..Filter::default() };
    let one_by_one = all(Filter { limit: Some(1), ..filter.clone() }).await;
    assert_eq!(one_by_one.len(), 6);
    assert_eq!(one_by_one[..3], ["a:ERROR one", "a:ERROR two", "ab:ERROR one"]);
    assert_eq!(all(Filter { prefix: Some("a".to_owned()), ..filter.clone() }).await.len(), 4);
    let named = Filter { streams: Some(vec!["b".to_owned(), "none".to_owned()]), ..filter.clone() };
    assert_eq!(all(named).await, ["b:ERROR one", "b:ERROR two"]);
    let until = Filter { end: Some(Timestamp(1001)), ..filter.clone() };
    assert_eq!(all(until).await.len(), 3);
    let nowhere = Filter { group: "none".to_owned(), ..filter };
    assert_eq!(logs.filter(&scope, &nowhere).await.unwrap_err().code(), "ResourceNotFoundException");
}

#[tokio::test]
async fn groups_and_streams_are_listed() {
    let Room { logs, .. } = room().await;
    let scope = Scope::default_scope();
    logs.append(&name("s/1"), 0, &page(&["x", "y"], 1)).await.unwrap();
    logs.append(&name("t"), 0, &page(&["x"], 1)).await.unwrap();
    let group = LogGroup::new(&scope, "/jobs", Timestamp(1));
    assert_eq!(logs.create_group(group).await.unwrap_err().code(), "ResourceAlreadyExistsException");
    let bad = LogGroup::new(&scope, "a b", Timestamp(1));
    assert_eq!(logs.create_group(bad).await.unwrap_err().code(), "InvalidParameterException");
    let groups = logs.groups(&scope, "/jo", 10, None).await.unwrap();
    assert_eq!(groups.items.len(), 1);
    let of = |prefix: &str| StreamsQuery {
        group: "/jobs".to_owned(),
        prefix: prefix.to_owned(),
        limit: 10,
        ..StreamsQuery::default()
    };
    let streams = logs.streams(&scope, of("s/")).await.unwrap();
    assert_eq!(streams.items[0].value.name, "s/1");
    let latest = StreamsQuery { order: Order::Time, descending: true, ..of("") };
    assert_eq!(logs.streams(&scope, latest).await.unwrap().items.len(), 2);
    let (first, last) = logs.ends(&name("s/1")).await.unwrap().unwrap();
    assert_eq!((first.message.as_str(), last.message.as_str()), ("x", "y"));
    assert!(logs.ends(&name("none")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_group_goes_with_all_that_is_in_it() {
    let Room { logs, .. } = room().await;
    let (scope, by) = (Scope::default_scope(), Principal::root(&Scope::default_scope()));
    for stream in ["a", "b"] {
        logs.append(&name(stream), 0, &page(&["one"], 20)).await.unwrap();
    }
    let tags = ["k", "l"].map(|key| (key.to_owned(), "v".to_owned()));
    logs.tag_group(&scope, &by, "/jobs", tags.into()).await.unwrap();
    logs.untag_group(&scope, &by, "/jobs", &["k".to_owned(), "m".to_owned()]).await.unwrap();
    let tags = logs.group(&scope, "/jobs").await.unwrap().tags;
    assert_eq!(tags.into_iter().collect::<Vec<_>>(), [("l".to_owned(), "v".to_owned())]);
    logs.delete_group(&scope, &by, "/jobs").await.unwrap();
    let gone = logs.delete_group(&scope, &by, "/jobs").await.unwrap_err();
    assert_eq!(gone.code(), "ResourceNotFoundException");
    // A writer that goes on begins anew, and nothing of before comes back.
    assert_eq!(logs.append(&name("a"), 20, &page(&["two"], 40)).await.unwrap(), 0);
    logs.append(&name("a"), 0, &page(&["new"], 20)).await.unwrap();
    let all = logs.events(&name("a"), &query(100, None, true)).await.unwrap();
    assert_eq!(texts(&all), ["new"]);
    assert!(logs.group(&scope, "/jobs").await.unwrap().tags.is_empty());
    let other = logs.events(&name("b"), &query(100, None, true)).await.unwrap_err();
    assert_eq!(other.code(), "ResourceNotFoundException");
}

fn policy(effect: &str) -> String {
    let events = r#"{"Service": "events.amazonaws.com"}"#;
    format!(
        r#"{{"Statement": {{"Effect": "{effect}", "Principal": {events}, "Action": "logs:*", "Resource": "*"}}}}"#
    )
}

async fn is_denied(logs: &Logs) -> bool {
    let arn = |text: &str| format!("arn:aws:{text}").parse().unwrap();
    let stream = arn("logs:us-east-1:000000000000:log-group:/jobs:log-stream:s");
    let rule = arn("events:us-east-1:000000000000:rule/r");
    let gate = logs.gate(&Scope::default_scope()).await.unwrap();
    gate.denies("events.amazonaws.com", (&stream, &rule))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_policies_put_at_once_there_are_no_more_than_may_be() {
    let Room { logs, .. } = room().await;
    let (scope, by) = (Scope::default_scope(), Principal::root(&Scope::default_scope()));
    let put = |number: usize| {
        let (logs, scope, by) = (logs.clone(), scope.clone(), by.clone());
        async move { logs.put_policy(&scope, &by, &format!("p{number:02}"), policy("Allow")).await }
    };
    let put_at_once: Vec<_> = (0..15).map(|number| tokio::spawn(put(number))).collect();
    let mut refused = 0;
    for put in put_at_once {
        if let Err(error) = put.await.unwrap() {
            assert_eq!(error.code(), "LimitExceededException");
            refused += 1;
        }
    }
    let there = logs.policies(&scope).await.unwrap();
    assert_eq!((refused, there.len()), (5, 10));
    // One that is there is put in its own place.
    logs.put_policy(&scope, &by, &there[9].name, policy("Deny")).await.unwrap();
    assert!(is_denied(&logs).await);
}

#[tokio::test]
async fn a_policy_that_cannot_be_read_denies() {
    let Room { logs, .. } = room().await;
    let (scope, by) = (Scope::default_scope(), Principal::root(&Scope::default_scope()));
    for number in 0..9 {
        logs.put_policy(&scope, &by, &format!("p{number}"), policy("Allow")).await.unwrap();
    }
    let last = logs.put_policy(&scope, &by, "p9", policy("Allow")).await.unwrap();
    assert!(!is_denied(&logs).await);
    let nobodys = LogPolicy { document: "x".to_owned(), ..last.clone() };
    let mut changes = Changes::new();
    changes.put(&nobodys, Expect::Any).unwrap();
    logs.ground.store.commit(changes).await.unwrap();
    assert!(is_denied(&logs).await, "its document is none");
    spoil(&logs.ground.store, last).await;
    assert!(is_denied(&logs).await);
    let more = logs.put_policy(&scope, &by, "more", policy("Allow")).await.unwrap_err();
    assert_eq!(more.code(), "LimitExceededException", "it is there, though");
    logs.put_policy(&scope, &by, "p9", policy("Allow")).await.unwrap();
    assert!(!is_denied(&logs).await, "it is put anew");
    spoil(&logs.ground.store, logs.policies(&scope).await.unwrap().remove(0)).await;
    logs.delete_policy(&scope, &by, "p0").await.unwrap();
    assert!(!is_denied(&logs).await, "it is gone");
}
