//! What messages cost, with every fsync: `cargo bench -p trainyard-services --bench queues`. `BENCH_SECONDS` sets the
//! time of each case (4 if unset), `BENCH_DIR` where the files are made (the disk counts).
//!
//! Each worker sends ten messages, receives ten and deletes them, again and again, through one queue that they all
//! share. A message counts once all three are on disk. On a shared machine the CPU figures are the ones to trust.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, Write},
    path::PathBuf,
    time::{Duration, Instant},
};

use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeValLike,
};
use trainyard_domain::{Principal, Scope};
use trainyard_services::{
    ground::Ground,
    queues::{Attributes, Caller, Letter, QueueName, Queues, Receiving, Sending, Word},
};
use trainyard_store::Store;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const BATCH: usize = 10;
const BODY_BYTES: usize = 300;
const WORKERS: [usize; 4] = [1, 8, 32, 128];

fn main() -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    say(&format!(
        "messages of {BODY_BYTES} bytes, ten a call: sent, received, deleted; load {}",
        load.trim()
    ))?;
    say(&fsyncs()?)?;
    for workers in WORKERS {
        say(&runtime.block_on(case("jobs", workers, 0))?)?;
    }
    say(&runtime.block_on(case("jobs.fifo", 8, 0))?)?;
    say(&runtime.block_on(case("jobs", 32, 100_000))?)?;
    Ok(())
}

/// One queue with a backlog, and workers.
async fn case(name: &str, workers: usize, backlog: usize) -> Outcome<String> {
    let directory = fresh()?;
    let queues = Queues::new(Ground::new(Store::open(&directory).await?));
    let name = QueueName { scope: Scope::default_scope(), name: name.to_owned() };
    let mut attributes = Attributes::new();
    if name.is_fifo() {
        attributes.insert("FifoQueue".to_owned(), "true".to_owned());
    }
    let root = Principal::root(&name.scope);
    queues.create(&Caller::principal(&root), &name, &attributes, BTreeMap::new()).await?;
    for at in 0..backlog / BATCH {
        queues.send_all(&Caller::principal(&root), &name, batch(&name, 0, at)).await?;
    }
    let (before, began, end) = (cpu()?, Instant::now(), Instant::now() + span());
    let tasks = (1..=workers).map(|worker| tokio::spawn(work(queues.clone(), name.clone(), worker, end)));
    let mut waits = Waits::default();
    for task in tasks.collect::<Vec<_>>() {
        waits.add(task.await??);
    }
    let (took, used) = (began.elapsed(), cpu()? - before);
    drop(queues);
    fs::remove_dir_all(directory)?;
    let done = waits.delete.len() * BATCH;
    Ok(format!(
        "  {:<10}{workers:>4} workers{backlog:>8} waiting: {:>7.0} messages/s, {:>5.0} us CPU each; {}",
        name.name,
        done as f64 / took.as_secs_f64(),
        used.as_secs_f64() * 1e6 / done.max(1) as f64,
        waits.line(),
    ))
}

#[derive(Default)]
struct Waits {
    send: Vec<Duration>,
    receive: Vec<Duration>,
    delete: Vec<Duration>,
}

impl Waits {
    fn add(&mut self, mut other: Self) {
        self.send.append(&mut other.send);
        self.receive.append(&mut other.receive);
        self.delete.append(&mut other.delete);
    }

    fn line(&mut self) -> String {
        let all = [("send", &mut self.send), ("receive", &mut self.receive), ("delete", &mut self.delete)];
        let part = |(name, waits): (&str, &mut Vec<Duration>)| {
            waits.sort_unstable();
            let at = |share: usize| {
                waits.get(waits.len() * share / 1000).map_or(0.0, |wait| wait.as_secs_f64() * 1e3)
            };
            format!("{name} p50 {:.1} p99 {:.1} ms", at(500), at(990))
        };
        all.map(part).join(", ")
    }
}

async fn work(queues: Queues, name: QueueName, worker: usize, end: Instant) -> Outcome<Waits> {
    let root = Principal::root(&name.scope);
    let caller = Caller::principal(&root);
    let receiving = Receiving { most: Some(BATCH), wait: Some(1), ..Receiving::default() };
    let mut waits = Waits::default();
    for round in 0.. {
        let began = Instant::now();
        if began >= end {
            break;
        }
        for sent in queues.send_all(&caller, &name, batch(&name, worker, round)).await? {
            sent?;
        }
        let sent = Instant::now();
        let mut missing = BATCH;
        while missing > 0 {
            let got = queues.receive(&caller, &name, &receiving).await?;
            let received = Instant::now();
            let words: Vec<_> = got.into_iter().map(|message| (message.handle, Word::Done)).collect();
            if words.is_empty() {
                break;
            }
            for told in queues.settle(&caller, &name, &words).await? {
                told?;
            }
            waits.delete.push(received.elapsed());
            missing = missing.saturating_sub(words.len());
        }
        waits.send.push(sent - began);
        waits.receive.push(sent.elapsed());
    }
    Ok(waits)
}

fn batch(name: &QueueName, worker: usize, round: usize) -> Vec<Sending> {
    let one = |n: usize| Sending {
        letter: Letter::of(format!("{worker}-{round}-{n} {}", "x".repeat(BODY_BYTES))),
        group: name.is_fifo().then(|| format!("g{worker}")),
        dedup: name.is_fifo().then(|| format!("{worker}-{round}-{n}")),
        ..Sending::default()
    };
    (0..BATCH).map(one).collect()
}

/// What the disk itself can do.
fn fsyncs() -> Outcome<String> {
    let directory = fresh()?;
    let mut file = fs::File::create(directory.join("probe"))?;
    let mut waits = Vec::new();
    for _ in 0..300 {
        file.write_all(&[0; 4096])?;
        let before = Instant::now();
        file.sync_data()?;
        waits.push(before.elapsed().as_secs_f64() * 1e3);
    }
    fs::remove_dir_all(directory)?;
    waits.sort_by(f64::total_cmp);
    Ok(format!("  append of 4 KiB and fdatasync: p50 {:.2} p99 {:.2} ms", waits[150], waits[297]))
}

fn cpu() -> Outcome<Duration> {
    let used = getrusage(UsageWho::RUSAGE_SELF)?;
    let micros = used.user_time().num_microseconds() + used.system_time().num_microseconds();
    Ok(Duration::from_micros(u64::try_from(micros)?))
}

fn span() -> Duration {
    Duration::from_secs(env::var("BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(4))
}

fn fresh() -> io::Result<PathBuf> {
    let base = env::var_os("BENCH_DIR").map_or_else(env::temp_dir, PathBuf::from);
    let directory = base.join(format!("trainyard-bench-{}", std::process::id()));
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory)?;
    Ok(directory)
}

fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}
