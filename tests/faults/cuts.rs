//! The server dies at one write, sync, rename or removal after another: whatever it leaves is legal.

use std::{fs, path::Path};

use crate::{
    Outcome, Trial,
    ledger::Ledger,
    server::{Bench, Control, Orders, Server, said},
    walk::{self, Halt, Walker},
};

const SHORT: usize = 24;

pub(crate) fn run(trial: &Trial) -> Outcome<String> {
    let points = count(trial)?;
    let chosen: Vec<u64> = if trial.long {
        (1..=points).collect()
    } else {
        let mut dice = trial.dice.clone();
        (0..SHORT).map(|_| dice.within(1..points + 1)).collect()
    };
    let torn = |point: u64| trial.dice.nth(point as usize).once_in(2);
    trial.each(chosen.len(), |n| {
        let point = chosen[n];
        cut(trial, point, torn(point)).map_err(|error| format!("cut at {point} of {points}: {error}").into())
    })?;
    Ok(format!("{} cuts at {points} points: every state legal", chosen.len()))
}

/// How many points there are when nobody cuts.
fn count(trial: &Trial) -> Outcome<u64> {
    let home = trial.home("uncut")?;
    let (begun, control) = trial.bench.begin_watched(&home, &Orders::default(), None)?;
    let server = begun.ready(&home)?;
    let mut ledger = Ledger::default();
    go(&server, &control, &mut ledger)?;
    walk::check(server.client, &ledger, u64::MAX)?;
    server.kill()?;
    Ok(control.points()?)
}

fn cut(trial: &Trial, point: u64, torn: bool) -> Outcome {
    let home = trial.home(&format!("{point}"))?;
    let orders = Orders { kill_at: point, torn, ..Orders::default() };
    let (begun, control) = trial.bench.begin_watched(&home, &orders, None)?;
    let mut ledger = Ledger::default();
    // It may die before it is ready.
    if let Ok(server) = begun.ready(&home) {
        go(&server, &control, &mut ledger)?;
        // The last points come when all is over, or not at all this time.
        server.kill()?;
    }
    legal(&trial.bench, &home, &ledger, u64::MAX)?;
    Ok(fs::remove_dir_all(home)?)
}

/// Walks until the end, or until the server is gone.
pub(crate) fn go(server: &Server, control: &Control, ledger: &mut Ledger) -> Outcome {
    let now = || control.points().unwrap_or(u64::MAX);
    let mut walker = Walker { client: server.client, ledger, now: &now };
    for step in walk::STEPS {
        match walker.take(*step) {
            Ok(()) => {}
            Err(Halt::Lost) => return Ok(()),
            Err(Halt::Refused(answer)) => return Err(format!("{} {}", answer.status, answer.text()).into()),
            Err(Halt::Wrong(why)) => return Err(why.into()),
        }
    }
    Ok(())
}

/// Starts the server on what is there, and checks that it is legal, goes on, and is whole.
pub(crate) fn legal(bench: &Bench, home: &Path, ledger: &Ledger, point: u64) -> Outcome {
    let server = bench.start(home)?;
    walk::check(server.client, ledger, point)?;
    server.kill()?;
    sound(home)
}

/// Nothing broke off, and SQLite finds nothing wrong with the store.
pub(crate) fn sound(home: &Path) -> Outcome {
    let said = said(home);
    if let Some(line) = said.lines().find(|line| line.contains("panicked") || line.contains("broke off")) {
        return Err(format!("the server's log: {line}").into());
    }
    let store = rusqlite::Connection::open(home.join("data/store/store.db"))?;
    let found: String = store.query_row("pragma integrity_check", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(format!("SQLite says: {found}").into()) }
}
