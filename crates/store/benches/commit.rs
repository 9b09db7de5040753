//! What a commit costs, with every fsync: `cargo bench -p trainyard-store`. `BENCH_SECONDS` sets the time of each
//! case (2 if unset), `BENCH_DIR` where the files are made (the disk counts).
//!
//! On a shared machine the CPU figures are the ones to trust.

use std::{
    env, fs,
    io::{self, Write},
    path::PathBuf,
    time::{Duration, Instant},
};

use nix::sys::resource::{UsageWho, getrusage};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use trainyard_store::{Changes, Expect, Keys, Noun, Store, WorkItem};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

const HISTORIES: usize = 500;
const RECORD_BYTES: usize = 400;
const BATCHES: [usize; 4] = [1, 10, 100, 1000];

/// About what an execution's document is: some keys that stay and one that changes.
#[derive(Serialize, Deserialize)]
struct Run {
    id: String,
    status: String,
    pad: String,
}

impl Noun for Run {
    const KIND: &'static str = "run";
    fn scope(&self) -> String {
        "000000000000/us-east-1".to_owned()
    }
    fn id(&self) -> String {
        self.id.clone()
    }
    fn keys(&self, keys: &mut Keys) {
        keys.add("machine", "arn:aws:states:us-east-1:000000000000:stateMachine:train");
        keys.add("status", self.status.as_str());
    }
}

fn main() -> Outcome {
    say("the store: so many tasks commit at once, each waits for its own")?;
    for concurrency in BATCHES {
        let (append, step) = (store("append", concurrency)?, store("step", concurrency)?);
        say(&format!("{append}\n{step}"))?;
    }
    opening()?;
    say("rows in one transaction, one thread, no store around it")?;
    for batch in BATCHES {
        for (name, table, statement) in layouts() {
            say(&raw(name, (table, statement), batch)?)?;
        }
    }
    Ok(())
}

/// Commits from `concurrency` tasks: one history record each, or a whole step of an execution (its document, two
/// records, a piece of work).
fn store(what: &'static str, concurrency: usize) -> Outcome<String> {
    let directory = fresh()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let line = runtime.block_on(async {
        let store = Store::open(&directory).await?;
        let (clock, end) = (Meter::start(), Instant::now() + span());
        let tasks = (0..concurrency).map(|task| tokio::spawn(one_task(store.clone(), what, task, end)));
        let mut waits = Vec::new();
        for task in tasks.collect::<Vec<_>>() {
            waits.append(&mut task.await??);
        }
        let batches = store.stats().batches as usize;
        let name = format!(
            "  {what:<8}{concurrency:>5} at once, {:>6.1} a batch",
            waits.len() as f64 / batches as f64
        );
        Ok::<_, Box<dyn std::error::Error>>(clock.line(&name, waits.len(), waits))
    })?;
    fs::remove_dir_all(directory)?;
    Ok(line)
}

async fn one_task(
    store: Store,
    what: &'static str,
    task: usize,
    end: Instant,
) -> Result<Vec<Duration>, trainyard_store::Error> {
    let (history, pad) = (format!("execution {task}"), "x".repeat(RECORD_BYTES));
    let (mut waits, mut next) = (Vec::new(), 1);
    while Instant::now() < end {
        let mut changes = Changes::new();
        if what == "append" {
            changes.append(&history, next, &[&pad])?;
            next += 1;
        } else {
            let status = if next % 20 == 1 { "started" } else { "running" };
            let run = Run { id: history.clone(), status: status.to_owned(), pad: pad.clone() };
            changes.put(&run, Expect::Any)?.append(&history, next, &[&pad, &pad])?;
            changes.schedule(WorkItem::now("tasks", history.as_str(), "")).cancel("timers", &history);
            next += 2;
        }
        let before = Instant::now();
        store.commit(changes).await?;
        waits.push(before.elapsed());
    }
    Ok(waits)
}

/// How long a store takes to open: a new one, and one that was killed under load, with all that its log holds.
fn opening() -> Outcome {
    let (directory, copy) = (fresh()?, fresh()?);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (new, killed) = runtime.block_on(async {
        let before = Instant::now();
        let store = Store::open(&directory).await?;
        let new = before.elapsed();
        let end = Instant::now() + span();
        let tasks = (0..100).map(|task| tokio::spawn(one_task(store.clone(), "step", task, end)));
        for task in tasks.collect::<Vec<_>>() {
            task.await??;
        }
        for name in ["store.db", "store.db-wal"] {
            fs::copy(directory.join(name), copy.join(name))?;
        }
        let before = Instant::now();
        let killed = Store::open(&copy).await?;
        let took = before.elapsed();
        drop(killed);
        Ok::<_, Box<dyn std::error::Error>>((new, took))
    })?;
    let size: u64 = ["store.db", "store.db-wal"]
        .iter()
        .map(|name| fs::metadata(directory.join(name)).map_or(0, |found| found.len() >> 20))
        .sum();
    say(&format!("  opening a new store: {new:.1?}; one of {size} MiB that was killed: {killed:.1?}"))?;
    fs::remove_dir_all(directory)?;
    Ok(fs::remove_dir_all(copy)?)
}

/// The ways in which history rows could be laid out, and written.
fn layouts() -> [(&'static str, &'static str, &'static str); 4] {
    let append = "create table rows (place integer primary key, history integer, seq integer, body text)";
    let indexed = "create table rows (place integer primary key, history integer, seq integer, body text);
                   create unique index by_seq on rows (history, seq)";
    let scattered = "create table rows (history integer, seq integer, body text, primary key (history, seq))
                     without rowid";
    let json = "insert into rows (history, seq, body)
                select value ->> 'history', value ->> 'seq', value ->> 'body' from json_each(?1)";
    let each = "insert into rows (history, seq, body) values (?1, ?2, ?3)";
    [
        ("append-ordered, no index", append, json),
        ("append-ordered, indexed", indexed, json),
        ("append-ordered, indexed, row by row", indexed, each),
        ("clustered by history", scattered, json),
    ]
}

#[derive(Serialize)]
struct Row<'a> {
    history: usize,
    seq: usize,
    body: &'a str,
}

fn raw(name: &str, (table, statement): (&str, &str), batch: usize) -> Outcome<String> {
    let directory = fresh()?;
    let mut connection = Connection::open(directory.join("rows.db"))?;
    connection.execute_batch(
        "pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -4096;
         pragma wal_autocheckpoint = 4000;",
    )?;
    connection.execute_batch(table)?;
    let pad = "x".repeat(RECORD_BYTES);
    let (clock, end) = (Meter::start(), Instant::now() + span());
    let (mut waits, mut written) = (Vec::new(), 0);
    while Instant::now() < end {
        let before = Instant::now();
        // Interleaved as many executions at once are: neighbours in time are not neighbours in the table.
        let rows: Vec<_> = (written..written + batch)
            .map(|n| Row { history: n * 7 % HISTORIES, seq: n / HISTORIES, body: &pad })
            .collect();
        let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        if statement.contains("json_each") {
            tx.prepare_cached(statement)?.execute([serde_json::to_string(&rows)?])?;
        } else {
            let mut insert = tx.prepare_cached(statement)?;
            for row in &rows {
                insert.execute(params![row.history, row.seq, row.body])?;
            }
        }
        tx.commit()?;
        written += batch;
        waits.push(before.elapsed());
    }
    drop(connection);
    fs::remove_dir_all(directory)?;
    Ok(clock.line(&format!("  batch {batch:>5}  {name}"), written, waits))
}

/// Time and CPU since it was started.
struct Meter {
    wall: Instant,
    cpu: f64,
}

impl Meter {
    fn start() -> Self {
        Self { wall: Instant::now(), cpu: cpu() }
    }

    fn line(&self, name: &str, done: usize, mut waits: Vec<Duration>) -> String {
        let (wall, cpu) = (self.wall.elapsed().as_secs_f64(), cpu() - self.cpu);
        waits.sort();
        let at = |part: usize| waits.get(waits.len() * part / 100).copied().unwrap_or_default();
        format!(
            "{name:<52}{:>9.0}/s{:>9.1} us CPU each   p50 {:>8.2?}  p99 {:>8.2?}",
            done as f64 / wall,
            cpu * 1e6 / done as f64,
            at(50),
            at(99)
        )
    }
}

fn cpu() -> f64 {
    getrusage(UsageWho::RUSAGE_SELF).map_or(0.0, |usage| {
        let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
        seconds(usage.user_time()) + seconds(usage.system_time())
    })
}

fn span() -> Duration {
    let seconds = env::var("BENCH_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs_f64(seconds.unwrap_or(2.0))
}

/// A new directory.
fn fresh() -> io::Result<PathBuf> {
    let root = env::var_os("BENCH_DIR").map_or_else(env::temp_dir, PathBuf::from);
    let mut names = (0..1000).map(|n| root.join(format!("trainyard-bench-{}-{n}", std::process::id())));
    let made = names.find(|path| fs::create_dir(path).is_ok());
    made.ok_or_else(|| io::Error::other(format!("no directory can be made in {}", root.display())))
}

fn say(line: &str) -> io::Result<()> {
    io::stdout().write_all(format!("{line}\n").as_bytes())
}
