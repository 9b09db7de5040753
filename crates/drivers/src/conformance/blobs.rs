//! The suite for [`Blobs`].

use std::{io, ops::Range};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use trainyard_domain::{
    Kind,
    content::BlobKey,
    ports::{Blobs, ByteStream},
};

/// Runs the suite on an empty store.
pub async fn blobs(store: &dyn Blobs) {
    what_was_put_is_there(store).await;
    ranges(store).await;
    what_is_not_there(store).await;
    nothing_is_seen_of_half_a_blob(store).await;
    lists_in_order_by_pages(store).await;
}

async fn what_was_put_is_there(store: &dyn Blobs) {
    let large: Vec<u8> = (0..3_500_000_u32).map(|n| (n % 251) as u8).collect();
    for (name, bytes) in [("here/empty", &[][..]), ("here/small", b"small"), ("here/large", &large)] {
        let put = store.put(&key(name), stream_of(bytes, 70_001)).await.expect("a put that works");
        assert_eq!((put.key.as_str(), put.size), (name, bytes.len() as u64));
        assert_eq!(read(store, name, None).await, bytes, "{name}");
        assert_eq!(store.stat(&key(name)).await.expect("a stat that works"), Some(put), "{name}");
        store.delete(&key(name)).await.expect("a delete that works");
        assert_eq!(store.stat(&key(name)).await.expect("a stat that works"), None, "{name} is deleted");
    }
}

async fn ranges(store: &dyn Blobs) {
    let bytes: Vec<u8> = (0..=255).cycle().take(600_000).collect();
    store.put(&key("range"), stream_of(&bytes, 1000)).await.expect("a put that works");
    for range in [0..0, 0..1, 255..513, 599_999..600_000, 1..600_000, 600_000..600_000] {
        let part = &bytes[range.start as usize..range.end as usize];
        assert!(read(store, "range", Some(range.clone())).await == part, "bytes {range:?}");
    }
    let refused = store.get(&key("range"), Some(1..600_001)).await.err().expect("a range outside is refused");
    assert_eq!(refused.kind, Kind::Invalid);
    store.delete(&key("range")).await.expect("a delete that works");
}

async fn what_is_not_there(store: &dyn Blobs) {
    let missing = store.get(&key("no/such"), None).await.err().expect("what is not there cannot be read");
    assert_eq!(missing.kind, Kind::NotFound);
    assert_eq!(store.stat(&key("no/such")).await.expect("a stat that works"), None);
    store.delete(&key("no/such")).await.expect("deleting what is not there changes nothing");
}

async fn nothing_is_seen_of_half_a_blob(store: &dyn Blobs) {
    let broken = stream::iter([
        Ok(Bytes::from(vec![7; 2_000_000])),
        Err(io::Error::new(io::ErrorKind::InvalidData, "the digest does not match")),
    ]);
    let error = store.put(&key("half"), Box::pin(broken)).await.expect_err("a broken stream is no blob");
    assert_eq!(error.kind, Kind::Invalid);
    assert!(error.message.contains("the digest does not match"), "{}", error.message);

    let endless: ByteStream =
        Box::pin(stream::iter([Ok(Bytes::from(vec![7; 2_000_000]))]).chain(stream::pending()));
    let name = key("half");
    let put = store.put(&name, endless);
    let left = futures::future::select(put, Box::pin(pauses(200))).await;
    assert!(matches!(left, futures::future::Either::Right(_)), "an endless put does not end");
    drop(left);
    assert_eq!(store.stat(&key("half")).await.expect("a stat that works"), None);
    assert_eq!(store.list(None, 10).await.expect("a list that works"), []);
}

async fn lists_in_order_by_pages(store: &dyn Blobs) {
    let mut names: Vec<String> = ["a", "a-b", "a/b", "ab", "ab/c", "ab-c", "abc", "s3/ab/cd", "s3/abz", "Z"]
        .map(String::from)
        .into_iter()
        .chain((0..40).map(|n| format!("s3/{:02x}-{n}", n * 37 % 256)))
        .collect();
    for name in &names {
        store.put(&key(name), stream_of(name.as_bytes(), 3)).await.expect("a put that works");
    }
    names.sort();
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = store.list(after.as_ref(), 7).await.expect("a list that works");
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 7);
        after = Some(last.key.clone());
        listed.extend(page);
    }
    let keys: Vec<&str> = listed.iter().map(|stat| stat.key.as_str()).collect();
    assert_eq!(keys, names);
    for stat in listed {
        assert_eq!(stat.size, stat.key.as_str().len() as u64);
        store.delete(&stat.key).await.expect("a delete that works");
    }
}

fn key(text: &str) -> BlobKey {
    text.parse().expect("a legal key")
}

fn stream_of(bytes: &[u8], piece: usize) -> ByteStream {
    let pieces: Vec<io::Result<Bytes>> = bytes.chunks(piece).map(|p| Ok(Bytes::copy_from_slice(p))).collect();
    Box::pin(stream::iter(pieces))
}

async fn read(store: &dyn Blobs, name: &str, range: Option<Range<u64>>) -> Vec<u8> {
    let pieces: Vec<Bytes> = store
        .get(&key(name), range)
        .await
        .expect("a blob to read")
        .try_collect()
        .await
        .expect("bytes without an error");
    pieces.concat()
}

/// Lets others go on, that many times.
async fn pauses(times: usize) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}
