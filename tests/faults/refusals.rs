//! The disk refuses, for want of room or because it is broken, at one point after another: nothing that was refused
//! was acknowledged, nothing breaks off, what is there can be read, and with room there all goes on by itself.

use std::{
    fs,
    time::{Duration, Instant},
};

use crate::{
    Outcome, Trial, breathe,
    cuts::legal,
    dice::Dice,
    ledger::Ledger,
    server::{Control, Orders, Server},
    walk::{self, Halt, Walker},
};

const NO_ROOM: u64 = 28;
const BROKEN: u64 = 5;
const SHORT: usize = 16;
/// So long it may take until everything goes again.
const RECOVERY: Duration = Duration::from_secs(20);

pub(crate) fn run(trial: &Trial) -> Outcome<String> {
    let points = count(trial)?;
    let mut dice = trial.dice.clone();
    let chosen: Vec<u64> = if trial.long {
        (1..=points).collect()
    } else {
        (0..SHORT).map(|_| dice.within(1..points + 1)).collect()
    };
    let refused = trial.each(chosen.len() * 2, |n| {
        let (point, error) = (chosen[n / 2], [NO_ROOM, BROKEN][n % 2]);
        refuse(trial, point, error, trial.dice.nth(n))
            .map_err(|why| format!("error {error} at {point} of {points}: {why}").into())
    })?;
    let requests: usize = refused.iter().sum();
    Ok(format!(
        "no room and a broken disk at {} of {points} points: {requests} requests refused by 503, 0 false, all went on",
        chosen.len()
    ))
}

/// How many points there are once the server is ready.
fn count(trial: &Trial) -> Outcome<u64> {
    let home = trial.home("whole")?;
    let (begun, control) = trial.bench.begin_watched(&home, &Orders::default(), None)?;
    let server = begun.ready(&home)?;
    let before = control.points()?;
    crate::cuts::go(&server, &control, &mut Ledger::default())?;
    let points = control.points()? - before;
    server.kill()?;
    Ok(points)
}

fn refuse(trial: &Trial, point: u64, error: u64, mut dice: Dice) -> Outcome<usize> {
    let home = trial.home(&format!("{error}-{point}"))?;
    let (begun, control) = trial.bench.begin_watched(&home, &Orders::default(), None)?;
    let mut server = begun.ready(&home)?;
    let from = control.points()? + point;
    // Once only, for a while, or until the fault is mended.
    let to = match dice.within(0..3) {
        0 => from,
        1 => from + dice.within(1..20),
        _ => u64::MAX,
    };
    control.order(&Orders { fail: (from, to), error, ..Orders::default() })?;
    let mut ledger = Ledger::default();
    let refused = go(&mut server, &control, &mut ledger)?;
    control.order(&Orders::default())?;
    walk::check(server.client, &ledger, u64::MAX)?;
    server.kill()?;
    legal(&trial.bench, &home, &ledger, u64::MAX)?;
    fs::remove_dir_all(home)?;
    Ok(refused)
}

/// Walks to the end. When a step is refused, what is there is read; then there is room, and it is taken again.
fn go(server: &mut Server, control: &Control, ledger: &mut Ledger) -> Outcome<usize> {
    let (client, mut refused) = (server.client, 0);
    let now = || 0;
    for step in walk::STEPS {
        let mut until = None;
        loop {
            let mut walker = Walker { client, ledger, now: &now };
            match walker.take(*step) {
                Ok(()) => break,
                Err(Halt::Refused(answer)) if answer.status == 503 => refused += 1,
                Err(Halt::Refused(answer)) => {
                    return Err(format!("not 503 but {}: {}", answer.status, answer.text()).into());
                }
                Err(Halt::Lost) if !server.is_there() => return Err("the server has ended".into()),
                Err(Halt::Lost) => return Err("there was no answer".into()),
                Err(Halt::Wrong(why)) => return Err(why.into()),
            }
            if until.is_none() {
                walk::readable(client, ledger).map_err(|why| format!("while the disk refuses: {why}"))?;
                control.order(&Orders::default())?;
            }
            if Instant::now() > *until.get_or_insert_with(|| Instant::now() + RECOVERY) {
                return Err("it is still refused when the disk takes everything again".into());
            }
            breathe();
        }
    }
    Ok(refused)
}
