//! What the tests of the process drivers stand on: directories, and an image.
#![allow(dead_code, reason = "every test binary uses its own part of it")]

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::stream;
use trainyard_domain::{
    content::{Content, Digest, Part},
    image::{HOST_BASED_LABEL, Image, ImageConfig, Layer},
    job::{Exit, JobId, JobSpec, JobStatus, Mount, Resources, Root},
    ports::{Blobs, JobDriver},
};
use trainyard_drivers::{
    blobs::Disk,
    jobs::Process,
    process::{Isolation, ProcessConfig, Separation},
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
            log_bytes: 1 << 20,
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
        let labels = BTreeMap::from([(HOST_BASED_LABEL.to_owned(), "any-linux_x86_64".to_owned())]);
        let config = ImageConfig { labels, ..ImageConfig::default() };
        Image { reference: "app:1".into(), digest, layers: vec![layer], config }
    }
}

/// A job on that root that runs a shell script.
pub(crate) fn shell(name: &str, root: Root, script: &str) -> JobSpec {
    JobSpec {
        id: id(name),
        root,
        command: ["sh", "-c", script].map(String::from).to_vec(),
        env: BTreeMap::new(),
        working_dir: "/".into(),
        mounts: Vec::new(),
        resources: Resources { cpu_millis: 500, memory_bytes: 64 << 20, gpus: 0 },
    }
}

pub(crate) fn mount(source: &Path, target: &str) -> Mount {
    Mount { source: source.to_owned(), target: target.into(), read_only: false }
}

pub(crate) fn id(text: &str) -> JobId {
    text.to_owned().try_into().expect("a legal id")
}

/// Looks until it is as it should be.
pub(crate) async fn until(
    driver: &dyn JobDriver,
    id: &JobId,
    good: impl Fn(&JobStatus) -> bool,
) -> JobStatus {
    let begun = Instant::now();
    loop {
        let status = driver.observe(id).await.expect("an answer");
        if good(&status) {
            return status;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "job {id} stays {status:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Runs the job to its end: how it ended, and what it printed.
pub(crate) async fn run(driver: &dyn JobDriver, spec: &JobSpec) -> (Exit, Vec<String>) {
    driver.ensure(spec).await.expect("a job that is taken");
    let over = |status: &JobStatus| !matches!(status, JobStatus::Waiting { .. } | JobStatus::Running { .. });
    match until(driver, &spec.id, over).await {
        JobStatus::Ended(exit) => (exit, printed(driver, &spec.id).await),
        other => panic!("job {} has not run: {other:?}", spec.id),
    }
}

/// What the job has printed.
pub(crate) async fn printed(driver: &dyn JobDriver, id: &JobId) -> Vec<String> {
    let page = driver.logs(id, 0).await.expect("a page");
    page.lines.into_iter().map(|line| line.text).collect()
}

/// Waits until the job has printed this line.
pub(crate) async fn prints(driver: &dyn JobDriver, id: &JobId, line: &str) {
    let begun = Instant::now();
    while !printed(driver, id).await.iter().any(|text| text == line) {
        assert!(begun.elapsed() < Duration::from_secs(60), "job {id} never prints `{line}`");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A driver that keeps runs apart; `None`, said loudly, where the system does not let it, and never so in CI.
pub(crate) fn apart(ground: &Ground) -> Option<Process> {
    let driver = Process::new(ground.config(Isolation::Auto)).expect("a driver");
    match driver.isolation() {
        Separation::Private(_) => Some(driver),
        Separation::Bare(why) => {
            assert!(std::env::var_os("CI").is_none(), "runs cannot be kept apart here: {why}");
            let _ = writeln!(std::io::stderr(), "NOT TESTED: runs cannot be kept apart here: {why}");
            None
        }
    }
}

/// An image with files in all sorts of places.
pub(crate) async fn image_root(ground: &Ground) -> Root {
    let files = [
        ("opt/program/hello", "hello\n"),
        ("opt/program/deep/file", "deep\n"),
        ("usr/local/bin/trainyard-test-tool", "#!/bin/sh\necho tool \"$@\"\n"),
        ("opt/ml/code/shadowed", "from the image\n"),
        ("app/main.py", "print('main')\n"),
    ];
    Root::Image(Box::new(ground.image(&files).await))
}
