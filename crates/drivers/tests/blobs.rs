//! Blobs on the local disk: the port's suite, and what only a disk can show.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use bytes::Bytes;
use futures::stream;
use trainyard_domain::ports::Blobs;
use trainyard_drivers::{blobs::Disk, conformance};

#[tokio::test]
async fn the_disk_keeps_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    let disk = Disk::open(&directory.path().join("blobs")).unwrap();
    conformance::blobs(&disk).await;
    // Files of puts that were left half way go too, at the latest when the directory is opened again.
    let disk = Disk::open(&directory.path().join("blobs")).unwrap();
    assert_eq!(files(directory.path()), 0);
    conformance::blobs(&disk).await;
}

#[tokio::test]
async fn what_was_never_finished_is_swept() {
    let directory = tempfile::tempdir().unwrap();
    drop(Disk::open(directory.path()).unwrap());
    fs::write(directory.path().join("coming/left-by-a-crash"), "half").unwrap();
    Disk::open(directory.path()).unwrap();
    assert_eq!(files(directory.path()), 0);
}

#[tokio::test]
async fn nobody_else_may_read_them() {
    let directory = tempfile::tempdir().unwrap();
    let disk = Disk::open(directory.path()).unwrap();
    let body = Box::pin(stream::iter([Ok(Bytes::from_static(b"secret"))]));
    disk.put(&"s3/secret".parse().unwrap(), body).await.unwrap();
    let mode = |path: &str| fs::metadata(directory.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("kept"), 0o700);
    assert_eq!(mode("kept/s3.se"), 0o700);
    assert_eq!(mode("kept/s3.se/s3.secret"), 0o600);
}

fn files(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}
