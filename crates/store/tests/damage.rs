//! What becomes of a store that was damaged, or that is not ours to open.

use std::{fs, path::Path, time::Duration};

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_store::{Changes, Error, Expect, Keys, List, Noun, Store, WorkItem};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Note {
    id: String,
    text: String,
}

impl Noun for Note {
    const KIND: &'static str = "note";
    fn scope(&self) -> String {
        String::new()
    }
    fn id(&self) -> String {
        self.id.clone()
    }
    fn keys(&self, keys: &mut Keys) {
        keys.add("all", "").add("text", self.text.as_str());
    }
}

async fn put(store: &Store, id: &str, text: &str) {
    let mut changes = Changes::new();
    changes.put(&Note { id: id.into(), text: text.into() }, Expect::Any).expect("it is JSON");
    store.commit(changes).await.expect("it is kept");
}

/// A store with two notes and a history, closed again.
async fn made(directory: &Path) {
    let store = Store::open(directory).await.expect("it opens");
    put(&store, "good", "kept well").await;
    put(&store, "bad", "needle in the hay").await;
    let mut changes = Changes::new();
    changes.append("h", 1, &["a needle of history"]).expect("it is JSON");
    store.commit(changes).await.expect("it is kept");
}

/// Flips one bit in the file, in the first text like this.
fn flip(directory: &Path, text: &[u8]) {
    let file = directory.join("store.db");
    let mut bytes = fs::read(&file).expect("the file is there");
    let at = bytes.windows(text.len()).position(|window| window == text).expect("the text is in the file");
    bytes[at + 2] ^= 1;
    fs::write(&file, bytes).expect("the file can be written");
}

/// Flips the top bit of a byte in the text's occurrence of that number: what it stands in is no UTF-8 any more.
fn spoil(directory: &Path, text: &str, occurrence: usize) {
    let file = directory.join("store.db");
    let mut bytes = fs::read(&file).expect("the file is there");
    let found = bytes.windows(text.len()).enumerate().filter(|(_, window)| *window == text.as_bytes());
    let (at, _) = found.clone().nth(occurrence).expect("the text is so often in the file");
    bytes[at + text.len() - 1] ^= 0x80;
    fs::write(&file, bytes).expect("the file can be written");
}

fn change(directory: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(directory.join("store.db")).expect("it opens");
    connection.execute_batch(sql).expect("it is changed");
}

async fn refusal(directory: &Path) -> String {
    match Store::open(directory).await {
        Err(Error::Refused(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_flipped_bit_is_noticed_and_harms_nobody_else() {
    let directory = tempfile::tempdir().unwrap();
    made(directory.path()).await;
    flip(directory.path(), b"needle in the hay");
    flip(directory.path(), b"needle of history");
    let store = Store::open(directory.path()).await.unwrap();
    assert!(matches!(store.get::<Note>("", "bad").await, Err(Error::Poisoned { id, .. }) if id == "bad"));
    assert_eq!(store.get::<Note>("", "good").await.unwrap().unwrap().value.text, "kept well");
    for list in [List::everywhere(), List::in_scope("").by("all")] {
        let page = store.list::<Note>(list).await.unwrap();
        assert_eq!(page.items.iter().map(|held| held.value.id.as_str()).collect::<Vec<_>>(), ["good"]);
    }
    assert!(matches!(store.history("h", 1, 10).await, Err(Error::Poisoned { .. })));
    assert_eq!(store.stats().poisoned, 4);

    // Each is counted once, until it is put right.
    assert_eq!(store.stats().damaged, 3, "the document, its history by name and by row");
    put(&store, "bad", "new").await;
    assert_eq!(store.stats().damaged, 2);
    assert_eq!(store.get::<Note>("", "bad").await.unwrap().unwrap().value.text, "new");
}

/// Wherever it stands, in a row or in an index: what is beside it is listed, and it can be put anew.
#[tokio::test]
async fn damage_that_is_no_text_harms_nobody_else() {
    let places = [
        ("needle in the hay", "keys, body, keys by scope, keys everywhere", 4),
        ("notebad", "name, index of names", 2),
        ("bad", "more", 5),
    ];
    for (text, what, count) in places {
        for occurrence in 0..count {
            let place = format!("{text} {occurrence} of {what}");
            let directory = tempfile::tempdir().unwrap();
            made(directory.path()).await;
            // Readers open the file when they are first asked, and so see it as it is then.
            let store = Store::open(directory.path()).await.unwrap();
            spoil(directory.path(), text, occurrence);
            for list in [List::everywhere(), List::in_scope("").by("text"), List::everywhere().by("all")] {
                for list in [list.clone(), list.descending(true)] {
                    let page = store.list::<Note>(list.limit(1)).await.expect(&place);
                    assert_eq!(page.items.len(), 1, "{place}");
                }
            }
            for list in [List::everywhere(), List::in_scope("").by("text"), List::everywhere().by("all")] {
                let page = store.list::<Note>(list).await.expect(&place);
                let ids: Vec<_> = page.items.iter().map(|held| held.value.id.as_str()).collect();
                assert!(
                    ids == ["bad", "good"] || ids == ["good"] || ids == ["good", "bad"],
                    "{place}: {ids:?}"
                );
            }
            let _ = store.get::<Note>("", "bad").await.inspect_err(|error| {
                assert!(matches!(error, Error::Poisoned { .. }), "{place}: {error:?}");
            });
            let names = store.folders::<Note>(List::in_scope(""), "", "/").await.expect(&place);
            assert!(!names.entries.is_empty(), "{place}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_takes_nobodys_place() {
    let directory = tempfile::tempdir().unwrap();
    made(directory.path()).await;
    for damage in [
        "update documents set body = 'x' where id = 'bad'",
        "update documents set format = 9 where id = 'bad'",
    ] {
        change(directory.path(), damage);
        let store = Store::open(directory.path()).await.unwrap();
        for list in [List::everywhere(), List::in_scope("").by("all")] {
            let page = store.list::<Note>(list.limit(1)).await.unwrap();
            assert_eq!((page.items[0].value.id.as_str(), page.next), ("good", None), "{damage}");
        }
        assert!(store.has_any::<Note>(List::everywhere().equal("text", "needle in the hay")).await.unwrap());
        let both = ["good", "bad"].map(|id| (String::new(), id.to_owned()));
        let both = store.get_all::<Note>(both.to_vec()).await.unwrap();
        assert!(matches!(both[..], [Ok(Some(_)), Err(Error::Poisoned { .. })]), "{damage}: {both:?}");
        assert!(!store.has_any::<Note>(List::everywhere().equal("text", "nothing")).await.unwrap());
    }
}

#[tokio::test]
async fn what_is_no_text_any_more_can_be_put_anew_and_removed() {
    // The keys as the document has them, and its body.
    for occurrence in 0..2 {
        for put_anew in [true, false] {
            let directory = tempfile::tempdir().unwrap();
            made(directory.path()).await;
            spoil(directory.path(), "needle in the hay", occurrence);
            let store = Store::open(directory.path()).await.unwrap();
            let mut changes = Changes::new();
            if put_anew {
                changes.put(&Note { id: "bad".into(), text: "new".into() }, Expect::Any).unwrap();
            } else {
                changes.delete::<Note>("", "bad", Expect::Any);
            }
            store.commit(changes).await.unwrap();
            let found = store.get::<Note>("", "bad").await.unwrap().map(|held| held.value.text);
            assert_eq!(found.as_deref(), put_anew.then_some("new"), "{occurrence}");
        }
    }
}

#[tokio::test]
async fn a_document_of_a_newer_format_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    made(directory.path()).await;
    change(directory.path(), "update documents set format = 2 where id = 'bad'");
    let store = Store::open(directory.path()).await.unwrap();
    assert!(matches!(store.get::<Note>("", "bad").await, Err(Error::Poisoned { .. })));
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    made(directory.path()).await;
    change(directory.path(), "update about set value = 7 where name = 'schema'");
    let message = refusal(directory.path()).await;
    assert!(message.contains("newer trainyard (schema 7, this one knows 2)"), "{message}");
}

#[tokio::test]
async fn a_file_that_is_no_store_is_refused_and_left_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("store.db");
    let text = "my notes, not a database\n".repeat(100);
    fs::write(&file, &text).unwrap();
    let message = refusal(directory.path()).await;
    assert!(message.contains("store.db cannot be opened as a store"), "{message}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    fs::remove_file(&file).unwrap();
    change(directory.path(), "create table mine (x)");
    let message = refusal(directory.path()).await;
    assert!(message.contains("store.db cannot be opened as a store"), "{message}");
}

#[tokio::test]
async fn what_was_committed_is_there_when_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    made(directory.path()).await;
    let store = Store::open(directory.path()).await.unwrap();
    assert_eq!(store.get::<Note>("", "good").await.unwrap().unwrap().value.text, "kept well");
    assert_eq!(store.history("h", 1, 10).await.unwrap(), [(1, "\"a needle of history\"".to_owned())]);
    let message = refusal(directory.path()).await;
    assert!(message.contains(&format!("process {}", std::process::id())), "{message}");
}

/// Work and two records of a history, one row each.
async fn with_work(directory: &Path) -> Result<(), trainyard_store::Error> {
    let store = Store::open(directory).await?;
    for number in [1, 2, 3] {
        let mut changes = Changes::new();
        changes.append("long", number, &[format!("record {number}")])?;
        changes.schedule(WorkItem::now("topic", format!("item {number}"), format!("errand {number}")));
        store.commit(changes).await?;
    }
    Ok(())
}

#[tokio::test]
async fn damaged_work_is_left_out_and_told_of() {
    let directory = tempfile::tempdir().unwrap();
    with_work(directory.path()).await.unwrap();
    flip(directory.path(), b"errand 2");
    let store = Store::open(directory.path()).await.unwrap();
    assert_eq!(store.stats().damaged, 1, "it is seen before anybody asks");
    let due = store.due("topic", Timestamp(0), 10).await.unwrap();
    assert_eq!(due.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["item 1", "item 3"]);
}

#[tokio::test]
async fn work_and_records_that_are_no_text_any_more_stop_no_others() {
    let directory = tempfile::tempdir().unwrap();
    with_work(directory.path()).await.unwrap();
    spoil(directory.path(), "errand 1", 0);
    spoil(directory.path(), "item 2", 0);
    spoil(directory.path(), "record 2", 0);
    let store = Store::open(directory.path()).await.unwrap();
    let due = store.due("topic", Timestamp(0), 10).await.unwrap();
    assert_eq!(due.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["item 3"]);
    let agenda = store.agenda(("topic", ""), Timestamp(0), (Default::default(), 1)).await.unwrap();
    assert_eq!(agenda.due.len(), 1);
    assert!(matches!(store.history("long", 1, 10).await, Err(Error::Poisoned { id, .. }) if id == "2"));
    assert_eq!(store.history("long", 3, 10).await.unwrap().len(), 1);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Line {
    shelf: String,
    id: String,
}

impl Noun for Line {
    const KIND: &'static str = "line";
    fn scope(&self) -> String {
        self.shelf.clone()
    }
    fn id(&self) -> String {
        self.id.clone()
    }
    fn keys(&self, _: &mut Keys) {}
}

/// Three lanes with work, and three scopes with documents.
async fn with_lanes(directory: &Path) -> Result<(), Error> {
    let store = Store::open(directory).await?;
    let mut changes = Changes::new();
    for lane in ["a", "bad", "z"] {
        changes.schedule(WorkItem::now("topic", "item", "errand").in_lane(lane));
    }
    for shelf in ["a shelf", "bad shelf", "z shelf"] {
        for id in ["first", "middle", "the last"] {
            changes.put(&Line { shelf: shelf.into(), id: id.into() }, Expect::Absent)?;
        }
    }
    store.commit(changes).await
}

/// Wherever they stand, in rows or in indexes.
#[tokio::test]
async fn lanes_scopes_and_ids_that_are_no_text_any_more_hide_no_others() {
    for (text, count) in [("topic/bad", 3), ("bad shelf", 6), ("z shelfmiddle", 2)] {
        for (occurrence, opened) in
            (0..count).flat_map(|occurrence| [(occurrence, false), (occurrence, true)])
        {
            let place = format!("{text} {occurrence}, opened before: {opened}");
            let directory = tempfile::tempdir().unwrap();
            with_lanes(directory.path()).await.unwrap();
            let mut store = None;
            if opened {
                store = Some(Store::open(directory.path()).await.unwrap());
            }
            spoil(directory.path(), text, occurrence);
            let store = match store {
                Some(store) => store,
                None => Store::open(directory.path()).await.unwrap(),
            };
            let damaged = store.stats().damaged;
            let lanes = store.lanes("topic").await.expect(&place);
            let has = |name: &str| lanes.iter().any(|(lane, _)| lane == name);
            assert!(has("a") && has("z"), "{place}: {lanes:?}");
            let scopes = store.scopes::<Line>().await.expect(&place);
            let has = |name: &str| scopes.iter().any(|scope| scope == name);
            assert!(has("a shelf") && has("z shelf"), "{place}: {scopes:?}");
            assert!(opened || store.stats().damaged == damaged, "{place}: each is counted once");
        }
    }
}

/// Only what is written anew or goes, however it goes, is damaged no more.
#[tokio::test]
async fn what_is_trimmed_replaced_or_cancelled_is_damaged_no_more() {
    let directory = tempfile::tempdir().unwrap();
    with_lanes(directory.path()).await.unwrap();
    with_work(directory.path()).await.unwrap();
    for text in ["\"z shelf\",\"id\":\"first", "\"z shelf\",\"id\":\"the last", "errand 1", "errand 2"] {
        flip(directory.path(), text.as_bytes());
    }
    let store = Store::open(directory.path()).await.unwrap();
    assert_eq!(store.stats().damaged, 4);
    let mut refused = Changes::new();
    let line = Line { shelf: "z shelf".into(), id: "first".into() };
    refused.put(&line, Expect::Version(7)).unwrap();
    assert!(matches!(store.commit(refused).await, Err(Error::Conflict(_))));
    assert_eq!(store.stats().damaged, 4, "nothing was written");
    let mut changes = Changes::new();
    changes.trim::<Line>("z shelf", "the last");
    changes.schedule(WorkItem::now("topic", "item 1", "anew")).cancel("topic", "item 2");
    store.commit(changes).await.unwrap();
    assert_eq!(store.stats().damaged, 1, "the last document");
}

#[tokio::test]
async fn a_row_that_a_history_lacks_is_no_gap_but_an_error() {
    let directory = tempfile::tempdir().unwrap();
    with_work(directory.path()).await.unwrap();
    change(directory.path(), "delete from history_rows where first = 2");
    let store = Store::open(directory.path()).await.unwrap();
    for answer in [store.history("long", 1, 10).await, store.history_back("long", u64::MAX, 10).await] {
        assert!(matches!(answer, Err(Error::Poisoned { reason, .. }) if reason == "record 2 is missing"));
    }
    assert_eq!(store.history("long", 3, 10).await.unwrap().len(), 1);
    assert_eq!(store.history("long", 4, 10).await.unwrap().len(), 0);
    assert_eq!(store.history("none", 1, 10).await.unwrap().len(), 0);
}

#[tokio::test]
async fn indexes_and_keys_that_are_damaged_are_made_anew() {
    let directory = tempfile::tempdir().unwrap();
    made(directory.path()).await;
    change(directory.path(), "delete from document_keys where id = 'good'");
    change(directory.path(), "insert into document_keys values ('note', 'all', 'stray', '', 'good')");
    let store = Store::open(directory.path()).await.unwrap();
    let page = store.list::<Note>(List::in_scope("").by("all")).await.unwrap();
    assert_eq!(page.items.iter().map(|held| held.value.id.as_str()).collect::<Vec<_>>(), ["bad", "good"]);
    assert_eq!(store.stats().damaged, 0);
    drop(store);
    // A document's name stands in its row and in an index; the index lies later in the file.
    let file = directory.path().join("store.db");
    let mut bytes = fs::read(&file).unwrap();
    let at = bytes.windows(8).rposition(|window| window == b"notegood").unwrap();
    bytes[at] ^= 1;
    fs::write(&file, bytes).unwrap();
    let store = Store::open(directory.path()).await.unwrap();
    assert_eq!(store.get::<Note>("", "good").await.unwrap().unwrap().value.text, "kept well");
    assert_eq!(store.stats().damaged, 0);
}

/// Takes most entries of an index away, behind its table's back.
fn lose_entries(directory: &Path, (index, table, columns): (&str, &str, &str)) -> rusqlite::Result<()> {
    let connection = rusqlite::Connection::open(directory.join("store.db"))?;
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
    let whole: String =
        connection.query_row("select sql from sqlite_schema where name = ?1", [index], |row| row.get(0))?;
    let partial = format!("create index {index} on {table} ({columns}) where rowid < 2");
    for (sql, then) in [(&partial, format!("reindex {index}")), (&whole, String::new())] {
        let write = format!("update sqlite_schema set sql = '{sql}' where name = '{index}'");
        let commands =
            format!("pragma writable_schema = on; {write}; pragma writable_schema = reset; {then}");
        connection.execute_batch(&commands)?;
    }
    Ok(())
}

/// The last rows of a history, which an index does not find: in a store that is too large to be looked through at the
/// start.
#[tokio::test]
async fn what_an_index_of_a_large_store_has_lost_is_found_while_it_is_in_use() {
    let directory = tempfile::tempdir().unwrap();
    with_work(directory.path()).await.unwrap();
    change(directory.path(), "create table filler (bytes); insert into filler select zeroblob(70000000);");
    lose_entries(directory.path(), ("history_rows_by_last", "history_rows", "history, last")).unwrap();
    // An earlier patrol has come so far.
    fs::write(directory.path().join("store.patrol"), format!("1 {}", i64::MIN)).unwrap();
    let store = Store::open(directory.path()).await.unwrap();
    let found = async {
        while store.history("long", 1, 10).await.unwrap().len() < 3 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), found).await.expect("the rows are found again");
    let mut changes = Changes::new();
    changes.append("long", 4, &["record 4"]).unwrap();
    store.commit(changes).await.unwrap();
}

#[tokio::test]
async fn a_store_of_the_first_schema_gets_its_sums() {
    let directory = tempfile::tempdir().unwrap();
    with_work(directory.path()).await.unwrap();
    change(
        directory.path(),
        "alter table work drop column sum; alter table histories drop column sum;
         update about set value = 1 where name = 'schema'",
    );
    let store = Store::open(directory.path()).await.unwrap();
    assert_eq!(store.stats().damaged, 0);
    assert_eq!(store.due("topic", Timestamp(0), 10).await.unwrap().len(), 3);
    assert_eq!(store.history("long", 1, 10).await.unwrap().len(), 3);
}
