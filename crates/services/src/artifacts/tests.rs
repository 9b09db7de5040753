use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicI64, Ordering},
};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use trainyard_domain::{AccountId, Principal, Scope, Timestamp, hex, ports::ByteStream};
use trainyard_drivers::blobs::Disk;
use trainyard_store::Store;

use super::*;
use crate::{
    refusal::Refusal,
    work::{Outcome, Worker},
};

struct Room {
    artifacts: Artifacts,
    clock: Arc<AtomicI64>,
    by: Principal,
    _folder: tempfile::TempDir,
}

async fn room() -> Room {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(AtomicI64::new(1_700_000_000_000));
    let reading = clock.clone();
    let ground = Ground::with_clock(
        Store::in_memory().await.unwrap(),
        Arc::new(move || Timestamp(reading.load(Ordering::SeqCst))),
    );
    let artifacts = Artifacts::new(ground, Arc::new(Disk::open(folder.path()).unwrap()));
    artifacts.create_bucket(&Scope::default_scope(), "bucket").await.unwrap();
    Room { artifacts, clock, by: Principal::root(&Scope::default_scope()), _folder: folder }
}

fn body(bytes: &[u8]) -> ByteStream {
    let chunks: Vec<_> = bytes.chunks(1000).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    Box::pin(stream::iter(chunks))
}

fn place(key: &str) -> Place {
    Place::new("bucket", key)
}

impl Room {
    fn account(&self) -> AccountId {
        self.by.account.clone()
    }

    async fn put(&self, key: &str, bytes: &[u8]) -> Object {
        self.artifacts.store(&self.by, &place(key), body(bytes), "text/plain").await.unwrap()
    }

    async fn bytes(&self, key: &str) -> Vec<u8> {
        let (_, stream) = self.artifacts.fetch(&self.account(), &place(key)).await.unwrap();
        stream
            .try_fold(Vec::new(), |mut all, bytes| async move {
                Ok([std::mem::take(&mut all), bytes.to_vec()].concat())
            })
            .await
            .unwrap()
    }

    async fn blobs(&self) -> usize {
        self.artifacts.blobs.list(None, 1000).await.unwrap().len()
    }

    /// Lets time pass and does what is due.
    async fn removal(&self) {
        self.clock.fetch_add(600_000, Ordering::SeqCst);
        let (ground, removal) = (&self.artifacts.ground, Removal(self.artifacts.clone()));
        for item in ground.store.due(Removal::TOPIC, ground.now(), 100).await.unwrap() {
            let Outcome::Finished(mut changes) = removal.work(&item).await.unwrap() else {
                panic!("not finished")
            };
            changes.finish(&item);
            ground.store.commit(changes).await.unwrap();
        }
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    result.unwrap_err().code()
}

#[tokio::test]
async fn what_is_put_is_read() {
    let room = room().await;
    let bytes: Vec<u8> = (0..10_000_u32).flat_map(u32::to_le_bytes).collect();
    let object = room.put("a/ü", &bytes).await;
    assert_eq!(room.bytes("a/ü").await, bytes);
    assert_eq!(object.etag, hex(&md5_of(&bytes)));
    assert_eq!(object.digest, trainyard_domain::content::Digest::of(&bytes).to_string());
    let part = room.artifacts.read(&object, Some(5..4000)).await.unwrap();
    let read: Vec<Bytes> = part.try_collect().await.unwrap();
    assert_eq!(read.concat(), bytes[5..4000]);
    room.put("empty", b"").await;
    assert_eq!(room.bytes("empty").await, b"");
    assert_eq!(code(room.artifacts.stat(&room.account(), &place("none")).await), "NoSuchKey");
    let other: AccountId = "111111111111".parse().unwrap();
    assert_eq!(code(room.artifacts.stat(&other, &place("empty")).await), "AccessDenied");
}

fn md5_of(bytes: &[u8]) -> [u8; 16] {
    use md5::Digest;
    md5::Md5::digest(bytes).into()
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_nothing() {
    let room = room().await;
    let broken = body(b"half").chain(stream::iter([Err(std::io::Error::other("gone"))]));
    let put = room.artifacts.store(&room.by, &place("a"), Box::pin(broken), "text/plain").await;
    assert!(put.is_err());
    assert_eq!(code(room.artifacts.stat(&room.account(), &place("a")).await), "NoSuchKey");
    assert_eq!(room.blobs().await, 0);
}

#[tokio::test]
async fn conditions_hold_for_one_of_many() {
    let room = room().await;
    let put = async |condition: Condition| {
        let staged = room.artifacts.stage(body(b"x")).await.unwrap();
        let new = New { staged, headers: Headers::default(), checksum: None };
        room.artifacts.put(&room.by, &place("a"), new, &condition).await
    };
    let all = futures::future::join_all((0..8).map(|_| put(Condition::Absent))).await;
    assert_eq!(all.iter().filter(|put| put.is_ok()).count(), 1);
    assert_eq!(room.blobs().await, 1);
    let etag = all.into_iter().find_map(Result::ok).unwrap().etag;
    assert_eq!(code(put(Condition::Matches("other".to_owned())).await), "PreconditionFailed");
    put(Condition::Matches(etag)).await.unwrap();
    room.artifacts.delete(&room.account(), &place("a")).await.unwrap();
    assert_eq!(code(put(Condition::Matches("any".to_owned())).await), "NoSuchKey");
}

#[tokio::test]
async fn bytes_go_when_nobody_names_them() {
    let room = room().await;
    let object = room.put("a", b"one").await;
    room.artifacts.copy(&room.by, &object, &place("b"), None).await.unwrap();
    room.artifacts.copy(&room.by, &object, &place("a"), Some(Headers::default())).await.unwrap();
    assert_eq!(room.blobs().await, 1);
    room.artifacts.delete(&room.account(), &place("a")).await.unwrap();
    room.removal().await;
    assert_eq!(room.bytes("b").await, b"one");
    room.put("b", b"two").await;
    assert_eq!(room.blobs().await, 2);
    room.removal().await;
    assert_eq!((room.blobs().await, room.bytes("b").await), (1, b"two".to_vec()));
    // Bytes of a request that a crash cut off: only those from before the start are swept.
    room.artifacts.stage(body(b"lost")).await.unwrap();
    assert_eq!(room.artifacts.sweep().await.unwrap(), 0);
    assert_eq!(room.artifacts.sweep_before(Timestamp(i64::MAX)).await.unwrap(), 1);
    assert_eq!((room.blobs().await, room.bytes("b").await), (1, b"two".to_vec()));
}

#[tokio::test]
async fn parts_become_an_object() {
    let room = room().await;
    let account = room.account();
    let upload =
        room.artifacts.begin_upload(&room.by, &place("m"), Headers::default(), (None, false)).await.unwrap();
    let large = vec![7; 5 * 1024 * 1024];
    let mut chosen = Vec::new();
    for (number, bytes) in
        [(3, b"old".to_vec()), (3, b"end".to_vec()), (1, large.clone()), (2, b"unused".to_vec())]
    {
        let staged = room.artifacts.stage(body(&bytes)).await.unwrap();
        let part = room.artifacts.put_part(&upload, number, staged, None).await.unwrap();
        chosen.push(Chosen { number, etag: part.etag, checksum: None });
    }
    let (one, three) = (chosen[2].clone(), chosen[1].clone());
    let choose = async |parts: &[Chosen]| room.artifacts.choose(upload.clone(), parts).await;
    assert_eq!(code(choose(&[three.clone(), one.clone()]).await), "InvalidPartOrder");
    assert_eq!(code(choose(&[one.clone(), chosen[0].clone()]).await), "InvalidPart");
    assert_eq!(code(choose(&[chosen[3].clone(), three.clone()]).await), "EntityTooSmall");
    let composed = choose(&[one, three]).await.unwrap();
    let object = room.artifacts.complete(&room.by, composed.clone(), &Completion::default()).await.unwrap();
    let expect = [large, b"end".to_vec()].concat();
    assert_eq!(room.bytes("m").await, expect);
    assert!(object.etag.ends_with("-2") && object.digest.ends_with("-2"));
    let again = room.artifacts.complete(&room.by, composed, &Completion::default()).await;
    assert_eq!(code(again), "NoSuchUpload");
    assert_eq!(room.artifacts.completed(&account, &place("m"), &upload.id).await.unwrap(), object);
    let late = room.artifacts.stage(body(b"late")).await.unwrap();
    assert_eq!(code(room.artifacts.put_part(&upload, 4, late, None).await), "NoSuchUpload");
    room.removal().await;
    assert_eq!((room.blobs().await, room.bytes("m").await), (2, expect));
}

#[tokio::test]
async fn an_aborted_upload_leaves_nothing() {
    let room = room().await;
    let upload =
        room.artifacts.begin_upload(&room.by, &place("m"), Headers::default(), (None, false)).await.unwrap();
    let source = room.put("a", b"0123456789").await;
    room.artifacts.copy_part(&upload, 1, &source, None).await.unwrap();
    let piece = room.artifacts.copy_part(&upload, 2, &source, Some(2..4)).await.unwrap();
    assert_eq!(piece.etag, hex(&md5_of(b"23")));
    assert_eq!(code(room.artifacts.delete_bucket(&room.account(), "bucket").await), "BucketNotEmpty");
    room.artifacts.abort(&room.account(), &place("m"), &upload.id).await.unwrap();
    room.removal().await;
    assert_eq!((room.blobs().await, room.bytes("a").await), (1, b"0123456789".to_vec()));
}

#[tokio::test]
async fn lists_by_folders_and_pages() {
    let room = room().await;
    for key in ["a", "b/1", "b/2", "b/c/3", "d", "é/1"] {
        room.put(key, b"x").await;
    }
    let all = async |prefix: &str, delimiter: Option<&str>, after: Option<&str>, limit: usize| {
        let (mut names, mut cursor) = (Vec::new(), None);
        loop {
            let query = ListQuery {
                prefix: prefix.to_owned(),
                delimiter: delimiter.map(str::to_owned),
                after: after.map(str::to_owned),
                cursor,
                limit,
            };
            let page = room.artifacts.list(&room.account(), "bucket", query).await.unwrap();
            names.extend(page.entries.iter().map(|entry| entry.name().to_owned()));
            cursor = page.next;
            if cursor.is_none() {
                return names;
            }
        }
    };
    for limit in [1, 2, 100] {
        assert_eq!(all("", None, None, limit).await, ["a", "b/1", "b/2", "b/c/3", "d", "é/1"]);
        assert_eq!(all("", Some("/"), None, limit).await, ["a", "b/", "d", "é/"]);
        assert_eq!(all("b/", Some("/"), None, limit).await, ["b/1", "b/2", "b/c/"]);
        assert_eq!(all("", Some("/"), Some("b/"), limit).await, ["d", "é/"]);
        assert_eq!(all("", Some("/"), Some("b/1"), limit).await, ["b/", "d", "é/"]);
        assert_eq!(all("b", None, Some("b/1"), limit).await, ["b/2", "b/c/3"]);
    }
}

#[tokio::test]
async fn buckets_have_one_owner() {
    let room = room().await;
    let other = Scope { account: "111111111111".parse().unwrap(), ..Scope::default_scope() };
    assert_eq!(
        code(room.artifacts.create_bucket(&Scope::default_scope(), "bucket").await),
        "BucketAlreadyOwnedByYou"
    );
    assert_eq!(code(room.artifacts.create_bucket(&other, "bucket").await), "BucketAlreadyExists");
    assert_eq!(code(room.artifacts.create_bucket(&other, "metrics").await), "InvalidBucketName");
    room.artifacts.create_bucket(&other, "another").await.unwrap();
    let mine = room.artifacts.buckets(&room.account(), "", 10, None).await.unwrap();
    let names: BTreeSet<_> = mine.items.into_iter().map(|held| held.value.name).collect();
    assert_eq!(names, BTreeSet::from(["bucket".to_owned()]));
    assert_eq!(code(room.artifacts.delete_bucket(&room.account(), "another").await), "AccessDenied");
    room.artifacts.delete_bucket(&room.account(), "bucket").await.unwrap();
    assert_eq!(code(room.artifacts.bucket(&room.account(), "bucket").await), "NoSuchBucket");
}
