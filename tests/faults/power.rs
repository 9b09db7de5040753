//! The power goes at any time: of what was not synced, anything may be missing. What was acknowledged is there.
//!
//! Whether this would notice a sync that is not made is tried too: each kind of them is taken out of what was recorded,
//! and then something must be missing.

use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
};

use crate::{
    Outcome, Trial,
    cuts::{go, legal},
    disk::Log,
    ledger::Ledger,
    server::Orders,
};

/// Images that must hold, and images among which one must not when a kind of sync is taken away.
const SHORT: (usize, usize) = (40, 60);
const LONG: (usize, usize) = (2_500, 200);
/// What the paths of files and directories begin with whose syncs are taken away.
const SYNCS: &[&str] = &["store/store.db-wal", "blobs/coming", "blobs/kept/"];

/// So many threads of the server may be at a point of their own when it is killed.
const THREADS: u64 = 8;

pub(crate) fn run(trial: &Trial) -> Outcome<String> {
    let home = trial.home("recorded")?;
    let log = home.join("log");
    let (begun, control) = trial.bench.begin_watched(&home, &Orders::default(), Some(&log))?;
    let server = begun.ready(&home)?;
    let mut ledger = Ledger::default();
    go(&server, &control, &mut ledger)?;
    server.kill()?;
    let log = Log::read(&log)?;
    // A thread that was killed between the two has passed a point that is not recorded.
    let (passed, recorded) = (control.points()?, log.len() as u64);
    if !(recorded..=recorded + THREADS).contains(&passed) {
        return Err(format!("{passed} points were passed, {recorded} were recorded").into());
    }
    let (images, mutants) = if trial.long { LONG } else { SHORT };
    let acknowledged = trial.each(images, |n| {
        let mut dice = trial.dice.nth(n);
        let count = dice.within(1..log.len() as u64 + 1) as usize;
        let place = format!("image {n}, cut after {count} of {}", log.len());
        image(trial, &log, &ledger, (n, count)).map_err(|error| format!("{place}: {error}"))?;
        Ok(ledger.acknowledged(count as u64))
    })?;
    for syncs in SYNCS {
        let mutant = log.without_syncs(syncs);
        let tried = AtomicUsize::new(0);
        let noticed = trial.each(mutants, |n| {
            tried.fetch_add(1, Ordering::Relaxed);
            // Late cuts: by then much was acknowledged.
            let count = trial.dice.nth(n).within(mutant.len() as u64 / 2..mutant.len() as u64 + 1) as usize;
            image(trial, &mutant, &ledger, (images + n, count))
        });
        if noticed.is_ok() {
            return Err(
                format!("nothing is missing in {mutants} images without the syncs of {syncs}*").into()
            );
        }
    }
    let checked: usize = acknowledged.iter().sum();
    Ok(format!(
        "{images} images of {} things done: {checked} acknowledged things looked for, 0 missing; \
         {} kinds of syncs taken away: each noticed",
        log.len(),
        SYNCS.len()
    ))
}

fn image(trial: &Trial, log: &Log, ledger: &Ledger, (n, count): (usize, usize)) -> Outcome {
    let home = trial.home(&format!("image-{n}"))?;
    log.image(count, &mut trial.dice.nth(n), &home.join("data"))?;
    legal(&trial.bench, &home, ledger, count as u64)?;
    Ok(fs::remove_dir_all(home)?)
}
