//! Records that nobody can read: they are put aside and reported, start after start, and everything else goes on.

use std::{path::Path, process::Command};

use rusqlite::Connection;
use serde_json::json;

use crate::{
    Outcome, Trial,
    client::Client,
    cuts::{go, sound},
    ledger::{Ledger, Thing},
    server::{Bench, Orders, said},
    walk::{self, Halt, TOLD, WALK, Walker, arn},
};

const STARTS: usize = 20;

/// What is done to the store, and whom it may harm.
const POISONS: &[(&str, &str)] = &[
    (
        "an execution whose document is no JSON",
        "update documents set body = '{' where kind = 'execution' and id = 'walk/one'",
    ),
    (
        "an execution whose history is torn",
        "update history_rows set records = substr(records, 1, 20) where history = (select id from histories where name like '%:walk:two')",
    ),
    (
        "a state machine of another shape",
        "update documents set body = '{\"name\": 7}' where kind = 'state-machine' and id = 'spare'",
    ),
    ("a rule that is no rule", "update documents set body = '[]' where kind = 'rule' and id like '%/spare'"),
    (
        "work of which the body is cut off",
        "update work set body = substr(body, 1, length(body) / 2) where topic = 'timers'",
    ),
    (
        "work that is nothing",
        "insert into work (number, topic, id, due, body, sum) values (1, 'tasks', 'made-up', 0, 'nonsense', 0)",
    ),
    (
        "work in lanes whose names are no text: `tasks/` and `news/` with a byte that is none",
        "insert into work (number, topic, id, due, body, sum) values
         (2, cast(x'7461736b732fff' as text), 'made-up', 0, 'nonsense', 0),
         (3, cast(x'6e6577732fff' as text), 'made-up', 0, 'nonsense', 0)",
    ),
    (
        "a document of a newer format",
        "update documents set format = 99 where kind = 'activity' and id = 'spare'",
    ),
];

pub(crate) fn run(trial: &Trial) -> Outcome<String> {
    let home = trial.home("poison")?;
    let mut ledger = prepare(trial, &home)?;
    let changed = poison(&home)?;
    let mut good = 0;
    for start in 0..STARTS {
        let server = trial.bench.start(&home)?;
        good += goes_on(server.client, &mut ledger, start).map_err(|why| format!("start {start}: {why}"))?;
        refused(server.client)?;
        if start == 0 {
            reported(&trial.bench, &home)?;
        }
        server.kill()?;
    }
    sound(&home)?;
    Ok(format!(
        "{} kinds of poison in {changed} records, {STARTS} starts: {good} executions went their way",
        POISONS.len()
    ))
}

fn prepare(trial: &Trial, home: &Path) -> Outcome<Ledger> {
    let (begun, control) = trial.bench.begin_watched(home, &Orders::default(), None)?;
    let server = begun.ready(home)?;
    let client = server.client;
    let mut ledger = Ledger::default();
    go(&server, &control, &mut ledger)?;
    let pass = json!({"StartAt": "Only", "States": {"Only": {"Type": "Wait", "Seconds": 3600, "End": true}}})
        .to_string();
    client.must("CreateActivity", &json!({"name": "spare"}))?;
    client
        .must("CreateStateMachine", &json!({"name": "spare", "definition": pass, "roleArn": walk::role()}))?;
    client
        .must("StartExecution", &json!({"stateMachineArn": arn("stateMachine", "spare"), "name": "rests"}))?;
    let rule = json!({"Name": "spare", "EventPattern": "{\"source\": [\"nobody\"]}"});
    if !client.events("PutRule", &rule)?.is_ok() {
        return Err("the rule is not taken".into());
    }
    server.kill()?;
    Ok(ledger)
}

fn poison(home: &Path) -> Outcome<usize> {
    let store = Connection::open(home.join("data/store/store.db"))?;
    let mut changed = 0;
    for (what, sql) in POISONS {
        match store.execute(sql, [])? {
            0 => return Err(format!("there is nothing to make {what} of").into()),
            rows => changed += rows,
        }
    }
    Ok(changed)
}

/// What is not poisoned is as it was, and new executions run to their end.
fn goes_on(client: Client, ledger: &mut Ledger, start: usize) -> Outcome<usize> {
    for thing in ledger.things() {
        let harmed = match thing {
            Thing::Execution(name) => ["one", "two"].contains(&name.as_str()),
            Thing::Answered(name, _) => ["one", "two"].contains(&name.as_str()),
            Thing::Told(_) => true,
            _ => false,
        };
        if !harmed && !ledger.legal(thing, u64::MAX).contains(&&walk::look(client, thing)?) {
            return Err(format!("{thing:?} is not what it was").into());
        }
    }
    let name = format!("after-{start}");
    let mut own = Ledger::default();
    let mut walker = Walker { client, ledger: &mut own, now: &|| 0 };
    walker.start(&name).map_err(said_no)?;
    // Two tasks of ours, and perhaps one of somebody before.
    let ask = json!({"executionArn": arn("execution", &format!("{WALK}:{name}"))});
    for _ in 0..10 {
        if client.must("DescribeExecution", &ask)?["status"] == "SUCCEEDED" {
            return Ok(1);
        }
        let mut walker = Walker { client, ledger: &mut own, now: &|| 0 };
        walker.answer_one().map_err(said_no)?;
    }
    Err(format!("{name} does not go on").into())
}

fn said_no(halt: Halt) -> String {
    match halt {
        Halt::Lost => "there was no answer".to_owned(),
        Halt::Refused(answer) => format!("{} {}", answer.status, answer.text()),
        Halt::Wrong(why) => why,
    }
}

/// Who asks for what is poisoned is told so, and not that it is not there, or something else.
fn refused(client: Client) -> Outcome {
    for name in ["one", "two"] {
        let ask = json!({"executionArn": arn("execution", &format!("{WALK}:{name}"))});
        let told = client.states("GetExecutionHistory", &ask)?;
        if name == "two" && !told.is_trouble() {
            return Err(format!("a torn history is shown: {} {}", told.status, told.text()).into());
        }
        let told = client.states("DescribeExecution", &ask)?;
        if name == "one" && !told.is_trouble() {
            return Err(format!("a torn document is shown: {} {}", told.status, told.text()).into());
        }
    }
    walk::executions(client, TOLD)?;
    Ok(())
}

fn reported(bench: &Bench, home: &Path) -> Outcome {
    let log = said(home);
    for word in ["walk/one", "walk:two", "spare"] {
        if !log.lines().any(|line| line.contains("cannot be read") && line.contains(word)) {
            return Err(format!("the log says nothing of {word}").into());
        }
    }
    let shown = Command::new(&bench.binary).args(["status", "--data"]).arg(home.join("data")).output()?;
    let shown =
        format!("{}{}", String::from_utf8_lossy(&shown.stdout), String::from_utf8_lossy(&shown.stderr));
    if shown.contains("damaged") {
        Ok(())
    } else {
        Err(format!("`trainyard status` says nothing: {shown}").into())
    }
}
