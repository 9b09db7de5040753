//! What only shows between processes: killing one, keeping a second one out, a disk that takes no more.
//!
//! Without the standard harness: the same program is its own child, told by the environment what to do.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_store::{Changes, Error, Expect, Keys, List, Noun, Store, WorkItem};

const ROLE: &str = "TRAINYARD_STORE_TEST_ROLE";
const DIRECTORY: &str = "TRAINYARD_STORE_TEST_DIRECTORY";
const WORKERS: usize = 4;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A worker's counter, and one of these for each step that it made.
#[derive(Debug, Serialize, Deserialize)]
struct Step {
    worker: usize,
    id: String,
    count: u64,
}

impl Noun for Step {
    const KIND: &'static str = "step";
    fn scope(&self) -> String {
        format!("worker {}", self.worker)
    }
    fn id(&self) -> String {
        self.id.clone()
    }
    fn keys(&self, keys: &mut Keys) {
        keys.add_number("count", i64::try_from(self.count).unwrap_or(i64::MAX));
    }
}

#[tokio::main]
async fn main() -> Outcome {
    match env::var(ROLE).as_deref() {
        Ok("commit") => commit_for_ever(&child_store().await?).await,
        Ok("open") => say(&match child_store().await {
            Ok(_) => "opened".to_owned(),
            Err(e) => e.to_string(),
        }),
        Ok("fill") => fill(&child_store().await?).await,
        Ok(other) => Err(format!("no such role: {other}").into()),
        Err(_) => {
            what_was_acknowledged_survives_a_kill().await?;
            a_second_process_is_kept_out().await?;
            a_disk_that_takes_no_more_is_survived()
        }
    }
}

/// Kills a committing process again and again: all that it acknowledged is there, and nothing is there by half.
async fn what_was_acknowledged_survives_a_kill() -> Outcome {
    let directory = tempfile::tempdir()?;
    let (mut acknowledged, mut told) = (vec![0; WORKERS], 0);
    for kill_after in [1, 3, 50, 2, 400, 17, 120, 1, 33, 250] {
        let mut child = child("commit", directory.path())?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        for line in lines.by_ref().take(kill_after) {
            note(&line?, &mut acknowledged)?;
            told += 1;
        }
        child.kill()?;
        child.wait()?;
        // What it had said before it died counts too; the last line may be torn.
        for line in lines {
            if let Some(whole) = line?.strip_suffix('.') {
                note(whole, &mut acknowledged)?;
                told += 1;
            }
        }
        let store = Store::open(directory.path()).await?;
        for (worker, acknowledged) in acknowledged.iter_mut().enumerate() {
            *acknowledged = check_worker(&store, worker, *acknowledged).await?;
        }
    }
    say(&format!("ok: 10 kills, all of {told} acknowledged commits are there"))
}

fn note(line: &str, acknowledged: &mut [u64]) -> Outcome {
    let (worker, count) = line.trim_end_matches('.').split_once(' ').ok_or("no line of ours")?;
    acknowledged[worker.parse::<usize>()?] = count.parse()?;
    Ok(())
}

/// Checks all that a worker left, and returns how far it came.
async fn check_worker(
    store: &Store,
    worker: usize,
    acknowledged: u64,
) -> Result<u64, Box<dyn std::error::Error>> {
    let count = count(store, worker).await?;
    // One more may have been committed without anybody being told.
    if count != acknowledged && count != acknowledged + 1 {
        return Err(format!("worker {worker} was told {acknowledged}, {count} is there").into());
    }
    let history = store.history(&format!("worker {worker}"), 1, usize::MAX).await?;
    let records = history.iter().map(|(_, record)| record.parse::<u64>()).collect::<Result<Vec<_>, _>>()?;
    assert_eq!(records, (1..=count).collect::<Vec<_>>(), "the history of worker {worker}");
    let list = List::in_scope(format!("worker {worker}")).by("count").limit(10_000);
    let steps = store.list::<Step>(list).await?.items;
    let mut expected: Vec<_> = (1..=count).map(|step| format!("step {step}")).collect();
    if count > 0 {
        expected.insert(expected.len(), "total".to_owned());
    }
    let mut ids: Vec<_> = steps.into_iter().map(|held| (held.value.count, held.value.id)).collect();
    ids.sort();
    assert_eq!(ids.into_iter().map(|(_, id)| id).collect::<Vec<_>>(), expected, "of worker {worker}");
    let work = store.due("last", Timestamp(0), 100).await?;
    let mine = work.iter().find(|item| item.id == worker.to_string()).map(|item| item.body.clone());
    assert_eq!(mine, (count > 0).then(|| count.to_string()), "the work of worker {worker}");
    Ok(count)
}

async fn count(store: &Store, worker: usize) -> Result<u64, Error> {
    let held = store.get::<Step>(&format!("worker {worker}"), "total").await?;
    Ok(held.map_or(0, |held| held.value.count))
}

/// Several workers commit as fast as they can, each several things together, and say what was acknowledged.
async fn commit_for_ever(store: &Store) -> Outcome {
    let workers = (0..WORKERS).map(|worker| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut count = count(&store, worker).await?;
            loop {
                count += 1;
                let mut changes = Changes::new();
                changes.put(&Step { worker, id: "total".into(), count }, Expect::Any)?;
                changes.put(&Step { worker, id: format!("step {count}"), count }, Expect::Absent)?;
                changes.append(&format!("worker {worker}"), count, &[count])?;
                changes.schedule(WorkItem::now("last", worker.to_string(), count.to_string()));
                store.commit(changes).await?;
                if say(&format!("{worker} {count}.")).is_err() {
                    return Ok::<_, Error>(());
                }
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await??;
    }
    Ok(())
}

async fn a_second_process_is_kept_out() -> Outcome {
    let directory = tempfile::tempdir()?;
    let store = Store::open(directory.path()).await?;
    let said = output(child("open", directory.path())?)?;
    assert!(said.contains(&format!("in use by process {}", std::process::id())), "{said}");
    assert!(said.contains(&directory.path().display().to_string()), "{said}");
    drop(store);
    assert_eq!(output(child("open", directory.path())?)?, "opened\n");
    say("ok: a second process is kept out while the first is there")
}

/// The child may write no more than 1 MiB to a file, until it allows itself more.
fn a_disk_that_takes_no_more_is_survived() -> Outcome {
    let directory = tempfile::tempdir()?;
    let script = "trap '' XFSZ; ulimit -S -f 1024; exec \"$0\"";
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(env::current_exe()?);
    let said = output(spawn(command, "fill", directory.path())?)?;
    assert_eq!(said, "refused, read, recovered\n");
    say("ok: a disk that takes no more is survived")
}

async fn fill(store: &Store) -> Outcome {
    let pad = "x".repeat(30_000);
    let step = |count| Step { worker: 0, id: format!("{count} {pad}"), count };
    let mut kept = 0;
    let refused = loop {
        let mut changes = Changes::new();
        changes.put(&step(kept + 1), Expect::Absent)?;
        match store.commit(changes).await {
            Ok(()) => kept += 1,
            Err(e) => break e,
        }
        assert!(kept < 1000, "the limit does not hold");
    };
    assert!(matches!(refused, Error::Unavailable(_)), "{refused}");
    assert!(kept > 0);
    let there = async || -> Result<usize, Error> {
        Ok(store.list::<Step>(List::in_scope("worker 0").by("count").limit(1000)).await?.items.len())
    };
    assert_eq!(there().await? as u64, kept);

    let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE)?;
    setrlimit(Resource::RLIMIT_FSIZE, hard, hard)?;
    let mut changes = Changes::new();
    changes.put(&step(kept + 1), Expect::Absent)?;
    store.commit(changes).await?;
    assert_eq!(there().await? as u64, kept + 1);
    say("refused, read, recovered")
}

async fn child_store() -> Result<Store, Error> {
    let directory = env::var_os(DIRECTORY).ok_or_else(|| Error::Refused("no directory".into()))?;
    Store::open(Path::new(&directory)).await
}

fn child(role: &str, directory: &Path) -> io::Result<Child> {
    spawn(Command::new(env::current_exe()?), role, directory)
}

fn spawn(mut command: Command, role: &str, directory: &Path) -> io::Result<Child> {
    command.env(ROLE, role).env(DIRECTORY, directory).stdout(Stdio::piped()).spawn()
}

fn output(child: Child) -> Result<String, Box<dyn std::error::Error>> {
    let output = child.wait_with_output()?;
    assert!(output.status.success(), "the child ended with {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

fn say(line: &str) -> Outcome {
    Ok(io::stdout().write_all(format!("{line}\n").as_bytes())?)
}
