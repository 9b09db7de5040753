//! Large texts lie beside the store, and nobody who reads notices.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::json;
use trainyard_domain::{
    Kind, Timestamp,
    content::BlobKey,
    ports::{Blobs, ByteStream, DriverError, Stat},
};
use trainyard_store::{Changes, Error, Expect, Keys, List, Noun, Store, WorkItem};

/// Blobs in memory.
#[derive(Default)]
struct Shelf {
    kept: Mutex<BTreeMap<BlobKey, Vec<u8>>>,
    puts: AtomicUsize,
    full: AtomicBool,
}

impl Shelf {
    fn kept(&self) -> MutexGuard<'_, BTreeMap<BlobKey, Vec<u8>>> {
        self.kept.lock().expect("nobody breaks off with it")
    }

    fn count(&self) -> usize {
        self.kept().len()
    }
}

#[async_trait]
impl Blobs for Shelf {
    async fn put(&self, key: &BlobKey, body: ByteStream) -> Result<Stat, DriverError> {
        if self.full.load(Ordering::SeqCst) {
            return Err(DriverError::new(Kind::Unavailable, "no space left"));
        }
        let pieces: Vec<Bytes> = body.try_collect().await.expect("all pieces come");
        self.puts.fetch_add(1, Ordering::SeqCst);
        self.kept().insert(key.clone(), pieces.concat());
        Ok(self.stat(key).await?.expect("it is there"))
    }

    async fn get(&self, key: &BlobKey, _: Option<Range<u64>>) -> Result<ByteStream, DriverError> {
        let bytes = self.kept().get(key).cloned();
        let bytes = bytes.ok_or_else(|| DriverError::new(Kind::NotFound, "there is no such blob"))?;
        Ok(Box::pin(stream::iter([Ok(Bytes::from(bytes))])))
    }

    async fn stat(&self, key: &BlobKey) -> Result<Option<Stat>, DriverError> {
        let stat = |bytes: &Vec<u8>| Stat {
            key: key.clone(),
            size: bytes.len() as u64,
            modified: Timestamp::default(),
        };
        Ok(self.kept().get(key).map(stat))
    }

    async fn list(&self, after: Option<&BlobKey>, limit: usize) -> Result<Vec<Stat>, DriverError> {
        let keys: Vec<BlobKey> = self.kept().keys().cloned().collect();
        let later = keys.into_iter().filter(|key| after.is_none_or(|after| key > after));
        let stat = |key| Stat { key, size: 0, modified: Timestamp::default() };
        Ok(later.take(limit).map(stat).collect())
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), DriverError> {
        self.kept().remove(key);
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Letter {
    id: String,
    text: String,
}

impl Noun for Letter {
    const KIND: &'static str = "letter";
    const SPILLS: bool = true;
    fn scope(&self) -> String {
        "s".to_owned()
    }
    fn id(&self) -> String {
        self.id.clone()
    }
    fn keys(&self, _: &mut Keys) {}
}

#[derive(Debug, Serialize, Deserialize)]
struct Picture {
    text: String,
}

impl Noun for Picture {
    const KIND: &'static str = "picture";
    fn scope(&self) -> String {
        String::new()
    }
    fn id(&self) -> String {
        "one".to_owned()
    }
    fn keys(&self, _: &mut Keys) {}
}

fn large(letter: &str) -> String {
    letter.repeat(300_000)
}

async fn opened() -> (Store, Arc<Shelf>) {
    let shelf = Arc::<Shelf>::default();
    (Store::in_memory().await.expect("it opens").beside(shelf.clone()), shelf)
}

async fn put(store: &Store, id: &str, text: String) -> Result<(), Error> {
    let mut changes = Changes::new();
    changes.put(&Letter { id: id.to_owned(), text }, Expect::Any)?;
    store.commit(changes).await
}

async fn text_of(store: &Store, id: &str) -> Result<String, Error> {
    Ok(store.get::<Letter>("s", id).await?.expect("it is there").value.text)
}

#[tokio::test]
async fn a_text_is_kept_once_whoever_has_it() {
    let (store, shelf) = opened().await;
    put(&store, "a", large("x")).await.unwrap();
    put(&store, "b", large("x")).await.unwrap();
    put(&store, "small", "x".to_owned()).await.unwrap();
    let mut changes = Changes::new();
    let record = json!({"input": large("x"), "more": [large("y"), large("x")]});
    changes.append("h", 1, &[record.clone(), json!("short")]).unwrap();
    let body = json!({"with": large("x")}).to_string();
    changes.schedule(WorkItem::now("t", "w", body.clone()).spilling());
    changes.put(&Picture { text: large("x") }, Expect::Any).unwrap();
    store.commit(changes).await.unwrap();
    assert_eq!((shelf.count(), shelf.puts.load(Ordering::SeqCst)), (2, 2));
    for id in ["a", "b"] {
        assert_eq!(text_of(&store, id).await.unwrap().len(), 300_000);
    }
    let records = store.history("h", 1, 10).await.unwrap();
    assert!(records[0].1.len() < 1000, "{}", records[0].1);
    let mut whole = Vec::new();
    for record in records {
        whole.push(store.record("h", record).await.unwrap());
    }
    assert!(whole == [record.to_string(), "\"short\"".to_owned()]);
    let due = store.due("t", Timestamp::default(), 10).await.unwrap();
    assert!(due[0].body.len() < 1000 && store.body(&due[0]).await.unwrap() == body);
    let bytes = store.weigh::<Letter>("s").await.unwrap().1;
    assert!(bytes < 1000, "{bytes}");
    assert!(store.weigh::<Picture>("").await.unwrap().1 > 300_000, "it has not said that it spills");
}

#[tokio::test]
async fn a_list_need_not_read_them() {
    let (store, shelf) = opened().await;
    put(&store, "a", large("x")).await.unwrap();
    put(&store, "b", "short".to_owned()).await.unwrap();
    let texts = async |list| {
        let page = store.list::<Letter>(list).await.unwrap();
        page.items.into_iter().map(|held| held.value.text).collect::<Vec<_>>()
    };
    let list = || List::in_scope("s");
    assert!(texts(list()).await == [large("x"), "short".to_owned()]);
    shelf.kept().clear();
    assert_eq!(texts(list().without_texts()).await, ["", "short"]);
    assert_eq!(texts(list()).await, ["short"], "what cannot be read is left out");
    assert_eq!(store.stats().damaged, 1);
}

#[tokio::test]
async fn a_text_that_is_not_what_was_written_is_damage() {
    let (store, shelf) = opened().await;
    put(&store, "a", large("x")).await.unwrap();
    let mut changes = Changes::new();
    changes.append("h", 1, &[large("x")]).unwrap();
    store.commit(changes).await.unwrap();
    shelf.kept().values_mut().for_each(|bytes| bytes[7] ^= 1);
    let error = text_of(&store, "a").await.unwrap_err();
    assert!(matches!(&error, Error::Poisoned { id, .. } if id == "a"), "{error}");
    let record = store.history("h", 1, 1).await.unwrap().remove(0);
    let error = store.record("h", record).await.unwrap_err();
    assert!(matches!(&error, Error::Poisoned { scope, id, .. } if scope == "h" && id == "1"), "{error}");
    // Whoever has the text mends it.
    put(&store, "b", large("x")).await.unwrap();
    assert_eq!(text_of(&store, "a").await.unwrap().len(), 300_000);
}

#[tokio::test]
async fn nothing_is_committed_whose_text_is_not_kept() {
    let (store, shelf) = opened().await;
    shelf.full.store(true, Ordering::SeqCst);
    assert!(matches!(put(&store, "a", large("x")).await, Err(Error::Unavailable(_))));
    assert!(store.get::<Letter>("s", "a").await.unwrap().is_none());
    put(&store, "b", "short".to_owned()).await.unwrap();
    shelf.full.store(false, Ordering::SeqCst);
    put(&store, "a", large("x")).await.unwrap();
}

#[tokio::test]
async fn texts_that_nothing_names_are_swept() {
    let (store, shelf) = opened().await;
    put(&store, "goes", large("x")).await.unwrap();
    put(&store, "stays", large("y")).await.unwrap();
    let mut changes = Changes::new();
    changes.append("h", 1, &[large("z")]).unwrap();
    // Refused, and its text is there already: as if the server had ended between the two.
    let letter = Letter { id: "stays".to_owned(), text: large("w") };
    changes.put(&letter, Expect::Absent).unwrap();
    assert!(matches!(store.commit(changes).await, Err(Error::Conflict(_))));
    let mut changes = Changes::new();
    changes.append("h", 1, &[large("v")]).unwrap();
    store.commit(changes).await.unwrap();
    assert_eq!(shelf.count(), 5);
    assert_eq!(store.sweep(Duration::ZERO).await.unwrap(), 2);
    put(&store, "goes", "short".to_owned()).await.unwrap();
    assert_eq!(store.sweep(Duration::ZERO).await.unwrap(), 1);
    assert_eq!(store.sweep(Duration::ZERO).await.unwrap(), 0);
    assert_eq!(text_of(&store, "stays").await.unwrap(), large("y"));
    let record = store.history("h", 1, 1).await.unwrap().remove(0);
    assert_eq!(store.record("h", record).await.unwrap().len(), 300_002);
}

#[tokio::test]
async fn what_is_about_to_be_named_is_not_swept() {
    let (store, shelf) = opened().await;
    for turn in 0..20 {
        let letter = large(&turn.to_string());
        let (one, two) = tokio::join!(put(&store, "a", letter.clone()), store.sweep(Duration::ZERO));
        one.unwrap();
        two.unwrap();
        assert_eq!(text_of(&store, "a").await.unwrap(), letter);
    }
    store.sweep(Duration::ZERO).await.unwrap();
    assert_eq!(shelf.count(), 1);
}
