//! A walk through what the server keeps: objects, state machines, executions and their answers, events. Each step is
//! entered in the ledger.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    Outcome, breathe,
    client::{ACCOUNT, Answer, Client, Lost, REGION},
    ledger::{Content, Ledger, Taken, Thing},
};

/// How many tasks each execution of `WALK` has.
pub(crate) const TASKS: usize = 2;
pub(crate) const WALK: &str = "walk";
pub(crate) const TOLD: &str = "told";
const BUCKET: &str = "/walk-bucket";
const RULE: &str = "walk-rule";
/// So long everything that must still happen may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a step did not go well.
pub(crate) enum Halt {
    /// The server is gone.
    Lost,
    /// It said that it cannot.
    Refused(Answer),
    /// It said what it must not.
    Wrong(String),
}

/// Who walks. `now` tells after which point an answer has come.
pub(crate) struct Walker<'a> {
    pub(crate) client: Client,
    pub(crate) ledger: &'a mut Ledger,
    pub(crate) now: &'a dyn Fn() -> u64,
}

pub(crate) fn arn(kind: &str, name: &str) -> String {
    format!("arn:aws:states:{REGION}:{ACCOUNT}:{kind}:{name}")
}

pub(crate) fn role() -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/walk")
}

/// One step.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    Bucket,
    /// A body of so many bytes, other ones for another seed.
    Put(&'static str, usize, u8),
    Remove(&'static str),
    Machines,
    Rule,
    Event(&'static str),
    Start(&'static str),
    Answer,
}

/// The steps, in their order. They may be taken again when they were halted.
pub(crate) const STEPS: &[Step] = &[
    Step::Bucket,
    Step::Put("first", 20, 1),
    Step::Put("second", 9_000, 2),
    Step::Machines,
    Step::Start("one"),
    Step::Start("two"),
    Step::Answer,
    Step::Put("first", 5_000, 3),
    Step::Rule,
    Step::Event("hello"),
    Step::Put("large", 1_500_000, 4),
    Step::Start("three"),
    Step::Answer,
    Step::Remove("second"),
    Step::Answer,
    Step::Event("again"),
    Step::Put("last", 70_000, 5),
];

impl Walker<'_> {
    /// Takes one step.
    pub(crate) fn take(&mut self, step: Step) -> Result<(), Halt> {
        match step {
            Step::Bucket => self.bucket(),
            Step::Put(key, size, seed) => {
                let body = (0..size).map(|n| (n.wrapping_mul(31) >> 3) as u8 ^ seed).collect();
                self.object(key, Some(body))
            }
            Step::Remove(key) => self.object(key, None),
            Step::Machines => self.machines(),
            Step::Rule => self.rule(),
            Step::Event(word) => self.event(word),
            Step::Start(name) => self.start(name),
            Step::Answer => self.answer_one(),
        }
    }

    /// Asks for a change and enters what came of it.
    fn change(
        &mut self,
        thing: Thing,
        content: Content,
        ask: impl FnOnce(Client) -> Result<Answer, Lost>,
    ) -> Result<Answer, Halt> {
        self.ledger.ask(&thing, content);
        let answer = sound(ask(self.client))?;
        self.ledger.acknowledge(&thing, (self.now)());
        Ok(answer)
    }

    fn bucket(&mut self) -> Result<(), Halt> {
        self.change(Thing::Bucket, Some(Vec::new()), |client| client.put(BUCKET, b"")).map(drop)
    }

    fn object(&mut self, key: &'static str, body: Content) -> Result<(), Halt> {
        let path = format!("{BUCKET}/{key}");
        self.change(Thing::Object(key), body.clone(), |client| match &body {
            Some(body) => client.put(&path, body),
            None => client.delete(&path),
        })
        .map(drop)
    }

    fn machines(&mut self) -> Result<(), Halt> {
        let activity = json!({"name": WALK});
        self.change(Thing::Activity, Some(Vec::new()), |client| client.states("CreateActivity", &activity))?;
        for (name, definition) in [(WALK, walk()), (TOLD, told())] {
            let made = json!({"name": name, "definition": definition, "roleArn": role()});
            let content = Some(definition.into_bytes());
            self.change(Thing::Machine(name), content, |client| client.states("CreateStateMachine", &made))?;
        }
        Ok(())
    }

    fn rule(&mut self) -> Result<(), Halt> {
        let rule = json!({"Name": RULE, "EventPattern": json!({"source": ["walk"]}).to_string()});
        let target = json!({"Id": "one", "Arn": arn("stateMachine", TOLD), "RoleArn": role(), "InputPath": "$.detail"});
        let targets = json!({"Rule": RULE, "Targets": [target]});
        sound(self.client.events("PutRule", &rule))?;
        self.change(Thing::Rule, Some(b"one".to_vec()), |client| client.events("PutTargets", &targets))
            .map(drop)
    }

    fn event(&mut self, word: &str) -> Result<(), Halt> {
        let detail = json!({"word": word}).to_string();
        let entry = json!({"Source": "walk", "DetailType": "word", "Detail": detail});
        let thing = Thing::Told(word.to_owned());
        self.ledger.ask(&thing, Some(detail.into_bytes()));
        let answer = sound(self.client.events("PutEvents", &json!({"Entries": [entry]})))?;
        match answer.json().map(|told| told["FailedEntryCount"].as_u64()) {
            Ok(Some(0)) => self.ledger.acknowledge(&thing, (self.now)()),
            Ok(Some(1)) => return Err(Halt::Refused(Answer { status: 503, ..answer })),
            _ => return Err(Halt::Wrong(format!("PutEvents: {}", answer.text()))),
        }
        Ok(())
    }

    pub(crate) fn start(&mut self, name: &str) -> Result<(), Halt> {
        let input = json!({"execution": name}).to_string();
        let start = json!({"stateMachineArn": arn("stateMachine", WALK), "name": name, "input": input});
        let thing = Thing::Execution(name.to_owned());
        self.change(thing, Some(input.into_bytes()), |client| client.states("StartExecution", &start))
            .map(drop)
    }

    /// Takes a task, if there is one, and answers it.
    pub(crate) fn answer_one(&mut self) -> Result<(), Halt> {
        let ask = json!({"activityArn": arn("activity", WALK)});
        let task = sound(self.client.waiting(Duration::from_secs(5)).states("GetActivityTask", &ask))?;
        let task = task.json().map_err(|error| Halt::Wrong(error.to_string()))?;
        let Some(token) = task["taskToken"].as_str() else { return Ok(()) };
        let input: Value = serde_json::from_str(task["input"].as_str().unwrap_or_default())
            .map_err(|error| Halt::Wrong(format!("GetActivityTask: {task}: {error}")))?;
        let name = input["execution"].as_str().unwrap_or_default().to_owned();
        let step = input["step"].as_u64().unwrap_or(0) + 1;
        let output = json!({"execution": name, "step": step}).to_string();
        let taken = Taken { token: token.to_owned(), execution: name, output };
        self.ledger.taken.push(taken.clone());
        self.answer(taken)
    }

    fn answer(&mut self, taken: Taken) -> Result<(), Halt> {
        let Taken { token, execution, output } = taken;
        let answer = json!({"taskToken": token, "output": output});
        let thing = Thing::Answered(execution, output.clone());
        self.change(thing, Some(output.into_bytes()), |client| client.states("SendTaskSuccess", &answer))
            .map(drop)
    }
}

fn sound(answer: Result<Answer, Lost>) -> Result<Answer, Halt> {
    match answer {
        Err(_) => Err(Halt::Lost),
        Ok(answer) if answer.is_ok() => Ok(answer),
        Ok(answer) if answer.is_trouble() => Err(Halt::Refused(answer)),
        Ok(answer) => Err(Halt::Wrong(format!("{} {}", answer.status, answer.text()))),
    }
}

fn walk() -> String {
    let task = |next: &str| json!({"Type": "Task", "Resource": arn("activity", WALK), "Next": next});
    json!({"StartAt": "First", "States": {
        "First": task("Second"), "Second": task("Done"), "Done": {"Type": "Pass", "End": true},
    }})
    .to_string()
}

fn told() -> String {
    json!({"StartAt": "Rest", "States": {
        "Rest": {"Type": "Wait", "Seconds": 1, "Next": "Done"}, "Done": {"Type": "Pass", "End": true},
    }})
    .to_string()
}

/// Makes the activity and the state machines, and nothing else.
pub(crate) fn machines(client: Client) -> Outcome {
    let mut walker = Walker { client, ledger: &mut Ledger::default(), now: &|| 0 };
    match walker.take(Step::Machines) {
        Ok(()) => Ok(()),
        Err(Halt::Refused(answer)) => Err(format!("{} {}", answer.status, answer.text()).into()),
        Err(Halt::Lost) => Err("the server is gone".into()),
        Err(Halt::Wrong(why)) => Err(why.into()),
    }
}

/// What the server says that the thing is. `Err`: it cannot say.
pub(crate) fn look(client: Client, thing: &Thing) -> Result<Content, String> {
    let member = |operation: &str, input: Value, member: &str, missing: &str| -> Result<Content, String> {
        let answer = client.states(operation, &input).map_err(|error| error.to_string())?;
        match (answer.is_ok(), answer.code()) {
            (true, _) => {
                let told = answer.json().map_err(|error| error.to_string())?;
                Ok(Some(told[member].as_str().unwrap_or_default().as_bytes().to_vec()))
            }
            (false, code) if code == missing => Ok(None),
            _ => Err(format!("{} {}", answer.status, answer.text())),
        }
    };
    match thing {
        Thing::Bucket => stored(client, &format!("{BUCKET}?location")).map(|found| found.map(|_| Vec::new())),
        Thing::Object(key) => stored(client, &format!("{BUCKET}/{key}")),
        Thing::Activity => {
            let ask = json!({"activityArn": arn("activity", WALK)});
            let found = member("DescribeActivity", ask, "", "ActivityDoesNotExist");
            found.map(|found| found.map(|_| Vec::new()))
        }
        Thing::Machine(name) => {
            let ask = json!({"stateMachineArn": arn("stateMachine", name)});
            member("DescribeStateMachine", ask, "definition", "StateMachineDoesNotExist")
        }
        Thing::Rule => rule(client),
        Thing::Execution(name) => {
            let ask = json!({"executionArn": arn("execution", &format!("{WALK}:{name}"))});
            member("DescribeExecution", ask, "input", "ExecutionDoesNotExist")
        }
        Thing::Answered(name, output) => {
            let events = history(client, &arn("execution", &format!("{WALK}:{name}")))?;
            let told =
                |event: &Value| event["activitySucceededEventDetails"]["output"].as_str() == Some(output);
            Ok(events.iter().any(told).then(|| output.as_bytes().to_vec()))
        }
        Thing::Told(word) => told_of(client, word),
    }
}

fn stored(client: Client, path: &str) -> Result<Content, String> {
    let answer = client.get(path).map_err(|error| error.to_string())?;
    match answer.status {
        200 => Ok(Some(answer.body)),
        404 => Ok(None),
        _ => Err(format!("{} {}", answer.status, answer.text())),
    }
}

fn rule(client: Client) -> Result<Content, String> {
    let answer =
        client.events("ListTargetsByRule", &json!({"Rule": RULE})).map_err(|error| error.to_string())?;
    match (answer.is_ok(), answer.code().as_str()) {
        (true, _) => {
            let told = answer.json().map_err(|error| error.to_string())?;
            Ok(told["Targets"][0]["Id"].as_str().map(|id| id.as_bytes().to_vec()))
        }
        (false, "ResourceNotFoundException") => Ok(None),
        _ => Err(format!("{} {}", answer.status, answer.text())),
    }
}

fn told_of(client: Client, word: &str) -> Result<Content, String> {
    for execution in executions(client, TOLD)? {
        let ask = json!({"executionArn": execution["executionArn"]});
        let found = client.must("DescribeExecution", &ask).map_err(|error| error.to_string())?;
        let input = found["input"].as_str().unwrap_or_default();
        if serde_json::from_str::<Value>(input).is_ok_and(|input| input["word"].as_str() == Some(word)) {
            return Ok(Some(json!({"word": word}).to_string().into_bytes()));
        }
    }
    Ok(None)
}

/// All executions of a state machine; none if there is no such machine.
pub(crate) fn executions(client: Client, machine: &str) -> Result<Vec<Value>, String> {
    let ask = json!({"stateMachineArn": arn("stateMachine", machine), "maxResults": 1000});
    let answer = client.states("ListExecutions", &ask).map_err(|error| error.to_string())?;
    if answer.code() == "StateMachineDoesNotExist" {
        return Ok(Vec::new());
    }
    let told = answer.json().map_err(|error| error.to_string())?;
    told["executions"].as_array().cloned().ok_or_else(|| format!("{} {}", answer.status, answer.text()))
}

/// The events of an execution: without a gap, or it is an error.
pub(crate) fn history(client: Client, execution: &str) -> Result<Vec<Value>, String> {
    let mut ask = json!({"executionArn": execution, "maxResults": 1000});
    let mut events: Vec<Value> = Vec::new();
    loop {
        let answer = client.states("GetExecutionHistory", &ask).map_err(|error| error.to_string())?;
        if answer.code() == "ExecutionDoesNotExist" {
            return Ok(events);
        }
        let told = answer.json().map_err(|error| error.to_string())?;
        let page = told["events"].as_array().ok_or_else(|| format!("{} {}", answer.status, answer.text()))?;
        events.extend(page.iter().cloned());
        match told["nextToken"].as_str() {
            Some(token) => ask["nextToken"] = json!(token),
            None => break,
        }
    }
    let ids: Vec<_> = events.iter().filter_map(|event| event["id"].as_u64()).collect();
    if ids != (1..=events.len() as u64).collect::<Vec<_>>() {
        return Err(format!("the history of {execution} has a gap: {ids:?}"));
    }
    Ok(events)
}

/// Checks that everything can be read, and is as it may be.
pub(crate) fn readable(client: Client, ledger: &Ledger) -> Outcome {
    for thing in ledger.things().filter(|thing| !matches!(thing, Thing::Told(_))) {
        let found = look(client, thing).map_err(|error| format!("{thing:?}: {error}"))?;
        if !ledger.legal(thing, u64::MAX).contains(&&found) {
            return Err(format!("{thing:?} is {}, which cannot be", short(&found)).into());
        }
    }
    Ok(())
}

/// Waits until everything that was told has come, and checks that all is as it may be by then.
pub(crate) fn settle(client: Client, ledger: &Ledger, point: u64) -> Outcome {
    for thing in ledger.things() {
        let legal = ledger.legal(thing, point);
        let until = Instant::now() + PATIENCE;
        loop {
            let found = look(client, thing).map_err(|error| format!("{thing:?}: {error}"))?;
            if legal.contains(&&found) {
                break;
            }
            // What is told comes a little later.
            if !matches!(thing, Thing::Told(_)) || Instant::now() > until {
                return Err(format!("{thing:?} is {}, which cannot be", short(&found)).into());
            }
            breathe();
        }
    }
    Ok(())
}

/// Checks that everything is as it may be when all points up to that one were done, and that it goes on from there:
/// every execution ends well, each of its steps done once.
pub(crate) fn check(client: Client, ledger: &Ledger, point: u64) -> Outcome {
    settle(client, ledger, point)?;
    finish(client, ledger)?;
    for machine in [WALK, TOLD] {
        for execution in executions(client, machine)? {
            check_execution(client, machine, execution["executionArn"].as_str().unwrap_or_default())?;
        }
    }
    Ok(())
}

fn short(content: &Content) -> String {
    match content {
        None => "not there".to_owned(),
        Some(bytes) => {
            let begin = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]);
            format!("{} bytes: {begin:?}", bytes.len())
        }
    }
}

/// Answers all open tasks until every execution is over.
fn finish(client: Client, ledger: &Ledger) -> Outcome {
    if !ledger.things().any(|thing| matches!(thing, Thing::Execution(_) | Thing::Told(_))) {
        return Ok(());
    }
    let until = Instant::now() + PATIENCE;
    let open = |machine: &str| -> Outcome<Vec<Value>> {
        let mut all = executions(client, machine)?;
        all.retain(|execution| execution["status"].as_str() == Some("RUNNING"));
        Ok(all)
    };
    let mut own = Ledger::default();
    // What a worker had when the server went it answers now; if it had done so before, that is said.
    for taken in &ledger.taken {
        let mut walker = Walker { client, ledger: &mut own, now: &|| 0 };
        went_on(walker.answer(taken.clone()))?;
    }
    loop {
        let (walking, told) = (open(WALK)?, open(TOLD)?);
        if walking.is_empty() && told.is_empty() {
            return Ok(());
        }
        if Instant::now() > until {
            return Err(format!("executions stand still: {walking:?} {told:?}").into());
        }
        if walking.is_empty() {
            breathe();
            continue;
        }
        let mut walker =
            Walker { client: client.waiting(Duration::from_secs(1)), ledger: &mut own, now: &|| 0 };
        went_on(walker.answer_one())?;
    }
}

/// Nobody offers a task just now, or it was answered before: neither is wrong.
fn went_on(answered: Result<(), Halt>) -> Outcome {
    match answered {
        Ok(()) | Err(Halt::Lost) => Ok(()),
        Err(Halt::Refused(answer)) => Err(format!("{} {}", answer.status, answer.text()).into()),
        Err(Halt::Wrong(why)) if why.contains("TaskTimedOut") || why.contains("InvalidToken") => Ok(()),
        Err(Halt::Wrong(why)) => Err(why.into()),
    }
}

fn check_execution(client: Client, machine: &str, execution: &str) -> Outcome {
    let events = history(client, execution)?;
    let count = |kind: &str| events.iter().filter(|event| event["type"].as_str() == Some(kind)).count();
    let expected = match machine {
        WALK => [("ActivityScheduled", TASKS), ("ActivitySucceeded", TASKS), ("ExecutionSucceeded", 1)],
        _ => [("WaitStateEntered", 1), ("WaitStateExited", 1), ("ExecutionSucceeded", 1)],
    };
    for (kind, times) in expected {
        if count(kind) != times {
            return Err(format!("{execution} has {} of {kind}, not {times}", count(kind)).into());
        }
    }
    Ok(())
}
