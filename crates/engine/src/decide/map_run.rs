//! Carrying out a Map state whose iterations are executions of their own.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html>
//!
//! Whoever carries out the map run reads the items, starts the children and counts them; this decides with what, and
//! what follows from its end.

use serde_json::Value;
use sha2::{Digest, Sha256};
use trainyard_domain::{Failure, hex};
use trainyard_lang::asl::{Count, Distributed, Fault, Map, Scope, Shape, StateKind};

use super::{
    context::Item,
    entered::{Entered, entered},
    failure::{self, Trouble},
    flow, limits, map,
    sight::Sight,
    story::Story,
};
use crate::{
    Command, EventKind, Payload,
    command::{Batch, ItemSource, MapRunCall, ResultSink},
    frame::{MapCall, Phase},
    token::token,
};

/// Begins the map run, for the first time or again; a redrive goes on with the one that has not ended well.
pub(super) fn start(
    story: &mut Story<'_>,
    here: &Entered<'_>,
    (map, distributed): (&Map, &Distributed),
) -> Result<(), Fault> {
    if let Some(before) = &here.entry.map_run {
        return redrive(story, here, (map, distributed), before);
    }
    let items = match distributed.reader {
        None => Some(map::items(story, here, map)?),
        Some(_) => None,
    };
    let length = items.as_ref().map_or(0, map::length);
    story.tell(here.frame, EventKind::MapStateStarted { length, items: None, concurrency: 0 });
    let call = Sight::new(story, here).look(|scope| call(story, here, (map, distributed), items, scope))?;
    story.tell(here.frame, EventKind::MapRunStarted { arn: call.arn.clone(), token: call.token.clone() });
    if !story.over() {
        story.order(Command::StartMapRun(Box::new(call)));
    }
    Ok(())
}

fn redrive(
    story: &mut Story<'_>,
    here: &Entered<'_>,
    (map, distributed): (&Map, &Distributed),
    before: &MapCall,
) -> Result<(), Fault> {
    let items = match distributed.reader {
        None => Some(map::items(story, here, map)?),
        Some(_) => None,
    };
    let call = Sight::new(story, here).look(|scope| call(story, here, (map, distributed), items, scope))?;
    let (arn, token, count) = (before.arn.clone(), call.token.clone(), before.redrives.saturating_add(1));
    story.tell(here.frame, EventKind::MapRunRedriven { arn: arn.clone(), count, token });
    if !story.over() {
        story.order(Command::RedriveMapRun(Box::new(MapRunCall { arn, ..call })));
    }
    Ok(())
}

fn call(
    story: &Story<'_>,
    here: &Entered<'_>,
    (map, distributed): (&Map, &Distributed),
    items: Option<Payload>,
    scope: &Scope<'_>,
) -> Result<MapRunCall, Fault> {
    let flow = &here.state.flow;
    let counts = map::counts(here, map, scope)?;
    let count = |count: &Option<Count>| count.as_ref().map(|count| count.evaluate(flow, scope)).transpose();
    let shape = |shape: &Option<Shape>| match shape {
        Some(shape) => shape.fill(scope, &*flow.input(scope)?).map(Payload::from),
        None => Ok(Payload::default()),
    };
    let items = match (&distributed.reader, items) {
        (Some(reader), _) => ItemSource::Reader {
            resource: reader.resource.clone(),
            arguments: shape(&reader.arguments)?,
            most: count(&reader.config.max_items)?,
        },
        (None, items) => ItemSource::Here(items.unwrap_or_default()),
    };
    let batch = distributed.batcher.as_ref().map(|batcher| {
        Ok::<_, Fault>(Batch {
            max_items: count(&batcher.max_items)?,
            max_bytes: count(&batcher.max_bytes)?,
            input: batcher.input.as_ref().map(|_| shape(&batcher.input)).transpose()?,
        })
    });
    let results = distributed.writer.as_ref().map(|writer| {
        Ok::<_, Fault>(ResultSink { resource: writer.resource.clone(), arguments: shape(&writer.arguments)? })
    });
    let names = Names::new(story, here, distributed);
    Ok(MapRunCall {
        token: token(&story.run, here.frame, &here.entry),
        arn: names.arn,
        machine: names.machine,
        state_name: here.entry.state.to_string(),
        pointer: here.state.pointer.clone(),
        items,
        concurrency: counts.concurrency,
        tolerated_count: counts.tolerated_count,
        tolerated_percentage: counts.tolerated_percentage,
        batch: batch.transpose()?,
        results: results.transpose()?,
    })
}

struct Names {
    /// `arn:…:mapRun:<machine>/<label>:<id>`
    arn: String,
    /// `<machine>/<label>`
    machine: String,
}

impl Names {
    /// A state without a label of its own has an id in its place, which is the same in all executions.
    fn new(story: &Story<'_>, here: &Entered<'_>, distributed: &Distributed) -> Self {
        let Some(start) = story.run.start() else {
            return Self { arn: String::new(), machine: String::new() };
        };
        let scope: Vec<&str> = start.machine_arn.splitn(6, ':').take(5).collect();
        let scope = scope.join(":");
        // An execution that a map run started is of `<machine>/<label>` itself.
        let machine = start.machine_name.split('/').next().unwrap_or_default();
        let label = distributed.label.clone();
        let label = label.unwrap_or_else(|| id(&[&scope, machine, &here.state.pointer]));
        let run = id(&[&start.execution_arn, &token(&story.run, here.frame, &here.entry)]);
        let machine = format!("{machine}/{label}");
        Self { arn: format!("{scope}:mapRun:{machine}:{run}"), machine }
    }
}

/// An id in the form of a UUID, the same whenever it is decided.
fn id(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut digits = String::new();
    for (at, byte) in hash.finalize().iter().take(16).enumerate() {
        let byte = match at {
            6 => byte & 0x0f | 0x40,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        if matches!(at, 4 | 6 | 8 | 10) {
            digits.push('-');
        }
        digits.push_str(&hex(&[byte]));
    }
    digits
}

/// The Map whose map run has that token, while it is under way.
fn under_way<'d>(story: &Story<'d>, token: &str) -> Option<(Entered<'d>, &'d Map)> {
    let here = entered(story, story.run.calling(token)?)?;
    let Phase::MapRun { .. } = story.run.frame(here.frame)?.phase else { return None };
    match &here.state.kind {
        StateKind::Map(map) => Some((here, map)),
        _ => None,
    }
}

/// The map run has ended well.
pub(super) fn succeeded(story: &mut Story<'_>, token: &str, result: &Payload) {
    let Some((here, map)) = under_way(story, token) else { return };
    if let Err(fault) = limits::check(story.at.payload_limit, &here.entry.state, result) {
        return failed(story, token, &Failure::new(fault.error, fault.cause));
    }
    story.tell(here.frame, EventKind::MapRunSucceeded);
    story.tell(here.frame, EventKind::MapStateSucceeded);
    if story.over() {
        return;
    }
    if let Err(fault) = flow::leave_with(story, &here, result, &map.next) {
        failure::fault(story, &here, fault);
    }
    flow::go_on(story);
}

/// The map run has ended badly.
pub(super) fn failed(story: &mut Story<'_>, token: &str, failure: &Failure) {
    let Some((here, _)) = under_way(story, token) else { return };
    story.tell(here.frame, EventKind::MapRunFailed { failure: failure.clone() });
    let last = story.run.last_id;
    failure::of_state(story, &here, Trouble::new(failure.clone()), Some(last));
    flow::go_on(story);
}

/// What child executions of a map run are given for items, as the Map's `ItemSelector` has it.
pub(super) fn select(
    story: &Story<'_>,
    (token, source): (&str, &ItemSource),
    (first, items): (u32, Vec<Value>),
) -> Option<Result<Vec<Payload>, Failure>> {
    let (here, map) = under_way(story, token)?;
    let selected = inputs(story, (&here, map), source, (first, items));
    Some(selected.map_err(|fault| failure::of_fault(&here.entry, fault)))
}

/// What the iterations of the Map are given for items.
pub(super) fn inputs(
    story: &Story<'_>,
    (here, map): (&Entered<'_>, &Map),
    source: &ItemSource,
    (first, items): (u32, Vec<Value>),
) -> Result<Vec<Payload>, Fault> {
    let (name, keyed) = (source.name(), source.has_keys());
    let one = |(index, item): (u32, Value)| {
        let input: Payload = match &map.item_selector {
            None => item.into(),
            Some(selector) => {
                let (key, value) = if keyed { (item["Key"].as_str(), &item["Value"]) } else { (None, &item) };
                Sight::new(story, here)
                    .with_item(Item { index, key, value, source: &name })
                    .look(|scope| selector.fill(scope, &*here.state.flow.input(scope)?))?
                    .into()
            }
        };
        limits::check(story.at.payload_limit, &here.entry.state, &input)?;
        Ok(input)
    };
    (first..).zip(items).map(one).collect()
}
