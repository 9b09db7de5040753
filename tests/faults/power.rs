//! The power goes at any time: of what was not synced, anything may be missing. What was acknowledged is there.

use std::fs;

use crate::{
    Outcome, Trial,
    cuts::{go, legal},
    disk::Log,
    ledger::Ledger,
    server::Orders,
};

const SHORT: usize = 40;
const LONG: usize = 2_500;

pub(crate) fn run(trial: &Trial) -> Outcome<String> {
    let home = trial.home("recorded")?;
    let log = home.join("log");
    let (begun, control) = trial.bench.begin_watched(&home, &Orders::default(), Some(&log))?;
    let server = begun.ready(&home)?;
    let mut ledger = Ledger::default();
    go(&server, &control, &mut ledger)?;
    server.kill()?;
    let log = Log::read(&log)?;
    if log.len() as u64 != control.points()? {
        return Err(format!("{} points were passed, {} were recorded", control.points()?, log.len()).into());
    }
    let images = if trial.long { LONG } else { SHORT };
    let acknowledged = trial.each(images, |n| {
        let mut dice = trial.dice.nth(n);
        let count = dice.within(1..log.len() as u64 + 1) as usize;
        let home = trial.home(&format!("image-{n}"))?;
        log.image(count, &mut dice, &home.join("data"))?;
        legal(&trial.bench, &home, &ledger, count as u64)
            .map_err(|error| format!("image {n}, cut after {count} of {}: {error}", log.len()))?;
        fs::remove_dir_all(home)?;
        Ok(ledger.acknowledged(count as u64))
    })?;
    let checked: usize = acknowledged.iter().sum();
    Ok(format!(
        "{images} images of {} things done: {checked} acknowledged things looked for, 0 missing",
        log.len()
    ))
}
