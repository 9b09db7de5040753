//! Trails: what is left on them by many, read from both ends, and let go of.

use std::{fs, path::Path};

use trainyard_store::{Changes, Error, Store, Stretch, Trail};

/// Leaves these on the trail, each in a commit of its own, all at the same time.
async fn left(store: &Store, trail: &str, records: &[&str]) {
    let all = records.iter().map(|record| {
        let mut changes = Changes::new();
        changes.leave(trail, record).expect("it is JSON");
        store.commit(changes)
    });
    futures::future::try_join_all(all).await.expect("they are kept");
}

fn said(stretch: &Stretch) -> Vec<String> {
    let record = |(number, record): &(u64, String)| format!("{number}{}", record.trim_matches('"'));
    stretch.records.iter().map(record).collect()
}

/// All that is there, forward, and the same backward.
async fn all(store: &Store, trail: &str) -> Vec<String> {
    let there = said(&store.trail(trail, 0, 1000).await.expect("it is read"));
    let mut back = said(&store.trail_back(trail, u64::MAX, 1000).await.expect("it is read"));
    back.reverse();
    assert_eq!(there, back);
    there
}

#[tokio::test]
async fn what_is_left_stands_in_the_order_of_commits() {
    let store = Store::in_memory().await.unwrap();
    left(&store, "t/a", &["a", "b"]).await;
    let mut changes = Changes::new();
    changes.leave("t/a", &"c").unwrap().leave("t/b", &"x").unwrap().leave("t/a", &"d").unwrap();
    store.commit(changes).await.unwrap();
    assert_eq!(all(&store, "t/a").await, ["1a", "2b", "3c", "4d"]);
    assert_eq!(all(&store, "t/b").await, ["1x"]);
    let some = store.trail("t/a", 2, 2).await.unwrap();
    assert_eq!((said(&some), some.end), (vec!["2b".to_owned(), "3c".to_owned()], 4));
    let back = store.trail_back("t/a", 3, 2).await.unwrap();
    assert_eq!((said(&back), back.end), (vec!["3c".to_owned(), "2b".to_owned()], 4));
    assert_eq!(store.trail_back("t/a", 0, 2).await.unwrap().records, []);
    assert_eq!(store.trail("t/a", 5, 2).await.unwrap(), Stretch { records: vec![], end: 4 });
    assert_eq!(store.trail("nowhere", 1, 2).await.unwrap(), Stretch::default());
    let trails = store.trails("t/").await.unwrap();
    let ends: Vec<_> = trails.iter().map(|Trail { name, end, .. }| (name.as_str(), *end)).collect();
    assert_eq!(ends, [("t/a", 4), ("t/b", 1)]);
    assert_eq!(store.trails("u/").await.unwrap(), []);
}

/// A commit that is refused leaves nothing, and those beside it are whole.
#[tokio::test]
async fn what_many_leave_at_once_becomes_few_rows() {
    let store = Store::in_memory().await.unwrap();
    let before = store.stats();
    let commits = (0..200).map(|n| {
        let mut changes = Changes::new();
        changes.leave("t", &n).unwrap().leave("t", &n).unwrap();
        if n % 10 == 3 {
            changes.append("h", 7, &[n]).unwrap();
        }
        store.commit(changes)
    });
    let done = futures::future::join_all(commits).await;
    let refused = done.iter().filter(|done| matches!(done, Err(Error::Conflict(_)))).count();
    let stats = store.stats();
    assert_eq!((refused, stats.commits - before.commits), (20, 180));
    let (batches, rows) = (stats.batches - before.batches, stats.rows - before.rows);
    assert_eq!(rows, batches, "a row for each transaction");
    let there = store.trail("t", 1, 1000).await.unwrap();
    assert_eq!((there.records.len(), there.end), (360, 360));
    let numbers = there.records.iter().map(|(number, _)| *number);
    assert!(numbers.eq(1..=360));
    assert!(there.records.chunks(2).all(|pair| pair[0].1 == pair[1].1), "what is of one commit is together");
}

#[tokio::test]
async fn the_first_go_and_the_last_stay() {
    let store = Store::in_memory().await.unwrap();
    for record in ["a", "b", "c"] {
        left(&store, "t", &[record]).await;
    }
    let surplus = async |most, bytes| store.surplus("t", (most, bytes)).await.unwrap();
    assert_eq!((surplus(3, 100).await, surplus(2, 100).await), (None, Some(2)));
    // Each row has five bytes.
    assert_eq!(
        (surplus(3, 10).await, surplus(3, 1).await, surplus(0, 100).await),
        (Some(2), Some(3), Some(3))
    );
    assert_eq!(store.surplus("nowhere", (0, 0)).await.unwrap(), None);
    let shorten = async |before| {
        let mut changes = Changes::new();
        changes.shorten("t", before);
        store.commit(changes).await.unwrap();
    };
    shorten(2).await;
    assert_eq!(all(&store, "t").await, ["2b", "3c"]);
    let mut changes = Changes::new();
    changes.leave("t", &"d").unwrap().leave("t", &"e").unwrap();
    store.commit(changes).await.unwrap();
    // A row of which one is to stay stays.
    shorten(5).await;
    assert_eq!(all(&store, "t").await, ["4d", "5e"]);
    assert_eq!((surplus(1, 100).await, surplus(1, 1).await), (None, None));
    let [there] = <[Trail; 1]>::try_from(store.trails("").await.unwrap()).unwrap();
    let mut changes = Changes::new();
    changes.leave("t", &"f").unwrap().shorten("t", u64::MAX).shorten("nowhere", 7);
    store.commit(changes).await.unwrap();
    assert_eq!((all(&store, "t").await.len(), store.trails("").await.unwrap()), (0, vec![]));
    // It begins anew, and is known for another one.
    for record in ["a", "b", "c", "d", "e"] {
        left(&store, "t", &[record]).await;
    }
    assert_eq!(all(&store, "t").await, ["1a", "2b", "3c", "4d", "5e"]);
    let [other] = <[Trail; 1]>::try_from(store.trails("").await.unwrap()).unwrap();
    assert!(other.end == there.end && other != there);
}

#[tokio::test]
async fn a_name_that_cannot_be_kept_is_refused() {
    let store = Store::in_memory().await.unwrap();
    let mut changes = Changes::new();
    changes.leave("a\0b", &1).unwrap();
    assert!(
        matches!(store.commit(changes).await, Err(Error::Invalid(why)) if why.contains("the trail `a\\0b`"))
    );
}

/// Flips a bit of the file, in that text.
fn flip(directory: &Path, text: &str) {
    let file = directory.join("store.db");
    let mut bytes = fs::read(&file).expect("the file is there");
    let at =
        bytes.windows(text.len()).position(|window| window == text.as_bytes()).expect("the text is in it");
    bytes[at + 2] ^= 1;
    fs::write(&file, bytes).expect("the file can be written");
}

#[tokio::test]
async fn a_flipped_bit_is_noticed_and_hides_no_other_record() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).await.unwrap();
    for record in ["first", "second", "third", "fourth"] {
        left(&store, "t", &[record]).await;
    }
    drop(store);
    flip(directory.path(), "second");
    let store = Store::open(directory.path()).await.unwrap();
    assert_eq!(store.stats().damaged, 1, "it is found when the store is opened");
    let there = ["1first", "3third", "4fourth"];
    assert_eq!(all(&store, "t").await, there);
    assert_eq!(said(&store.trail_back("t", 3, 2).await.unwrap()), ["3third", "1first"]);
    assert!(store.stats().poisoned > 0);
    // It is told of by its place and by its number.
    assert_eq!(store.stats().damaged, 2);
    left(&store, "t", &["fifth"]).await;
    let mut changes = Changes::new();
    changes.shorten("t", 2);
    store.commit(changes).await.unwrap();
    assert_eq!((all(&store, "t").await.len(), store.stats().damaged), (3, 2));
    let mut changes = Changes::new();
    changes.shorten("t", 3);
    store.commit(changes).await.unwrap();
    assert_eq!(all(&store, "t").await, ["3third", "4fourth", "5fifth"]);
    assert_eq!(store.stats().damaged, 0, "it is gone");
}
