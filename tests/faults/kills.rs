//! kill -9 at random moments while executions run: some of jobs, which write their names into a ledger that they sync,
//! some of activities, whose worker writes down each token. Every step is done once, and nothing is lost.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    Outcome, Trial, breathe,
    client::{ACCOUNT, Client, REGION},
    cuts::sound,
    image,
    server::Server,
    walk::{arn, executions, history, role},
};

const STEPS: usize = 10;
/// Kills, executions of each kind, and the longest rest between two kills in milliseconds.
const SHORT: (usize, usize, u64) = (20, 4, 500);
const LONG: (usize, usize, u64) = (200, 25, 2_000);
/// One start in so many is killed before the server is ready.
const EARLY: u64 = 5;
const PATIENCE: Duration = Duration::from_secs(600);
const KINDS: [&str; 2] = ["jobs", "tasks"];

struct Race {
    client: Mutex<Client>,
    over: AtomicBool,
}

impl Race {
    fn client(&self) -> Client {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks as somebody does whose server is away at times: until there is an answer.
    fn persist(&self, operation: &str, input: &Value) -> Outcome<Value> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.client().states(operation, input) {
                Ok(answer) if answer.is_ok() => return answer.json(),
                Ok(answer) => return Err(format!("{operation}: {} {}", answer.status, answer.text()).into()),
                Err(error) if Instant::now() > until => return Err(error.into()),
                Err(_) => breathe(),
            }
        }
    }
}

pub(crate) fn run(trial: &Trial) -> Outcome<String> {
    let (kills, each, longest) = if trial.long { LONG } else { SHORT };
    let home = trial.home("kills")?;
    fs::create_dir_all(home.join("data"))?;
    fs::write(home.join("data/config.toml"), format!("memory = {}\n", 1_u64 << 40))?;
    let server = trial.bench.start(&home)?;
    image::push(&trial.bench.binary, &home, server.client)?;
    make(server.client, &home)?;
    let race = Race { client: Mutex::new(server.client), over: AtomicBool::new(false) };
    let (tokens, starts) = thread::scope(|scope| {
        let worker = scope.spawn(|| work(&race, &home.join("tokens")));
        let starter = scope.spawn(|| start(&race, each));
        let starts = kill(trial, &home, &race, server, (kills, longest, each));
        race.over.store(true, Ordering::Relaxed);
        let broke = |_| "a thread of the harness broke off";
        starter.join().map_err(broke)??;
        let tokens = worker.join().map_err(broke)??;
        Ok::<_, crate::Trouble>((tokens, starts?))
    })?;
    let (server, mut starts) = starts;
    check(server.client, each)?;
    check_jobs(&home.join("ledger"), each)?;
    check_tokens(&tokens, each)?;
    server.kill()?;
    sound(&home)?;
    starts.sort();
    let p99 = starts[(starts.len() * 99).div_ceil(100) - 1];
    if p99 > Duration::from_secs(1) {
        return Err(format!("recovery takes {p99:?} (p99)").into());
    }
    let all = 2 * each;
    Ok(format!(
        "{kills} kills over {all} executions of {STEPS} tasks: lost 0, twice 0, gaps 0; recovery p99 {p99:.0?}"
    ))
}

fn make(client: Client, home: &Path) -> Outcome {
    client.must("CreateActivity", &json!({"name": "tasks"}))?;
    for kind in KINDS {
        let state = |n: usize| if kind == "jobs" { job(n, home) } else { task(n) };
        let states: serde_json::Map<_, _> = (1..=STEPS).map(|n| (format!("Step{n}"), state(n))).collect();
        let definition = json!({"StartAt": "Step1", "States": states}).to_string();
        client.must(
            "CreateStateMachine",
            &json!({"name": kind, "definition": definition, "roleArn": role()}),
        )?;
    }
    Ok(())
}

fn then(mut state: Value, n: usize) -> Value {
    match n {
        STEPS => state["End"] = json!(true),
        _ => state["Next"] = json!(format!("Step{}", n + 1)),
    }
    state["ResultPath"] = Value::Null;
    state
}

fn task(n: usize) -> Value {
    let parameters = json!({"name.$": "$$.Execution.Name", "step": n});
    then(json!({"Type": "Task", "Resource": arn("activity", "tasks"), "Parameters": parameters}), n)
}

fn job(n: usize, home: &Path) -> Value {
    let name = format!("States.Format('{{}}-{n}', $$.Execution.Name)");
    let cluster = json!({"InstanceCount": 1, "InstanceType": "ml.t3.medium", "VolumeSizeInGB": 1});
    let parameters = json!({
        "ProcessingJobName.$": name,
        "RoleArn": role(),
        "AppSpecification": {"ImageUri": format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{}", image::NAME)},
        "Environment": {"LEDGER": home.join("ledger"), "NAME.$": name},
        "ProcessingResources": {"ClusterConfig": cluster},
    });
    let resource = "arn:aws:states:::sagemaker:createProcessingJob.sync";
    then(json!({"Type": "Task", "Resource": resource, "Parameters": parameters}), n)
}

fn name(kind: &str, n: usize) -> String {
    format!("{kind}-{n}")
}

fn start(race: &Race, each: usize) -> Outcome {
    for n in 0..each {
        for kind in KINDS {
            let input = json!({"stateMachineArn": arn("stateMachine", kind), "name": name(kind, n)});
            race.persist("StartExecution", &input)?;
        }
    }
    Ok(())
}

/// Takes tasks, writes each token down for good, and answers; which tokens each step has had.
fn work(race: &Race, ledger: &Path) -> Outcome<BTreeMap<String, Vec<String>>> {
    let mut ledger = OpenOptions::new().create(true).append(true).open(ledger)?;
    let mut seen: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let ask = json!({"activityArn": arn("activity", "tasks")});
    while !race.over.load(Ordering::Relaxed) {
        let client = race.client().waiting(Duration::from_secs(2));
        let Ok(answer) = client.states("GetActivityTask", &ask) else {
            breathe();
            continue;
        };
        let task = answer.json()?;
        let Some(token) = task["taskToken"].as_str() else { continue };
        let input = task["input"].as_str().unwrap_or_default();
        writeln!(ledger, "{input} {token}")?;
        ledger.sync_data()?;
        let known = seen.entry(input.to_owned()).or_default();
        if !known.iter().any(|one| one == token) {
            known.push(token.to_owned());
        }
        match race.persist("SendTaskSuccess", &json!({"taskToken": token, "output": "{}"})) {
            // The answer before this one had come through.
            Err(why) if why.to_string().contains("TaskTimedOut") => {}
            other => drop(other?),
        }
    }
    Ok(seen)
}

/// Kills so many times, and then lets everything come to its end. How long each start took.
fn kill(
    trial: &Trial,
    home: &Path,
    race: &Race,
    mut server: Server,
    (kills, longest, each): (usize, u64, usize),
) -> Outcome<(Server, Vec<Duration>)> {
    let (mut dice, mut starts) = (trial.dice.clone(), Vec::new());
    let mut killed = 0;
    while killed < kills {
        thread::sleep(Duration::from_millis(dice.within(1..longest)));
        server.kill()?;
        killed += 1;
        while dice.once_in(EARLY) {
            let begun = trial.bench.begin(home)?;
            thread::sleep(Duration::from_millis(dice.within(0..80)));
            begun.kill()?;
            killed += 1;
        }
        let began = Instant::now();
        server = trial.bench.start(home)?;
        starts.push(began.elapsed());
        *race.client.lock().unwrap_or_else(PoisonError::into_inner) = server.client;
    }
    let until = Instant::now() + PATIENCE;
    for kind in KINDS {
        loop {
            let there = executions(server.client, kind)?;
            let running = there.iter().filter(|execution| execution["status"] == "RUNNING").count();
            if there.len() == each && running == 0 {
                break;
            }
            if Instant::now() > until {
                return Err(format!("{running} of {} {kind} do not come to their end", there.len()).into());
            }
            breathe();
        }
    }
    Ok((server, starts))
}

fn check(client: Client, each: usize) -> Outcome {
    for kind in KINDS {
        for n in 0..each {
            let execution = arn("execution", &format!("{kind}:{}", name(kind, n)));
            let events = history(client, &execution)?;
            let count = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
            let done = if kind == "jobs" {
                ["TaskSubmitted", "TaskSucceeded"]
            } else {
                ["ActivityScheduled", "ActivitySucceeded"]
            };
            for (what, times) in done.map(|what| (what, STEPS)).into_iter().chain([("ExecutionSucceeded", 1)])
            {
                if count(what) != times {
                    return Err(format!("{execution} has {} of {what}, not {times}", count(what)).into());
                }
            }
        }
    }
    Ok(())
}

fn check_jobs(ledger: &Path, each: usize) -> Outcome {
    let mut runs: BTreeMap<String, usize> = BTreeMap::new();
    for line in fs::read_to_string(ledger)?.lines() {
        *runs.entry(line.trim().to_owned()).or_default() += 1;
    }
    for n in 0..each {
        for step in 1..=STEPS {
            match runs.remove(&format!("{}-{step}", name("jobs", n))) {
                Some(1) => {}
                times => return Err(format!("job {n}-{step} ran {} times", times.unwrap_or(0)).into()),
            }
        }
    }
    if runs.is_empty() { Ok(()) } else { Err(format!("nobody asked for these jobs: {runs:?}").into()) }
}

fn check_tokens(tokens: &BTreeMap<String, Vec<String>>, each: usize) -> Outcome {
    if let Some((step, tokens)) = tokens.iter().find(|(_, tokens)| tokens.len() != 1) {
        return Err(format!("the step {step} was given out under {} tokens", tokens.len()).into());
    }
    if tokens.len() == each * STEPS {
        Ok(())
    } else {
        Err(format!("only {} steps were done", tokens.len()).into())
    }
}
