//! How long it takes from a job's `ensure` to its first line, with a cached image, and how fast blobs are put and
//! read. Prints what it finds; fails only where something does not work.
//!
//! `cargo bench -p trainyard-drivers`

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::{StreamExt, stream};
use trainyard_domain::{
    content::{BlobKey, Content, Digest, Part},
    image::{HOST_BASED_LABEL, Image, ImageConfig, Layer},
    job::{JobSpec, JobStatus, Mount, Resources, Root},
    ports::{Blobs, JobDriver},
};
use trainyard_drivers::{
    blobs::Disk,
    jobs::Process,
    process::{Isolation, ProcessConfig},
};

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure())
}

async fn measure() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let blobs = Arc::new(Disk::open(&directory.path().join("blobs"))?);
    throughput(&blobs).await?;
    let image = image(&blobs).await?;
    for isolation in [Isolation::Auto, Isolation::Off] {
        let mode = format!("{isolation:?}").to_lowercase();
        let driver = Process::new(ProcessConfig {
            directory: directory.path().join(&mode),
            images: directory.path().join("images"),
            blobs: Arc::clone(&blobs) as Arc<dyn Blobs>,
            supervisor: env!("CARGO_BIN_EXE_trainyard-supervise").into(),
            isolation,
            hide: Vec::new(),
            python: None,
            log_bytes: 1 << 20,
            memory_bytes: None,
        })?;
        let begun = Instant::now();
        say(&format!("isolation {mode}: {} (found in {:.1?})", driver.isolation(), begun.elapsed()))?;
        starts(&driver, &image, directory.path(), &mode).await?;
    }
    Ok(())
}

/// Jobs one after the other; the time is the job's own, printed as its first line.
async fn starts(driver: &Process, image: &Image, directory: &Path, mode: &str) -> Result<(), Failed> {
    let mut first_lines = Vec::new();
    for number in 0..30 {
        let spec = JobSpec {
            id: format!("{mode}-{number}").try_into()?,
            root: Root::Image(Box::new(image.clone())),
            command: ["sh", "-c", "date +%s%N"].map(String::from).into(),
            env: BTreeMap::new(),
            working_dir: "/opt/program".into(),
            mounts: vec![Mount { source: directory.to_owned(), target: "/opt/ml".into(), read_only: false }],
            resources: Resources { cpu_millis: 1000, memory_bytes: 1 << 30, gpus: 0 },
        };
        let begun = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
        driver.ensure(&spec).await?;
        while !matches!(driver.observe(&spec.id).await?, JobStatus::Ended(_)) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let page = driver.logs(&spec.id, 0).await?;
        let nanos: u64 = page.lines.first().ok_or("a job that printed nothing")?.text.parse()?;
        // The first unpacks the image and looks for the host's Python.
        if number > 0 {
            first_lines.push(Duration::from_nanos(nanos).saturating_sub(begun));
        }
    }
    first_lines.sort();
    let (median, worst) = (first_lines[first_lines.len() / 2], first_lines[first_lines.len() - 1]);
    say(&format!(
        "  ensure to first line, cached image: median {median:.1?}, worst {worst:.1?} (bar: 100 ms)"
    ))
}

async fn throughput(blobs: &Disk) -> Result<(), Failed> {
    const PIECE: usize = 64 << 10;
    const SIZE: usize = 512 << 20;
    let key: BlobKey = "bench/large".parse()?;
    let piece = Bytes::from((0..PIECE).map(|n| (n * 31 % 251) as u8).collect::<Vec<u8>>());
    let begun = Instant::now();
    let pieces = stream::iter((0..SIZE / PIECE).map(move |_| Ok(piece.clone())));
    blobs.put(&key, Box::pin(pieces)).await?;
    let put = begun.elapsed();
    let begun = Instant::now();
    let mut body = blobs.get(&key, None).await?;
    let mut size = 0;
    while let Some(piece) = body.next().await {
        size += piece?.len();
    }
    let get = begun.elapsed();
    blobs.delete(&key).await?;
    let rate = |time: Duration| size as f64 / 1e6 / time.as_secs_f64();
    say(&format!(
        "blobs: put {:.0} MB/s (bar: 300), get {:.0} MB/s, of {} MiB",
        rate(put),
        rate(get),
        SIZE >> 20
    ))
}

async fn image(blobs: &Disk) -> Result<Image, Failed> {
    let mut builder = tar::Builder::new(Vec::new());
    for number in 0..2000 {
        let mut header = tar::Header::new_gnu();
        header.set_size(100);
        header.set_mode(0o644);
        builder.append_data(&mut header, format!("opt/program/file-{number}"), &[b'x'; 100][..])?;
    }
    let bytes = builder.into_inner()?;
    let (digest, size) = (Digest::of(&bytes), bytes.len() as u64);
    let blob: BlobKey = "bench/layer".parse()?;
    blobs.put(&blob, Box::pin(stream::iter([Ok(Bytes::from(bytes))]))).await?;
    let layer = Layer {
        digest: digest.clone(),
        media_type: "application/vnd.oci.image.layer.v1.tar".into(),
        content: Content { size, parts: vec![Part { blob, size }] },
    };
    let labels = BTreeMap::from([(HOST_BASED_LABEL.to_owned(), String::new())]);
    let config = ImageConfig { labels, ..ImageConfig::default() };
    Ok(Image { reference: "bench:1".into(), digest, layers: vec![layer], config })
}

fn say(text: &str) -> Result<(), Failed> {
    Ok(writeln!(io::stdout(), "{text}")?)
}
