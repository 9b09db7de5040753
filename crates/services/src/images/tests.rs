//! The room as a whole, on a real store and a real disk.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use bytes::Bytes;
use futures::{TryStreamExt, future::join_all, stream};
use serde_json::{Value, json};
use tempfile::TempDir;
use trainyard_domain::{
    Principal, Scope, Timestamp,
    content::Digest,
    image::REVISION_LABEL,
    ports::{Blobs, ByteStream},
};
use trainyard_drivers::blobs::Disk;
use trainyard_store::Store;

use super::{
    manifest::{INDEX, MANIFEST},
    *,
};
use crate::{
    bus::EVENTS,
    work::{Outcome, Worker},
};

struct Room {
    images: Images,
    blobs: Arc<Disk>,
    clock: Arc<AtomicI64>,
    scope: Scope,
    _directory: TempDir,
}

const REPOSITORY: &str = "team/train";
const DAY: i64 = 24 * 60 * 60 * 1000;

async fn room() -> Room {
    let directory = TempDir::new().unwrap();
    let blobs = Arc::new(Disk::open(directory.path()).unwrap());
    let clock = Arc::new(AtomicI64::new(1_700_000_000_000));
    let reads = clock.clone();
    let store = Store::in_memory().await.unwrap();
    let ground = Ground::with_clock(store, Arc::new(move || Timestamp(reads.load(Ordering::SeqCst))));
    let images = Images::new(ground, blobs.clone());
    let scope = Scope::default_scope();
    let room = Room { images, blobs, clock, scope, _directory: directory };
    room.make(REPOSITORY).await;
    room
}

fn body(bytes: &[u8]) -> ByteStream {
    let pieces: Vec<_> = bytes.chunks(7).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    Box::pin(stream::iter(pieces))
}

fn broken(bytes: &[u8]) -> ByteStream {
    let pieces = vec![Ok(Bytes::copy_from_slice(bytes)), Err(std::io::Error::other("gone"))];
    Box::pin(stream::iter(pieces))
}

impl Room {
    fn by(&self) -> Principal {
        Principal::root(&self.scope)
    }

    async fn make(&self, name: &str) -> Repository {
        let new = NewRepository { name: name.to_owned(), ..NewRepository::default() };
        self.images.create_repository(&self.scope, new, &self.by()).await.unwrap()
    }

    async fn upload(&self, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        let upload = self.images.start_upload(&self.scope, REPOSITORY).await.unwrap();
        let at = (&self.scope, REPOSITORY, upload.id.as_str());
        self.images.finish_upload(at, &digest, Some((None, body(bytes)))).await.unwrap();
        digest
    }

    async fn manifest(&self, name: &str) -> String {
        let config = json!({"config": {"Cmd": [name], "Labels": {REVISION_LABEL: format!("commit-{name}")}}});
        let config = config.to_string();
        let of = |media_type: &str, bytes: &[u8]| json!({"mediaType": media_type, "digest": Digest::of(bytes), "size": bytes.len()});
        let layer = format!("layer of {name}");
        self.upload(config.as_bytes()).await;
        self.upload(layer.as_bytes()).await;
        json!({
            "schemaVersion": 2,
            "config": of("application/vnd.oci.image.config.v1+json", config.as_bytes()),
            "layers": [of("application/vnd.oci.image.layer.v1.tar", layer.as_bytes())],
        })
        .to_string()
    }

    async fn push(&self, reference: &str, media_type: &str, body: &str) -> Result<Pushed, Error> {
        let by = Principal::root(&self.scope);
        let reference = Reference::parse(reference).unwrap();
        let (scope, body) = (&self.scope, body.as_bytes());
        self.images.push(Push { scope, repository: REPOSITORY, reference, media_type, body, by: &by }).await
    }

    /// The details of what was told so far.
    async fn told(&self) -> Vec<Value> {
        let due = self.images.ground.store.due(EVENTS, self.images.ground.now(), 100).await.unwrap();
        let detail = |body: &str| serde_json::from_str::<Value>(body).unwrap()["detail"].clone();
        due.iter().map(|item| detail(&item.body)).collect()
    }

    /// Lets time pass and does the sweep's work.
    async fn sweep(&self) {
        self.clock.fetch_add(2 * DAY, Ordering::SeqCst);
        let store = &self.images.ground.store;
        loop {
            let due = store.due(watch::TOPIC, self.images.ground.now(), 100).await.unwrap();
            if due.is_empty() {
                return;
            }
            for item in due {
                if let Outcome::Finished(mut changes) = self.images.work(&item).await.unwrap() {
                    changes.finish(&item);
                    store.commit(changes).await.unwrap();
                }
            }
        }
    }

    async fn chunks(&self) -> usize {
        self.blobs.list(None, 1000).await.unwrap().len()
    }
}

#[tokio::test]
async fn a_blob_comes_in_chunks_and_is_read_in_ranges() {
    let room = room().await;
    let upload = room.images.start_upload(&room.scope, REPOSITORY).await.unwrap();
    let at = (&room.scope, REPOSITORY, upload.id.as_str());
    assert_eq!(room.images.append(at, Some(0), body(b"hello ")).await.unwrap().content.size, 6);
    let late = room.images.append(at, Some(5), body(b"x")).await;
    assert!(matches!(late, Err(Error::OutOfOrder { expected: 6, got: 5, .. })), "{late:?}");
    assert!(room.images.append(at, Some(6), broken(b"lost")).await.is_err());
    // As after a restart: nothing of the upload was in memory only.
    let again = Images::new(room.images.ground.clone(), room.blobs.clone());
    again.append(at, None, body(b"")).await.unwrap();
    let digest = Digest::of(b"hello world");
    assert!(matches!(room.images.blob(&room.scope, REPOSITORY, &digest).await, Err(Error::NoBlob { .. })));
    again.finish_upload(at, &digest, Some((Some(6), body(b"world")))).await.unwrap();

    let blob = room.images.blob(&room.scope, REPOSITORY, &digest).await.unwrap();
    assert_eq!(blob.content.parts.len(), 2);
    let read = |range| async {
        let bytes = room.images.read(&blob.content, range).unwrap();
        let pieces: Vec<Bytes> = bytes.try_collect().await.unwrap();
        String::from_utf8(pieces.concat()).unwrap()
    };
    assert_eq!(read(None).await, "hello world");
    assert_eq!(read(Some(4..8)).await, "o wo");
    assert_eq!(read(Some(6..11)).await, "world");
    assert!(matches!(room.images.read(&blob.content, Some(4..12)), Err(Error::BadRange { .. })));
    assert!(matches!(
        room.images.upload(&room.scope, REPOSITORY, &upload.id).await,
        Err(Error::NoUpload { .. })
    ));
}

#[tokio::test]
async fn other_bytes_than_the_digest_names_are_not_kept() {
    let room = room().await;
    let upload = room.images.start_upload(&room.scope, REPOSITORY).await.unwrap();
    let at = (&room.scope, REPOSITORY, upload.id.as_str());
    let digest = Digest::of(b"good");
    let result = room.images.finish_upload(at, &digest, Some((None, body(b"evil")))).await;
    assert!(matches!(result, Err(Error::OtherBytes { .. })), "{result:?}");
    assert!(room.images.blob(&room.scope, REPOSITORY, &digest).await.is_err());
    assert_eq!(room.chunks().await, 0);
}

#[tokio::test]
async fn the_same_bytes_many_times_at_once_are_kept_once() {
    let room = room().await;
    let digests = join_all((0..20).map(|_| room.upload(b"the same"))).await;
    let blob = room.images.blob(&room.scope, REPOSITORY, &digests[0]).await.unwrap();
    assert_eq!(blob.content.size, 8);
    assert_eq!(room.chunks().await, 1);
    room.make("other").await;
    assert!(room.images.blob(&room.scope, "other", &digests[0]).await.is_err());
    assert!(room.images.mount(&room.scope, "other", &digests[0], REPOSITORY).await.unwrap());
    assert!(room.images.blob(&room.scope, "other", &digests[0]).await.is_ok());
    assert!(!room.images.mount(&room.scope, "other", &Digest::of(b"else"), REPOSITORY).await.unwrap());
    assert!(!room.images.mount(&room.scope, REPOSITORY, &digests[0], "missing").await.unwrap());
}

#[tokio::test]
async fn a_tag_tells_when_it_is_new_or_moved() {
    let room = room().await;
    let (one, two) = (room.manifest("one").await, room.manifest("two").await);
    let first = room.push("v1", MANIFEST, &one).await.unwrap();
    room.push("v1", MANIFEST, &one).await.unwrap();
    room.push("again", MANIFEST, &one).await.unwrap();
    room.push("v1", MANIFEST, &two).await.unwrap();
    let told = room.told().await;
    let expect = json!({
        "result": "SUCCESS", "repository-name": REPOSITORY, "image-digest": first.digest,
        "action-type": "PUSH", "manifest-media-type": MANIFEST, "image-tag": "v1",
    });
    assert_eq!(told[0], expect);
    let tags: Vec<_> = told.iter().map(|detail| detail["image-tag"].as_str().unwrap()).collect();
    assert_eq!(tags, ["v1", "again", "v1"]);
    let manifest = room.images.manifest(&room.scope, REPOSITORY, &Reference::Tag("v1".into())).await.unwrap();
    assert_eq!((manifest.body, manifest.lineage.commit.as_deref()), (two, Some("commit-two")));

    let digest = Digest::of(one.as_bytes());
    assert_eq!(
        room.images.delete(&room.scope, REPOSITORY, &Reference::Digest(digest), &room.by()).await.unwrap(),
        first.digest
    );
    let last = room.told().await.pop().unwrap();
    assert_eq!((last["action-type"].as_str(), last["image-tag"].as_str()), (Some("DELETE"), Some("again")));
}

#[tokio::test]
async fn a_manifest_needs_what_it_refers_to() {
    let room = room().await;
    let missing = json!({"schemaVersion": 2, "config":
        {"mediaType": "x", "digest": Digest::of(b"nowhere"), "size": 7}})
    .to_string();
    assert!(matches!(room.push("v1", MANIFEST, &missing).await, Err(Error::Dangling(_))));
    let one = room.manifest("one").await;
    let wrong = Digest::of(b"wrong").to_string();
    assert!(matches!(room.push(&wrong, MANIFEST, &one).await, Err(Error::OtherBytes { .. })));
    let digest = room.push(Digest::of(one.as_bytes()).as_str(), MANIFEST, &one).await.unwrap().digest;
    let layer = Digest::of(b"layer of one");
    let refused = room.images.delete_blob(&room.scope, REPOSITORY, &layer).await;
    assert!(matches!(refused, Err(Error::InUse { .. })), "{refused:?}");

    let index = json!({"schemaVersion": 2, "manifests": [{
        "mediaType": MANIFEST, "digest": digest, "size": one.len(),
        "platform": {"os": "linux", "architecture": resolve::platform().1},
    }]});
    room.push("multi", INDEX, &index.to_string()).await.unwrap();
    let child = Reference::Digest(digest.clone());
    assert!(matches!(
        room.images.delete(&room.scope, REPOSITORY, &child, &room.by()).await,
        Err(Error::InUse { .. })
    ));
    let uri = format!("{}/{REPOSITORY}:multi", names::registry_host(&room.scope));
    let image = room.images.resolve(&uri, &room.scope).await.unwrap();
    assert_eq!((image.digest, image.config.cmd, image.layers.len()), (digest, vec!["one".to_owned()], 1));
}

#[tokio::test]
async fn what_nothing_refers_to_is_swept_after_a_day() {
    let room = room().await;
    let one = room.manifest("one").await;
    room.push("v1", MANIFEST, &one).await.unwrap();
    room.upload(b"never used").await;
    let open = room.images.start_upload(&room.scope, REPOSITORY).await.unwrap();
    room.images.append((&room.scope, REPOSITORY, &open.id), None, body(b"half")).await.unwrap();
    assert_eq!(room.chunks().await, 4);
    room.sweep().await;
    assert_eq!(room.chunks().await, 2);
    assert!(room.images.upload(&room.scope, REPOSITORY, &open.id).await.is_err());
    room.images
        .delete_image(&room.scope, REPOSITORY, &Reference::Tag("v1".into()), &room.by())
        .await
        .unwrap();
    assert_eq!(room.chunks().await, 2);
    room.sweep().await;
    assert_eq!(room.chunks().await, 0);
}

#[tokio::test]
async fn repositories_come_and_go() {
    let room = room().await;
    let again = NewRepository { name: REPOSITORY.to_owned(), ..NewRepository::default() };
    let result = room.images.create_repository(&room.scope, again, &room.by()).await;
    assert!(matches!(result, Err(Error::RepositoryExists { .. })));
    let one = room.manifest("one").await;
    room.push("v1", MANIFEST, &one).await.unwrap();
    room.push("v2", MANIFEST, &one).await.unwrap();
    let tags = room.images.tags(&room.scope, REPOSITORY, None, 1).await.unwrap();
    assert_eq!(tags, Names { names: vec!["v1".to_owned()], more: true });
    let tags = room.images.tags(&room.scope, REPOSITORY, Some("v1"), 5).await.unwrap();
    assert_eq!(tags, Names { names: vec!["v2".to_owned()], more: false });
    let refused = room.images.delete_repository(&room.scope, REPOSITORY, false, &room.by()).await;
    assert!(matches!(refused, Err(Error::RepositoryNotEmpty { .. })));
    room.images.delete_repository(&room.scope, REPOSITORY, true, &room.by()).await.unwrap();
    assert!(matches!(room.images.repository(&room.scope, REPOSITORY).await, Err(Error::NoRepository { .. })));
    room.sweep().await;
    assert_eq!(room.chunks().await, 0);
}

#[tokio::test]
async fn an_immutable_tag_stays() {
    let room = room().await;
    let new = NewRepository { name: "fixed".to_owned(), immutable_tags: true, ..NewRepository::default() };
    room.images.create_repository(&room.scope, new, &room.by()).await.unwrap();
    let by = Principal::root(&room.scope);
    let push = async |body: &str| {
        let reference = Reference::Tag("v1".to_owned());
        let (scope, body, media_type) = (&room.scope, body.as_bytes(), "application/vnd.example+json");
        room.images.push(Push { scope, repository: "fixed", reference, media_type, body, by: &by }).await
    };
    push("{}").await.unwrap();
    push("{}").await.unwrap();
    assert!(matches!(push(r#"{"a":1}"#).await, Err(Error::TagImmutable { .. })));
}
