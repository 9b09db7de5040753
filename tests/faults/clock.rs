//! The time of day jumps: waits take as long as they say and fire once, and nothing expires before its time.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::{
    Outcome, Trial, breathe,
    client::Client,
    cuts::sound,
    server::{Control, Orders},
    walk::{arn, history, role},
};

const HOUR: i64 = 3600;
const JUMPS: &[i64] = &[HOUR, -HOUR, 24 * HOUR, -24 * HOUR];
const WAIT: Duration = Duration::from_secs(2);
/// So much later or earlier than it says a wait may end: a busy machine, and a clock that makes up for a jump.
const LATE: Duration = Duration::from_millis(1_500);
const EARLY: Duration = Duration::from_millis(200);
const WAITERS: usize = 20;

pub(crate) fn run(trial: &Trial) -> Outcome<String> {
    let home = trial.home("clock")?;
    let (begun, control) = trial.bench.begin_watched(&home, &Orders::default(), None)?;
    let server = begun.ready(&home)?;
    let client = server.client;
    make(client)?;
    // These are open over all jumps: for the task of one somebody has a quarter of an hour, the other rests for one.
    start(client, "patient", "patient")?;
    start(client, "sleeper", "sleeper")?;
    let token = taken(client)?;
    let rounds = if trial.long { 5 } else { 1 };
    let mut latest = Duration::ZERO;
    let mut clock = 0;
    for round in 0..rounds {
        for (n, jump) in JUMPS.iter().enumerate() {
            clock += jump;
            let late = jumped(client, &control, &format!("{round}-{n}"), clock)
                .map_err(|error| format!("after a jump of {jump} s: {error}"))?;
            latest = latest.max(late);
        }
    }
    control.order(&Orders { clock: 24 * HOUR, ..Orders::default() })?;
    still_running(client, "patient")?;
    still_running(client, "sleeper")?;
    client.must("SendTaskSuccess", &json!({"taskToken": token, "output": "{}"}))?;
    over(client, "patient", "patient", Instant::now() + WAIT + LATE)?;
    server.kill()?;
    sound(&home)?;
    let waits = rounds * JUMPS.len() * WAITERS;
    Ok(format!(
        "{waits} waits over jumps of 1 h and 1 d, both ways: each ended once, at most {latest:?} late; 0 expired"
    ))
}

fn make(client: Client) -> Outcome {
    client.must("CreateActivity", &json!({"name": "patient"}))?;
    let task =
        json!({"Type": "Task", "Resource": arn("activity", "patient"), "TimeoutSeconds": 900, "End": true});
    let wait = |seconds: u64| json!({"Type": "Wait", "Seconds": seconds, "End": true});
    for (name, state) in [("patient", task), ("waiter", wait(WAIT.as_secs())), ("sleeper", wait(900))] {
        let definition = json!({"StartAt": "Only", "States": {"Only": state}}).to_string();
        client.must(
            "CreateStateMachine",
            &json!({"name": name, "definition": definition, "roleArn": role()}),
        )?;
    }
    Ok(())
}

fn start(client: Client, machine: &str, name: &str) -> Outcome {
    let start = json!({"stateMachineArn": arn("stateMachine", machine), "name": name});
    client.must("StartExecution", &start).map(drop)
}

fn taken(client: Client) -> Outcome<String> {
    let task = client.must("GetActivityTask", &json!({"activityArn": arn("activity", "patient")}))?;
    Ok(task["taskToken"].as_str().ok_or("nobody offers the task")?.to_owned())
}

/// Starts waits, sets the clock, and checks that each ends when it should; how late the latest was.
fn jumped(client: Client, control: &Control, round: &str, clock: i64) -> Outcome<Duration> {
    let name = |n: usize| format!("waiter-{round}-{n}");
    let mut begun = Vec::new();
    for n in 0..WAITERS {
        let asked = Instant::now();
        start(client, "waiter", &name(n))?;
        begun.push((asked, Instant::now()));
    }
    control.order(&Orders { clock, ..Orders::default() })?;
    let mut latest = Duration::ZERO;
    for (n, (asked, answered)) in begun.into_iter().enumerate() {
        let ended = over(client, "waiter", &name(n), answered + WAIT + LATE)?;
        if ended < asked + WAIT - EARLY {
            return Err(format!("{} ended after {:?}, not {WAIT:?}", name(n), ended - asked).into());
        }
        latest = latest.max(ended.saturating_duration_since(answered + WAIT));
        let events = history(client, &arn("execution", &format!("waiter:{}", name(n))))?;
        let exits = events.iter().filter(|event| event["type"] == "WaitStateExited").count();
        if exits != 1 {
            return Err(format!("{} went on {exits} times", name(n)).into());
        }
    }
    Ok(latest)
}

/// Waits until the execution has succeeded; when that was seen.
fn over(client: Client, machine: &str, name: &str, until: Instant) -> Outcome<Instant> {
    let ask = json!({"executionArn": arn("execution", &format!("{machine}:{name}"))});
    loop {
        let seen = client.must("DescribeExecution", &ask)?;
        match seen["status"].as_str() {
            Some("SUCCEEDED") => return Ok(Instant::now()),
            Some("RUNNING") if Instant::now() < until => breathe(),
            other => return Err(format!("{name} is {other:?}").into()),
        }
    }
}

fn still_running(client: Client, name: &str) -> Outcome {
    let ask = json!({"executionArn": arn("execution", &format!("{name}:{name}"))});
    let seen = client.must("DescribeExecution", &ask)?;
    if seen["status"] == "RUNNING" { Ok(()) } else { Err(format!("before its time {seen}").into()) }
}
