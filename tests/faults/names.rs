//! One name, started a thousand times at once: one execution, whoever asks and however the server ends.

use std::{collections::BTreeSet, io::Write, net::TcpStream};

use serde_json::{Value, json};

use crate::{
    Outcome, Trial,
    client::{self, Client},
    cuts::sound,
    walk::{TASKS, WALK, arn, executions, history, machines},
};

const ASKERS: usize = 1_000;
const NAME: &str = "only-one";

pub(crate) fn run(trial: &Trial) -> Outcome<String> {
    let home = trial.home("names")?;
    let server = trial.bench.start(&home)?;
    machines(server.client)?;
    let told = ask_all(server.client)?;
    let begun: BTreeSet<_> =
        told.iter().filter_map(|(code, at)| (code == "200").then_some(at.clone())).collect();
    if begun.len() != 1 {
        return Err(format!("{} executions were begun: {begun:?}", begun.len()).into());
    }
    if let Some((code, _)) = told.iter().find(|(code, _)| code != "200" && code != "ExecutionAlreadyExists") {
        return Err(format!("somebody was told {code}").into());
    }
    let welcome = told.iter().filter(|(code, _)| code == "200").count();
    one(server.client)?;
    server.kill()?;
    let server = trial.bench.start(&home)?;
    one(server.client)?;
    server.kill()?;
    sound(&home)?;
    Ok(format!(
        "{ASKERS} askers at once: 1 execution; {welcome} were told of it, the others that the name is taken"
    ))
}

/// All requests are on their way before the first answer is read.
fn ask_all(client: Client) -> Outcome<Vec<(String, String)>> {
    let mut streams = Vec::new();
    for n in 0..ASKERS {
        let headers = client::json_headers("states", "AWSStepFunctions", "1.0", "StartExecution");
        let request =
            client::request(client.address, ("POST", "/"), &headers, start(n).to_string().as_bytes());
        let mut stream = TcpStream::connect(client.address)?;
        stream.set_read_timeout(Some(client.patience))?;
        // The server has room for so many, and cuts off who has not been heard yet: those ask again, as anyone does.
        streams.push((n, stream.write_all(&request).map(|()| stream)));
    }
    let mut told = Vec::new();
    for (n, stream) in streams {
        let answer = match stream.and_then(|mut stream| client::read(&mut stream)) {
            Ok(answer) => answer,
            Err(_) => client.states("StartExecution", &start(n))?,
        };
        let code = if answer.is_ok() { "200".to_owned() } else { answer.code() };
        told.push((code, answer.json()?["startDate"].to_string()));
    }
    Ok(told)
}

/// Half of the askers want another input.
fn start(n: usize) -> Value {
    let input = json!({"execution": NAME, "asker": n % 2}).to_string();
    json!({"stateMachineArn": arn("stateMachine", WALK), "name": NAME, "input": input})
}

fn one(client: Client) -> Outcome {
    let there = executions(client, WALK)?;
    let name = |execution: &Value| execution["name"].as_str().map(str::to_owned);
    if there.iter().map(name).collect::<Vec<_>>() != [Some(NAME.to_owned())] {
        return Err(format!("these are there: {there:?}").into());
    }
    let events = history(client, &arn("execution", &format!("{WALK}:{NAME}")))?;
    let started = events.iter().filter(|event| event["type"] == "ExecutionStarted").count();
    let scheduled = events.iter().filter(|event| event["type"] == "ActivityScheduled").count();
    if started != 1 || scheduled == 0 || scheduled > TASKS {
        return Err(format!("it has begun {started} times, with {scheduled} tasks").into());
    }
    Ok(())
}
