//! What the tests of the process drivers stand on: directories, and an image.
#![allow(dead_code, reason = "every test binary uses its own part of it")]

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use bytes::Bytes;
use futures::stream;
use trainyard_domain::{
    content::{Content, Digest, Part},
    image::{HOST_BASED_LABEL, Image, ImageConfig, Layer},
    ports::Blobs,
};
use trainyard_drivers::{
    blobs::Disk,
    process::{Isolation, ProcessConfig},
};

/// Directories that go when this is dropped.
pub(crate) struct Ground {
    directory: tempfile::TempDir,
    pub(crate) blobs: Arc<dyn Blobs>,
}

impl Ground {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a ground to test on");
        let blobs = Arc::new(Disk::open(&directory.path().join("blobs")).expect("a ground to test on"));
        Self { directory, blobs }
    }

    /// A directory of that name, made if it is not there.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::create_dir_all(&path).expect("a ground to test on");
        path
    }

    pub(crate) fn config(&self, isolation: Isolation) -> ProcessConfig {
        ProcessConfig {
            directory: self.place("runs"),
            images: self.place("images"),
            blobs: Arc::clone(&self.blobs),
            supervisor: env!("CARGO_BIN_EXE_trainyard-supervise").into(),
            isolation,
            hide: vec![self.place("hidden")],
            python: None,
            memory_bytes: Some(1 << 30),
        }
    }

    /// An image of one layer with these files.
    pub(crate) async fn image(&self, files: &[(&str, &str)]) -> Image {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o755);
            builder.append_data(&mut header, path, text.as_bytes()).expect("a ground to test on");
        }
        let bytes = builder.into_inner().expect("a ground to test on");
        let digest = Digest::of(&bytes);
        let size = bytes.len() as u64;
        let blob: trainyard_domain::content::BlobKey =
            format!("layers/{}", digest.hex()).parse().expect("a ground to test on");
        let body = Box::pin(stream::iter([Ok(Bytes::from(bytes))]));
        self.blobs.put(&blob, body).await.expect("a ground to test on");
        let layer = Layer {
            digest: digest.clone(),
            media_type: "application/vnd.oci.image.layer.v1.tar".into(),
            content: Content { size, parts: vec![Part { blob, size }] },
        };
        let labels = BTreeMap::from([(HOST_BASED_LABEL.to_owned(), "cp311-linux_x86_64".to_owned())]);
        let config = ImageConfig { labels, ..ImageConfig::default() };
        Image { reference: "app:1".into(), digest, layers: vec![layer], config }
    }
}
