//! What it costs to find the rules that an event matches: `cargo bench -p trainyard-lang --bench matcher`.
//!
//! Events and rules are made here, and every count is checked. `-- --events FILE --rules FILE` takes others: a JSON
//! object in each line, and `{set: [{"pattern", "expected_matches"}]}`. `-- --only SUFFIX` measures that set alone. Time
//! is this thread's own CPU time, the best of three rounds, so that the figures hold on a shared machine.
#![allow(missing_docs, reason = "a program")]

mod city;
mod rules;

use std::{
    env, fs,
    io::{self, Write},
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};
use serde_json::Value;
use trainyard_lang::{
    matcher::{Matcher, Room, Ticket},
    pattern::Pattern,
};

use crate::{
    city::{Dice, Lot},
    rules::Rule,
};

type Done<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// A pattern, and how many events match it.
type Expected = (Value, usize);

const EVENTS: usize = 213_068;

fn main() -> Done {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    say(&format!("load of the machine: {}", load.trim()))?;
    match (given("--events"), given("--rules")) {
        (Some(events), Some(rules)) => {
            let text = fs::read_to_string(events)?;
            let events: Vec<&str> = text.lines().collect();
            let sets = read_sets(&fs::read_to_string(rules)?)?;
            for (name, rules) in sets.into_iter().filter(|(name, _)| is_wanted(name)) {
                set(&name, &events, &rules)?;
            }
            Ok(())
        }
        _ => own(),
    }
}

/// What was said behind an option.
fn given(option: &str) -> Option<String> {
    env::args().skip_while(|argument| argument != option).nth(1)
}

/// Whether a set is to be measured.
fn is_wanted(name: &str) -> bool {
    given("--only").is_none_or(|only| only == name)
}

/// Events and rules of our own.
fn own() -> Done {
    let mut dice = Dice::new(1);
    let lots: Vec<Lot> = (0..EVENTS).map(|_| Lot::random(&mut dice)).collect();
    let texts: Vec<String> = lots.iter().map(Lot::write).collect();
    let events: Vec<&str> = texts.iter().map(String::as_str).collect();
    let bytes: usize = events.iter().map(|event| event.len()).sum();
    say(&format!("{EVENTS} events of {} bytes", bytes / EVENTS))?;
    for (name, rules) in rules::sets().into_iter().filter(|(name, _)| is_wanted(name)) {
        set(name, &events, &counted(rules, &lots))?;
    }
    if is_wanted("COMBO") {
        set("COMBO", &events, &counted(rules::combination(), &lots))?;
    }
    for count in [10, 100, 1_000, 10_000] {
        // All counts of so many rules would take too long: a part of the events is enough to see a difference.
        let some = 2_000;
        let name = format!("{count} mixed rules");
        if !is_wanted(&name) {
            continue;
        }
        let rules = counted(rules::mixed(count), &lots[..some]);
        let (matcher, tickets) = built(&rules)?;
        check(&matcher, &tickets, &events[..some], &rules)?;
        report(&name, &matcher, &events)?;
    }
    if is_wanted("adding") { adding() } else { Ok(()) }
}

fn counted(rules: Vec<Rule>, lots: &[Lot]) -> Vec<Expected> {
    let count = |rule: &Rule| lots.iter().filter(|lot| (rule.wants)(lot)).count();
    rules.into_iter().map(|rule| (rule.pattern.clone(), count(&rule))).collect()
}

fn read_sets(text: &str) -> Done<Vec<(String, Vec<Expected>)>> {
    let sets: serde_json::Map<String, Value> = serde_json::from_str(text)?;
    let rule = |rule: &Value| {
        let count = rule["expected_matches"].as_u64().and_then(|count| usize::try_from(count).ok());
        (rule["pattern"].clone(), count.unwrap_or(usize::MAX))
    };
    let rules = |set: Value| set.as_array().into_iter().flatten().map(rule).collect();
    Ok(sets.into_iter().map(|(name, set)| (name, rules(set))).collect())
}

fn built(rules: &[Expected]) -> Done<(Matcher<usize>, Vec<Ticket>)> {
    let mut matcher = Matcher::default();
    let add =
        |(at, (pattern, _)): (usize, &Expected)| Ok(matcher.add(&Pattern::parse(&pattern.to_string())?, at));
    let tickets = rules.iter().enumerate().map(add).collect::<Done<_>>()?;
    Ok((matcher, tickets))
}

fn set(name: &str, events: &[&str], rules: &[Expected]) -> Done {
    let (matcher, tickets) = built(rules)?;
    check(&matcher, &tickets, events, rules)?;
    report(name, &matcher, events)
}

fn check(matcher: &Matcher<usize>, tickets: &[Ticket], events: &[&str], rules: &[Expected]) -> Done {
    let (mut room, mut counts) = (Room::default(), std::collections::HashMap::new());
    for event in events {
        for ticket in matcher.matching(event, &mut room)? {
            *counts.entry(*ticket).or_insert(0) += 1;
        }
    }
    for (ticket, (pattern, expected)) in tickets.iter().zip(rules) {
        let count = counts.get(ticket).copied().unwrap_or(0);
        if count != *expected {
            return Err(format!("{pattern} matches {count} events, not {expected}").into());
        }
    }
    Ok(())
}

fn report(name: &str, matcher: &Matcher<usize>, events: &[&str]) -> Done {
    let (mut best, mut matches, mut room) = (Duration::MAX, 0, Room::default());
    for _ in 0..3 {
        let begun = cpu_time();
        matches = 0;
        for event in events {
            matches += matcher.matching(event, &mut room)?.len();
        }
        best = best.min(cpu_time() - begun);
    }
    let rate = events.len() as f64 / best.as_secs_f64();
    say(&format!("{name:<28}{rate:>12.0} events per CPU-second, {matches} matches"))
}

/// What it costs to add rules: all at once, and one by one with everybody looking on.
fn adding() -> Done {
    let rules = rules::mixed(10_000);
    let texts: Vec<String> = rules.iter().map(|rule| rule.pattern.to_string()).collect();
    let before = resident();
    let begun = cpu_time();
    let mut matcher = Matcher::default();
    for (at, text) in texts.iter().enumerate() {
        matcher.add(&Pattern::parse(text)?, at);
    }
    let took = cpu_time() - begun;
    say(&format!("add, nobody looking on        {:>10.0} rules per CPU-second", rate(texts.len(), took)))?;
    say(&format!("memory of 10,000 rules        {:>10} KiB", resident().saturating_sub(before)))?;
    let begun = cpu_time();
    let mut tickets = Vec::new();
    for (at, text) in texts.iter().take(2_000).enumerate() {
        let mut next = matcher.clone();
        tickets.push(next.add(&Pattern::parse(text)?, at));
        matcher = next;
    }
    say(&format!(
        "add to a copy of 10,000       {:>10.0} rules per CPU-second",
        rate(2_000, cpu_time() - begun)
    ))?;
    let begun = cpu_time();
    for ticket in &tickets {
        let mut next = matcher.clone();
        next.remove(*ticket);
        matcher = next;
    }
    say(&format!(
        "remove from a copy of 10,000  {:>10.0} rules per CPU-second",
        rate(2_000, cpu_time() - begun)
    ))
}

fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// KiB of this process in memory.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|size| size.parse().ok()).unwrap_or(0)
}

fn say(line: &str) -> Done {
    Ok(writeln!(io::stdout(), "{line}")?)
}
