//! What the store promises to those who use it.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use trainyard_domain::Timestamp;
use trainyard_store::{Agenda, Changes, Entry, Error, Expect, Keys, List, Noun, Range, Store, WorkItem};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Thing {
    scope: String,
    id: String,
    colour: String,
    size: i64,
}

impl Noun for Thing {
    const KIND: &'static str = "thing";
    fn scope(&self) -> String {
        self.scope.clone()
    }
    fn id(&self) -> String {
        self.id.clone()
    }
    fn keys(&self, keys: &mut Keys) {
        keys.add("colour", &self.colour).add_number("size", self.size);
    }
}

fn thing(id: &str, colour: &str, size: i64) -> Thing {
    Thing { scope: "s".into(), id: id.into(), colour: colour.into(), size }
}

async fn put(store: &Store, thing: &Thing, expect: Expect) -> Result<(), Error> {
    let mut changes = Changes::new();
    changes.put(thing, expect)?;
    store.commit(changes).await
}

async fn ids(store: &Store, list: List) -> Vec<String> {
    let page = store.list::<Thing>(list).await.expect("a page");
    page.items.into_iter().map(|held| held.value.id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_is_put_read_changed_and_removed() {
    let store = Store::in_memory().await.unwrap();
    assert!(store.get::<Thing>("s", "a").await.unwrap().is_none());
    put(&store, &thing("a", "red", 1), Expect::Absent).await.unwrap();
    assert!(matches!(put(&store, &thing("a", "blue", 1), Expect::Absent).await, Err(Error::Conflict(_))));
    let held = store.get::<Thing>("s", "a").await.unwrap().unwrap();
    assert_eq!(held.value, thing("a", "red", 1));
    put(&store, &thing("a", "blue", 2), Expect::Version(held.version)).await.unwrap();
    assert!(matches!(
        put(&store, &thing("a", "green", 3), Expect::Version(held.version)).await,
        Err(Error::Conflict(_))
    ));
    assert_eq!(ids(&store, List::in_scope("s").equal("colour", "blue")).await, ["a"]);
    assert!(ids(&store, List::in_scope("s").equal("colour", "red")).await.is_empty());
    let mut changes = Changes::new();
    changes.delete::<Thing>("s", "a", Expect::Any).delete::<Thing>("s", "never", Expect::Any);
    store.commit(changes).await.unwrap();
    assert!(store.get::<Thing>("s", "a").await.unwrap().is_none());
    assert!(ids(&store, List::everywhere().by("colour")).await.is_empty());
}

/// A version is never given twice: a document that was removed and made again is not taken for the old one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_made_again_has_a_new_version() {
    let store = Store::in_memory().await.unwrap();
    put(&store, &thing("a", "red", 1), Expect::Absent).await.unwrap();
    let old = store.get::<Thing>("s", "a").await.unwrap().unwrap();
    let mut changes = Changes::new();
    changes.delete::<Thing>("s", "a", Expect::Version(old.version));
    store.commit(changes).await.unwrap();
    put(&store, &old.value, Expect::Absent).await.unwrap();
    let stale = put(&store, &old.value, Expect::Version(old.version)).await;
    assert!(matches!(stale, Err(Error::Conflict(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_changes_change_nothing() {
    let store = Store::in_memory().await.unwrap();
    put(&store, &thing("there", "red", 1), Expect::Absent).await.unwrap();
    let mut changes = Changes::new();
    changes.put(&thing("new", "red", 1), Expect::Absent).unwrap();
    changes.append("h", 1, &["first"]).unwrap();
    changes.schedule(WorkItem::now("t", "w", ""));
    changes.put(&thing("there", "red", 1), Expect::Absent).unwrap();
    assert!(matches!(store.commit(changes).await, Err(Error::Conflict(_))));
    assert!(store.get::<Thing>("s", "new").await.unwrap().is_none());
    assert!(store.history("h", 1, 10).await.unwrap().is_empty());
    assert!(store.due("t", Timestamp(0), 10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_kept_is_refused() {
    let store = Store::in_memory().await.unwrap();
    let refused = put(&store, &thing("a\0b", "red", 1), Expect::Any).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    let list = List::in_scope("s").after(Some("from elsewhere".into()));
    assert!(matches!(store.list::<Thing>(list).await, Err(Error::Invalid(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn histories_are_read_from_anywhere_in_both_directions() {
    let store = Store::in_memory().await.unwrap();
    for (first, records) in [(1, vec!["a", "b"]), (3, vec!["c"]), (4, vec!["d", "e", "f"])] {
        let mut changes = Changes::new();
        changes.append("h", first, &records).unwrap();
        // Others between them.
        changes.append("other", first, &records).unwrap();
        store.commit(changes).await.unwrap();
    }
    let mut late = Changes::new();
    late.append("h", 6, &["late"]).unwrap();
    assert!(matches!(store.commit(late).await, Err(Error::Conflict(_))));
    let text = |records: Vec<(u64, String)>| {
        records.iter().map(|(number, json)| format!("{number}{}", json.trim_matches('"'))).collect::<Vec<_>>()
    };
    assert_eq!(text(store.history("h", 1, 10).await.unwrap()), ["1a", "2b", "3c", "4d", "5e", "6f"]);
    assert_eq!(text(store.history("h", 2, 3).await.unwrap()), ["2b", "3c", "4d"]);
    assert_eq!(text(store.history_back("h", u64::MAX, 3).await.unwrap()), ["6f", "5e", "4d"]);
    assert_eq!(text(store.history_back("h", 5, 10).await.unwrap()), ["5e", "4d", "3c", "2b", "1a"]);
    assert!(store.history("h", 7, 10).await.unwrap().is_empty());
    assert!(store.history_back("nobody", 7, 10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_comes_when_due_in_order_and_goes_when_finished() {
    let store = Store::in_memory().await.unwrap();
    let mut changes = Changes::new();
    changes
        .schedule(WorkItem::at("t", "late", Timestamp(300), ""))
        .schedule(WorkItem::now("t", "b", "1"))
        .schedule(WorkItem::now("t", "a", "2"))
        .schedule(WorkItem::at("t", "soon", Timestamp(200), ""))
        .schedule(WorkItem::now("other", "a", ""));
    store.commit(changes).await.unwrap();
    let due = store.due("t", Timestamp(200), 10).await.unwrap();
    assert_eq!(due.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["b", "a", "soon"]);
    assert_eq!(store.next_due("t", Timestamp(200)).await.unwrap(), Some(Timestamp(300)));
    assert_eq!(store.next_due("t", Timestamp(300)).await.unwrap(), None);

    // Scheduled anew while it was done: it stays.
    let mut again = Changes::new();
    again.schedule(WorkItem::now("t", "b", "3"));
    store.commit(again).await.unwrap();
    let mut done = Changes::new();
    done.finish(&due[0]).finish(&due[1]).cancel("t", "soon").cancel("t", "never");
    store.commit(done).await.unwrap();
    let due = store.due("t", Timestamp(200), 10).await.unwrap();
    assert_eq!(
        due.iter().map(|item| (item.id.as_str(), item.body.as_str())).collect::<Vec<_>>(),
        [("b", "3")]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agenda_passes_over_what_is_known() {
    let store = Store::in_memory().await.unwrap();
    let mut changes = Changes::new();
    for id in ["a", "b", "c", "d"] {
        changes.schedule(WorkItem::now("t", id, ""));
    }
    changes.schedule(WorkItem::at("t", "late", Timestamp(300), ""));
    store.commit(changes).await.unwrap();
    let due = store.due("t", Timestamp(200), 10).await.unwrap();
    let mut gone = Changes::new();
    gone.cancel("t", "b");
    store.commit(gone).await.unwrap();
    let known = HashSet::from([due[0].revision, due[1].revision]);
    let agenda = |limit| store.agenda(("t", ""), Timestamp(200), (known.clone(), limit));
    let ids = |agenda: &Agenda| agenda.due.iter().map(|item| item.id.clone()).collect::<Vec<_>>();
    let all = agenda(10).await.unwrap();
    assert_eq!((ids(&all), all.next), (vec!["c".to_owned(), "d".to_owned()], Some(Timestamp(300))));
    assert_eq!(all.known, HashSet::from([due[0].revision]), "the other was cancelled");
    let one = agenda(1).await.unwrap();
    assert_eq!((ids(&one), one.more, all.more), (vec!["c".to_owned()], true, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_of_one_lane_is_not_seen_in_another() {
    let store = Store::in_memory().await.unwrap();
    let bell = store.hint("t");
    let mut changes = Changes::new();
    for (lane, due) in [("a", 7), ("b/c", 5), ("b/c", 6), ("", 9)] {
        changes.schedule(WorkItem::at("t", format!("{due}"), Timestamp(due), lane).in_lane(lane));
    }
    // Neighbours in the order of names.
    changes.schedule(WorkItem::now("t-", "x", "")).schedule(WorkItem::now("t0", "x", "").in_lane("a"));
    store.commit(changes).await.unwrap();
    let mut lanes = store.lanes("t").await.unwrap();
    lanes.sort();
    let expect = [("", 9), ("a", 7), ("b/c", 5)].map(|(lane, due)| (lane.to_owned(), Timestamp(due)));
    assert_eq!(lanes, expect);
    assert_eq!(bell.lanes(), HashMap::from(expect));
    let agenda =
        async |lane: &str| store.agenda(("t", lane), Timestamp(8), (HashSet::new(), 10)).await.unwrap();
    let found = agenda("b/c").await;
    let names = |agenda: &Agenda| agenda.due.iter().map(|item| item.id.clone()).collect::<Vec<_>>();
    assert_eq!(names(&found), ["5", "6"]);
    assert_eq!(agenda("").await.next, Some(Timestamp(9)));
    let mut done = Changes::new();
    done.finish(&found.due[0]).cancel("t", "6").cancel("t", "9");
    store.commit(done).await.unwrap();
    assert_eq!(names(&agenda("b/c").await), ["6"], "it has a lane, and stays");
    assert!(agenda("").await.next.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hint_rings_after_the_commit_that_scheduled_work() {
    let store = Store::in_memory().await.unwrap();
    let (bell, quiet) = (store.hint("t"), store.hint("quiet"));
    let mut changes = Changes::new();
    changes.schedule(WorkItem::now("t", "a", ""));
    store.commit(changes).await.unwrap();
    timeout(Duration::from_secs(10), bell.notified()).await.expect("the topic's bell rang");
    let waited = timeout(Duration::ZERO, quiet.notified()).await;
    assert!(waited.is_err(), "another topic's bell did not ring");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_neither_repeat_nor_hide() {
    let store = Store::in_memory().await.unwrap();
    for n in 0..10 {
        put(&store, &thing(&format!("{n}"), if n % 2 == 0 { "even" } else { "odd" }, n / 3), Expect::Any)
            .await
            .unwrap();
    }
    let lists = [
        List::in_scope("s"),
        List::everywhere(),
        List::in_scope("s").by("size"),
        List::everywhere().by("size"),
        List::in_scope("s").by("colour"),
        List::in_scope("s").equal("colour", "odd"),
    ];
    for list in lists {
        for list in [list.clone(), list.descending(true)] {
            let whole = ids(&store, list.clone()).await;
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = store.list::<Thing>(list.clone().limit(3).after(after)).await.unwrap();
                seen.extend(page.items.into_iter().map(|held| held.value.id));
                // Before and behind where we are, and gone again: none of it is ours to see.
                put(&store, &thing("", "odd", 0), Expect::Any).await.unwrap();
                let mut gone = Changes::new();
                gone.delete::<Thing>("s", "", Expect::Any);
                store.commit(gone).await.unwrap();
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(seen, whole);
            assert_eq!(whole.iter().collect::<BTreeSet<_>>().len(), whole.len());
        }
    }
}

/// The document on which the last page ended may go: the next page begins where it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_goes_on_where_its_last_document_was() {
    let store = Store::in_memory().await.unwrap();
    for id in ["a", "b", "c", "d"] {
        put(&store, &thing(id, "red", 1), Expect::Any).await.unwrap();
    }
    let first = store.list::<Thing>(List::in_scope("s").limit(2)).await.unwrap();
    let mut changes = Changes::new();
    changes.delete::<Thing>("s", "b", Expect::Any).delete::<Thing>("s", "c", Expect::Any);
    store.commit(changes).await.unwrap();
    put(&store, &thing("bb", "red", 1), Expect::Any).await.unwrap();
    assert_eq!(ids(&store, List::in_scope("s").after(first.next)).await, ["bb", "d"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ranges_and_prefixes() {
    let store = Store::in_memory().await.unwrap();
    for (id, size) in [("a", 1), ("a/x", 2), ("a/y", 10), ("a/\u{10ffff}z", 10), ("b", 20)] {
        put(&store, &thing(id, "red", size), Expect::Any).await.unwrap();
    }
    let check = async |list: List, expect: &[&str]| assert_eq!(ids(&store, list).await, expect);
    let all = || List::in_scope("s");
    check(all().within(Range::prefix("a/")), &["a/x", "a/y", "a/\u{10ffff}z"]).await;
    check(all().within(Range::prefix("").past("a/").unwrap()), &["b"]).await;
    check(all().within(Range { after: Some("a/y".into()), ..Range::prefix("a") }), &["a/\u{10ffff}z"]).await;
    check(all().by("size").within(Range::numbers(Some(2), Some(20))), &["a/x", "a/y", "a/\u{10ffff}z"]).await;
    check(all().by("size").descending(true).limit(2), &["b", "a/\u{10ffff}z"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_stand_for_what_is_in_them() {
    let store = Store::in_memory().await.unwrap();
    for id in ["a", "a/1", "a/2", "a/b/1", "a/b/2", "a0", "b/\u{10ffff}", "b/c/d", "c", "d/e"] {
        put(&store, &thing(id, "red", 1), Expect::Any).await.unwrap();
    }
    let check = async |prefix: &str, expect: &[&str]| {
        for limit in [1, 2, 3, 100] {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let list = List::in_scope("s").limit(limit).after(after);
                let page = store.folders::<Thing>(list, prefix, "/").await.unwrap();
                assert!(page.entries.len() <= limit);
                seen.extend(page.entries.into_iter().map(|entry| match entry {
                    Entry::Document(held) => held.value.id,
                    Entry::Folder(folder) => format!("{folder}*"),
                }));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(seen, expect, "{limit} of {prefix}");
        }
    };
    check("", &["a", "a/*", "a0", "b/*", "c", "d/*"]).await;
    check("a", &["a", "a/*", "a0"]).await;
    check("a/", &["a/1", "a/2", "a/b/*"]).await;
    check("b/", &["b/c/*", "b/\u{10ffff}"]).await;
    check("nothing", &[]).await;
    let after = List::in_scope("s").within(Range { after: Some("a/1".into()), ..Range::default() });
    let page = store.folders::<Thing>(after.limit(1), "", "/").await.unwrap();
    assert!(matches!(&page.entries[..], [Entry::Folder(folder)] if folder == "a/"));
}

/// Whatever text a document, its keys, a record or work holds is read back as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_text_survives() {
    let store = Store::in_memory().await.unwrap();
    let text = "quote \" backslash \\ newline \n bell \u{7} del \u{7f} ü 漢 😀 \u{2028} \u{ffff} \\u0000 %";
    let odd = Thing { scope: text.into(), id: text.into(), colour: text.into(), size: i64::MIN };
    put(&store, &odd, Expect::Absent).await.unwrap();
    let mut changes = Changes::new();
    changes.append(text, 1, &[text]).unwrap().schedule(WorkItem::now("t", text, text));
    store.commit(changes).await.unwrap();
    assert_eq!(store.get::<Thing>(text, text).await.unwrap().unwrap().value, odd);
    assert_eq!(ids(&store, List::in_scope(text).equal("colour", text)).await, [text]);
    let records = store.history(text, 1, 10).await.unwrap();
    assert_eq!(serde_json::from_str::<String>(&records[0].1).unwrap(), text);
    let work = store.due("t", Timestamp(0), 1).await.unwrap();
    assert_eq!((work[0].id.as_str(), work[0].body.as_str()), (text, text));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_wins() {
    let store = Store::in_memory().await.unwrap();
    let tries = (0..64).map(|n| {
        let store = store.clone();
        tokio::spawn(async move { put(&store, &thing("a", "red", n), Expect::Absent).await })
    });
    let mut won = 0;
    for tried in tries.collect::<Vec<_>>() {
        match tried.await.unwrap() {
            Ok(()) => won += 1,
            Err(e) => assert!(matches!(e, Error::Conflict(_)), "{e}"),
        }
    }
    assert_eq!(won, 1);
    let stats = store.stats();
    assert_eq!((stats.commits, stats.conflicts, stats.rows), (1, 63, 1));
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Line {
    place: String,
    number: u32,
    text: String,
}

impl Noun for Line {
    const KIND: &'static str = "line";
    fn scope(&self) -> String {
        self.place.clone()
    }
    fn id(&self) -> String {
        format!("{:04}", self.number)
    }
    fn keys(&self, _: &mut Keys) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_of_a_scope_go() {
    let store = Store::in_memory().await.unwrap();
    let mut changes = Changes::new();
    for (place, count) in [("a", 10), ("b", 3), ("c", 5)] {
        for number in 0..count {
            changes
                .put(&Line { place: place.into(), number, text: "x".repeat(100) }, Expect::Absent)
                .unwrap();
        }
    }
    changes.put(&thing("t", "red", 1), Expect::Absent).unwrap();
    store.commit(changes).await.unwrap();
    assert_eq!(store.scopes::<Line>().await.unwrap(), ["a", "b", "c"]);
    assert_eq!(store.scopes::<Thing>().await.unwrap(), ["s"]);
    let mut changes = Changes::new();
    changes.trim::<Line>("a", "0006").trim::<Line>("c", "0001");
    store.commit(changes).await.unwrap();
    let left = async |place: &str| {
        let page = store.list::<Line>(List::in_scope(place)).await.unwrap();
        page.items.into_iter().map(|held| held.value.number).collect::<Vec<_>>()
    };
    assert_eq!((left("a").await, left("b").await), (vec![6, 7, 8, 9], vec![0, 1, 2]));
    assert_eq!(left("c").await, [1, 2, 3, 4]);
    assert!(store.get::<Thing>("s", "t").await.unwrap().is_some());
}
