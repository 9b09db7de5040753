//! One bit of what lies on the disk is another: it is noticed, and nobody is told something wrong.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    Outcome, Trial,
    client::Client,
    cuts::go,
    ledger::{Content, Ledger, Thing},
    server::{Orders, said},
    walk,
};

const SHORT: usize = 16;
const LONG: usize = 1_000;

/// What became of one flip.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// All answers were as before: it hit what nobody needs, or what is there twice.
    Harmless,
    /// Somebody was told that something is damaged.
    Told,
    /// The server did not start, and said why.
    Refused,
}

pub(crate) fn run(trial: &Trial) -> Outcome<String> {
    let home = trial.home("whole")?;
    let (begun, control) = trial.bench.begin_watched(&home, &Orders::default(), None)?;
    let server = begun.ready(&home)?;
    let mut ledger = Ledger::default();
    go(&server, &control, &mut ledger)?;
    walk::settle(server.client, &ledger, u64::MAX)?;
    server.kill()?;
    let closed = closed(trial, &home)?;
    let flips = if trial.long { LONG } else { SHORT };
    let fates = trial.each(flips, |n| {
        let whole = if n % 2 == 0 { &home } else { &closed };
        flip(trial, whole, &ledger, n).map_err(|why| format!("flip {n}: {why}").into())
    })?;
    let count = |fate: Fate| fates.iter().filter(|one| **one == fate).count();
    let (harmless, told, refused) = (count(Fate::Harmless), count(Fate::Told), count(Fate::Refused));
    if told == 0 {
        return Err("no flip was noticed at all".into());
    }
    Ok(format!(
        "{flips} flips: 0 wrong answers; {told} reported, {refused} starts refused, {harmless} without harm"
    ))
}

/// The same as a server leaves it that was asked to end: without a log.
fn closed(trial: &Trial, home: &Path) -> Outcome<PathBuf> {
    let closed = trial.home("closed")?;
    copy(&home.join("data"), &closed.join("data"))?;
    let server = trial.bench.start(&closed)?;
    let process = nix::unistd::Pid::from_raw(i32::try_from(server.id())?);
    nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGINT)?;
    server.ended()?;
    Ok(closed)
}

fn flip(trial: &Trial, whole: &Path, ledger: &Ledger, n: usize) -> Outcome<Fate> {
    let mut dice = trial.dice.nth(n);
    let home = trial.home(&format!("flip-{n}"))?;
    copy(&whole.join("data"), &home.join("data"))?;
    let kept = files(&home.join("data/blobs/kept"))?;
    let file = match dice.within(0..10) {
        0 if !kept.is_empty() => kept[dice.within(0..kept.len() as u64) as usize].clone(),
        1..=5 if home.join("data/store/store.db-wal").exists() => home.join("data/store/store.db-wal"),
        _ => home.join("data/store/store.db"),
    };
    let mut bytes = fs::read(&file)?;
    let bit = dice.within(0..bytes.len() as u64 * 8) as usize;
    bytes[bit / 8] ^= 1 << (bit % 8);
    fs::write(&file, bytes)?;
    let place = format!("bit {bit} of {}", file.display());
    let fate = match trial.bench.start(&home) {
        Ok(server) => {
            let fate = ask(server.client, ledger, &home).map_err(|why| format!("{place}: {why}"))?;
            server.kill()?;
            fate
        }
        Err(why) if why.to_string().contains("store.db") => Fate::Refused,
        Err(why) => return Err(format!("{place}: {why}").into()),
    };
    if let Some(line) = said(&home).lines().find(|line| line.contains("panicked")) {
        return Err(format!("{place}: {line}").into());
    }
    fs::remove_dir_all(home)?;
    Ok(fate)
}

/// Asks for everything that was acknowledged: it is right, or said to be damaged.
fn ask(client: Client, ledger: &Ledger, home: &Path) -> Outcome<Fate> {
    let mut fate = Fate::Harmless;
    for thing in ledger.things() {
        let found = walk::look(client, thing);
        let legal = ledger.legal(thing, u64::MAX);
        match found {
            Ok(found) if legal.contains(&&found) => {}
            Err(_) => fate = Fate::Told,
            // What is found by a list is left out of it, and the log says so; as it does when commits are lost.
            Ok(_) if lost(home) => fate = Fate::Told,
            Ok(None) if listed(thing) && reported(home) => fate = Fate::Told,
            Ok(found) => return Err(format!("{thing:?} is {}", word(&found)).into()),
        }
    }
    if reported(home) { Ok(Fate::Told) } else { Ok(fate) }
}

fn listed(thing: &Thing) -> bool {
    matches!(thing, Thing::Told(_) | Thing::Rule | Thing::Answered(..))
}

fn reported(home: &Path) -> bool {
    said(home).lines().any(|line| line.contains("cannot be read") || line.contains("damaged"))
}

fn lost(home: &Path) -> bool {
    said(home).contains("what was committed from there on is lost")
}

fn word(content: &Content) -> String {
    content.as_ref().map_or("not there".to_owned(), |bytes| format!("{} other bytes", bytes.len()))
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type()? {
            kind if kind.is_dir() => copy(&from, &to)?,
            kind if kind.is_file() => drop(fs::copy(&from, &to)?),
            _ => {}
        }
    }
    Ok(())
}

fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
