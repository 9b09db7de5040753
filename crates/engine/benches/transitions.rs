//! What a transition costs: `cargo bench -p trainyard-engine`. `BENCH_SECONDS` sets the time of each case (2 if unset).
//!
//! Time is this process's own CPU time, so that the figures hold on a shared machine. A transition is a state that was
//! left; its cost is that of deciding, with the events it makes, and of the fold that the caller makes of them.

use std::{
    collections::VecDeque,
    env,
    io::{self, Write},
    time::Duration,
};

use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeValLike,
};
use serde_json::{Value, json};
use trainyard_domain::Timestamp;
use trainyard_engine::{
    Command, EventKind, Fact, HistoryEvent, Moment, Outcome, PAYLOAD_LIMIT, Payload, Run, Start, apply,
    decide,
};
use trainyard_lang::asl::{Machine, invalid_definition, parse, parse_value};

type Done<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Done {
    say("what a transition costs, in CPU time of this process")?;
    for (name, language) in [("JSONPath", false), ("JSONata", true)] {
        case(
            &format!("{name}: ten Pass states in a row"),
            &chain(language),
            json!({"n": 1, "text": "data"}),
        )?;
        case(&format!("{name}: a Choice that counts to 10,000 with Assign"), &counting(language), json!({}))?;
        let items: Vec<u32> = (0..1000).collect();
        case(&format!("{name}: an inline Map of 1,000 items"), &map(language), json!({"items": items}))?;
    }
    selecting("JSONPath", false)?;
    selecting("JSONata", true)?;
    growth()?;
    parsing()
}

/// Ten states, which make, place and select data.
fn chain(jsonata: bool) -> Value {
    let mut states = json!({});
    for at in 0..10 {
        let mut state = if jsonata {
            json!({"Type": "Pass", "Output": {"n": "{% $states.input.n + 1 %}", "text": "{% $states.input.text %}"}})
        } else {
            json!({"Type": "Pass", "Parameters": {"n.$": "$.n"}, "ResultPath": "$.made"})
        };
        match at {
            9 => state["End"] = true.into(),
            _ => state["Next"] = format!("S{}", at + 1).into(),
        }
        states[format!("S{at}")] = state;
    }
    machine(jsonata, json!({"StartAt": "S0", "States": states}))
}

fn counting(jsonata: bool) -> Value {
    let again = if jsonata {
        json!({"Condition": "{% $n < 10000 %}", "Assign": {"n": "{% $n + 1 %}"}, "Next": "Again"})
    } else {
        json!({"Variable": "$n", "NumericLessThan": 10000, "Assign": {"n.$": "States.MathAdd($n, 1)"}, "Next": "Again"})
    };
    let states = json!({
        "Zero": {"Type": "Pass", "Assign": {"n": 0}, "Next": "Again"},
        "Again": {"Type": "Choice", "Choices": [again], "Default": "Done"},
        "Done": {"Type": "Succeed"},
    });
    machine(jsonata, json!({"StartAt": "Zero", "States": states}))
}

fn map(jsonata: bool) -> Value {
    let mut map = json!({
        "Type": "Map",
        "ItemProcessor": {"StartAt": "One", "States": {"One": {"Type": "Pass", "End": true}}},
        "End": true,
    });
    match jsonata {
        true => map["Items"] = "{% $states.input.items %}".into(),
        false => map["ItemsPath"] = "$.items".into(),
    }
    machine(jsonata, json!({"StartAt": "All", "States": {"All": map}}))
}

/// An inline Map that makes of each item what its iteration is given.
fn selector(jsonata: bool) -> Value {
    let mut definition = map(jsonata);
    definition["States"]["All"]["ItemSelector"] = match jsonata {
        true => json!({"item": "{% $states.context.Map.Item.Value %}"}),
        false => json!({"item.$": "$$.Map.Item.Value"}),
    };
    definition
}

fn machine(jsonata: bool, mut definition: Value) -> Value {
    if jsonata {
        definition["QueryLanguage"] = "JSONata".into();
    }
    definition
}

/// Plays executions for some seconds and prints what they cost.
fn case(name: &str, definition: &Value, input: Value) -> Done {
    let machine = read(definition)?;
    let input = Payload::from(input);
    let (mut transitions, mut events) = (0, 0);
    let begun = cpu()?;
    while cpu()? - begun < patience() {
        let (outcome, told) = play(&machine, &input, |_, _| Ok(()))?;
        if !matches!(outcome, Outcome::Succeeded { .. }) {
            return say(&format!("{name:<58} does not run: {outcome:?}"));
        }
        events += told.len();
        transitions += told.iter().filter(|e| matches!(e.kind, EventKind::StateExited { .. })).count();
    }
    let spent = (cpu()? - begun).as_secs_f64();
    let (per_second, events) = (transitions as f64 / spent, events as f64 / spent);
    say(&format!("{name:<58} {per_second:>10.0} transitions/s {events:>10.0} events/s"))
}

/// Whether an item costs more the more items there are, where the context object is looked at for each.
fn selecting(name: &str, jsonata: bool) -> Done {
    let machine = read(&selector(jsonata))?;
    let mut costs = Vec::new();
    for count in [250, 1000, 4000] {
        let items: Vec<Value> = (0..count).map(|n| json!({"id": n, "text": "what is to be done"})).collect();
        let input = Payload::from(json!({"items": items}));
        let (mut items, begun) = (0, cpu()?);
        while cpu()? - begun < patience() {
            let (outcome, _) = play(&machine, &input, |_, _| Ok(()))?;
            if !matches!(outcome, Outcome::Succeeded { .. }) {
                return say(&format!("{name}: ItemSelector does not run: {outcome:?}"));
            }
            items += count;
        }
        costs.push(format!("{:.1}", (cpu()? - begun).as_secs_f64() * 1e6 / f64::from(items)));
    }
    say(&format!(
        "{name}: microseconds an item, ItemSelector with the context's item, of 250, 1,000, 4,000: {}",
        costs.join(" ")
    ))
}

/// Whether a transition costs more the longer the history is: the first and the last thousands of a long count.
fn growth() -> Done {
    let machine = read(&counting(false))?;
    let (mut marks, mut last) = (Vec::new(), cpu()?);
    for _ in 0..5 {
        play(&machine, &json!({}).into(), |run, _| {
            let at = run.last_event_id() / 5000;
            let now = cpu()?;
            marks.resize(marks.len().max(at as usize + 1), Duration::ZERO);
            marks[at as usize] += now - last;
            last = now;
            Ok(())
        })?;
        last = cpu()?;
    }
    let costs = marks.iter().take(4).map(|mark| format!("{:.2}", mark.as_secs_f64() * 1e6 / 5.0 / 2500.0));
    say(&format!(
        "microseconds a turn, by thousands of events (0, 5, 10, 15): {}",
        costs.collect::<Vec<_>>().join(" ")
    ))
}

/// How long a definition of a megabyte takes to read and check.
fn parsing() -> Done {
    let mut states = json!({});
    for at in 0..4000 {
        states[format!("State{at}")] = json!({
            "Type": "Task",
            "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
            "Parameters": {"TrainingJobName.$": "States.Format('{}-{}', $.id, $$.State.RetryCount)"},
            "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}],
            "Next": format!("State{}", (at + 1) % 4000),
        });
    }
    states["State0"]["Catch"] = json!([{"ErrorEquals": ["States.ALL"], "Next": "End"}]);
    states["End"] = json!({"Type": "Succeed"});
    let text = json!({"StartAt": "State0", "States": states}).to_string();
    let begun = cpu()?;
    parse(&text).map_err(|faults| invalid_definition(&faults))?;
    let spent = (cpu()? - begun).as_secs_f64() * 1000.0;
    say(&format!("a definition of {} KiB is read in {spent:.0} ms", text.len() / 1024))
}

fn read(definition: &Value) -> Done<Machine> {
    parse_value(definition).map_err(|faults| format!("{faults:?}").into())
}

/// Plays one execution in virtual time, as the service does: each decision is folded by the caller.
fn play(
    machine: &Machine,
    input: &Payload,
    mut after: impl FnMut(&Run, usize) -> Done,
) -> Done<(Outcome, Vec<HistoryEvent>)> {
    let mut run = Run::default();
    let mut told = Vec::new();
    let mut facts = VecDeque::from([Fact::Started(Box::new(start(input)))]);
    let at = Moment { now: Timestamp(1_700_000_000_000), seed: 7, payload_limit: PAYLOAD_LIMIT };
    while let Some(fact) = facts.pop_front() {
        let decision = decide(machine, &run, &fact, &at);
        for event in &decision.events {
            apply(&mut run, event);
        }
        after(&run, decision.events.len())?;
        told.extend(decision.events);
        for command in decision.commands {
            match command {
                Command::WakeAt { timer, .. } => facts.push_back(Fact::TimerFired { timer }),
                Command::Finish(outcome) => return Ok((outcome, told)),
                _ => {}
            }
        }
    }
    Err("the execution does not end".into())
}

fn start(input: &Payload) -> Start {
    Start {
        execution_arn: "arn:aws:states:us-east-1:000000000000:execution:bench:run".to_owned(),
        name: "run".to_owned(),
        role_arn: "arn:aws:iam::000000000000:role/bench".to_owned(),
        start_time: Timestamp(1_700_000_000_000),
        input: input.clone(),
        machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:bench".to_owned(),
        machine_name: "bench".to_owned(),
        redrive_count: Some(0),
        redrive_time: None,
    }
}

fn cpu() -> Done<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(micros.unsigned_abs()))
}

fn patience() -> Duration {
    let seconds = env::var("BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2.0);
    Duration::from_secs_f64(seconds)
}

fn say(line: &str) -> Done {
    writeln!(io::stdout(), "{line}")?;
    Ok(())
}
