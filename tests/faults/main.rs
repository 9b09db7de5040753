//! The crash and fault harness: the real server is killed, its disk cut off, filled, broken and damaged, its clock
//! moved; and what it was told must be there afterwards.
//!
//! Each item of the table below prints one line. `FAULTS=long` makes the full counts (`./scripts/faults`), else as
//! much as fits into two minutes is tried. Everything random follows from the seed, which is printed: `FAULTS_SEED`
//! takes it again. `FAULTS_ONLY=power,flips` makes these items only, `FAULTS_BINARY` tries another server. What an
//! item leaves behind when it fails is kept, and named.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it is a test, and talks to people")]

mod client;
mod clock;
mod cuts;
mod dice;
mod disk;
mod flips;

mod image;
mod kills;
mod ledger;
mod names;
mod poison;

mod power;
mod refusals;
mod server;
mod walk;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    thread,
    time::{Duration, Instant},
};

use crate::{dice::Dice, server::Bench};

pub(crate) type Trouble = Box<dyn std::error::Error + Send + Sync>;
pub(crate) type Outcome<T = ()> = Result<T, Trouble>;

/// What every item gets.
pub(crate) struct Trial {
    pub(crate) bench: Bench,
    pub(crate) dice: Dice,
    pub(crate) long: bool,
    /// A directory of its own.
    pub(crate) directory: PathBuf,
}

/// Does the item; its answer is the line to print.
type Item = fn(&Trial) -> Outcome<String>;

const ITEMS: &[(&str, Item)] = &[
    ("kills", kills::run),
    ("cuts", cuts::run),
    ("power", power::run),
    ("flips", flips::run),
    ("refusals", refusals::run),
    ("clock", clock::run),
    ("poison", poison::run),
    ("names", names::run),
];

fn main() -> ExitCode {
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failed) => {
            println!("{failed} of {} items failed", ITEMS.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            println!("the faults could not be tried: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome<usize> {
    let seed = match env::var("FAULTS_SEED") {
        Ok(seed) => seed.parse()?,
        Err(_) => {
            u64::from(std::process::id())
                ^ fs::metadata("/proc/self")?.modified()?.elapsed()?.as_nanos() as u64
                ^ now()
        }
    };
    let long = env::var("FAULTS").is_ok_and(|size| size == "long");
    let only = env::var("FAULTS_ONLY").unwrap_or_default();
    println!("FAULTS_SEED={seed} {}", if long { "long" } else { "short" });
    let room = tempfile::Builder::new().prefix("trainyard-faults-").tempdir()?;
    let bench = Bench { binary: binary()?, shim: shim(room.path())? };
    let mut failed = 0;
    for (name, item) in ITEMS {
        if !only.is_empty() && !only.split(',').any(|one| one == *name) {
            continue;
        }
        let directory = room.path().join(name);
        fs::create_dir(&directory)?;
        let trial = Trial { bench: bench.clone(), dice: Dice::new(seed), long, directory };
        let began = Instant::now();
        let said = item(&trial);
        let took = began.elapsed().as_secs_f64();
        match said {
            Ok(line) => println!("ok   {name:<9} {line} ({took:.1} s)"),
            Err(error) => {
                failed += 1;
                println!("FAIL {name:<9} {error} ({took:.1} s)");
            }
        }
    }
    if failed > 0 {
        println!("FAULTS_SEED={seed}; kept: {}", room.keep().display());
    }
    Ok(failed)
}

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    since.as_nanos() as u64
}

fn binary() -> Outcome<PathBuf> {
    let given = env::var_os("FAULTS_BINARY").map(PathBuf::from);
    Ok(given.unwrap_or_else(|| env!("CARGO_BIN_EXE_trainyard").into()).canonicalize()?)
}

/// Compiles what stands between the server and the disk.
fn shim(directory: &Path) -> Outcome<PathBuf> {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/faults/shim.c");
    let made = directory.join("shim.so");
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let flags = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"];
    let done = Command::new(&compiler).args(flags).arg("-o").arg(&made).arg(source).arg("-ldl").status()?;
    if !done.success() {
        return Err(format!("{compiler} cannot compile {source}").into());
    }
    Ok(made)
}

/// Spares the processor between two looks; nothing depends on its length.
pub(crate) fn breathe() {
    thread::sleep(Duration::from_millis(10));
}

impl Trial {
    /// A new, empty home for a server: its data, its log.
    pub(crate) fn home(&self, name: &str) -> Outcome<PathBuf> {
        let home = self.directory.join(name);
        fs::create_dir_all(&home)?;
        Ok(home)
    }

    /// Does `count` things on as many threads as there are processors; stops at the first that fails.
    pub(crate) fn each<T: Send>(
        &self,
        count: usize,
        one: impl Fn(usize) -> Outcome<T> + Sync,
    ) -> Outcome<Vec<T>> {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let next = std::sync::atomic::AtomicUsize::new(0);
        let failed = std::sync::atomic::AtomicBool::new(false);
        let order = std::sync::atomic::Ordering::Relaxed;
        thread::scope(|scope| {
            let work = || {
                let mut done = Vec::new();
                loop {
                    let n = next.fetch_add(1, order);
                    if n >= count || failed.load(order) {
                        return Ok::<Vec<T>, Trouble>(done);
                    }
                    done.push(one(n).inspect_err(|_| failed.store(true, order))?);
                }
            };
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let mut all = Vec::new();
            for thread in threads {
                all.extend(thread.join().map_err(|_| "a thread of the harness broke off")??);
            }
            Ok(all)
        })
    }
}
