//! Carrying out a Map state whose iterations are executions of their own.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html>
//!
//! Whoever carries out the map run reads the items, starts the children and counts them; this decides with what, and
//! what follows from its end.

use std::borrow::Cow;

use serde_json::Value;
use sha2::{Digest, Sha256};
use trainyard_domain::Failure;
use trainyard_lang::asl::{Count, Distributed, Fault, Map, Mode, Scope, Shape, StateKind};

use super::{
    entered::{Entered, entered},
    failure::{self, Trouble},
    flow::{self, Leaving},
    limits, map,
    sight::Sight,
    story::Story,
};
use crate::{
    Command, EventKind, Payload,
    command::{Batch, ItemSource, MapRunCall, ResultSink},
    frame::Phase,
    token::token,
};

/// Begins the map run, for the first time or again.
pub(super) fn start(
    story: &mut Story<'_>,
    here: &Entered<'_>,
    (map, distributed): (&Map, &Distributed),
) -> Result<(), Fault> {
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
    Ok(MapRunCall {
        token: token(&story.run, here.frame, &here.entry),
        arn: arn(story, here, distributed),
        state_name: here.entry.state.to_string(),
        retry_count: here.entry.retry_count,
        items,
        concurrency: counts.concurrency,
        tolerated_count: counts.tolerated_count,
        tolerated_percentage: counts.tolerated_percentage,
        batch: batch.transpose()?,
        results: results.transpose()?,
    })
}

/// `arn:…:mapRun:<machine>/<label>:<id>`; without a label of its own it has an id in its place.
fn arn(story: &Story<'_>, here: &Entered<'_>, distributed: &Distributed) -> String {
    let Some(start) = story.run.start() else { return String::new() };
    let label = distributed.label.clone().unwrap_or_else(|| id(story, here, b"label"));
    let scope: Vec<&str> = start.machine_arn.splitn(6, ':').take(5).collect();
    format!("{}:mapRun:{}/{label}:{}", scope.join(":"), start.machine_name, id(story, here, b"run"))
}

/// An id in the form of a UUID, the same whenever it is decided.
fn id(story: &Story<'_>, here: &Entered<'_>, what: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(token(&story.run, here.frame, &here.entry).as_bytes());
    hash.update(what);
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
        digits.push_str(&format!("{byte:02x}"));
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
pub(super) fn succeeded(story: &mut Story<'_>, token: &str, output: &Value) {
    let Some((here, map)) = under_way(story, token) else { return };
    let result: Payload = output.clone().into();
    if let Err(fault) = limits::check(&here.entry.state, &result) {
        return failed(story, token, &Failure::new(fault.error, fault.cause));
    }
    story.tell(here.frame, EventKind::MapRunSucceeded);
    story.tell(here.frame, EventKind::MapStateSucceeded);
    if story.over() {
        return;
    }
    if let Err(fault) = take(story, &here, map, &result) {
        failure::fault(story, &here, fault);
    }
    flow::go_on(story);
}

fn take(story: &mut Story<'_>, here: &Entered<'_>, map: &Map, result: &Payload) -> Result<(), Fault> {
    let leaving = Sight::new(story, here).look(|scope| {
        let left = here.state.flow.leave(scope, Some(Cow::Borrowed(result.value())))?;
        Ok::<_, Fault>(Leaving::new(left, &here.entry, Some(result)))
    })?;
    flow::leave(story, here, leaving, &map.next)
}

/// The map run has ended badly.
pub(super) fn failed(story: &mut Story<'_>, token: &str, failure: &Failure) {
    let Some((here, _)) = under_way(story, token) else { return };
    story.tell(here.frame, EventKind::MapRunFailed { failure: failure.clone() });
    let last = story.run.last_id;
    failure::of_state(story, &here, Trouble::new(failure.clone()), Some(last));
    flow::go_on(story);
}

/// What a child execution of a map run is given for an item, as the Map's `ItemSelector` has it.
pub(super) fn child_input(
    story: &Story<'_>,
    token: &str,
    (index, item): (u32, &Value),
) -> Option<Result<Payload, Failure>> {
    let (here, map) = under_way(story, token)?;
    let Some(selector) = &map.item_selector else { return Some(Ok(item.clone().into())) };
    let made = Sight::new(story, &here).with_item(index, item).look(|scope| {
        let input = here.state.flow.input(scope)?;
        selector.fill(scope, &input)
    });
    Some(made.map(Payload::from).map_err(|fault| Failure::new(fault.error, fault.cause)))
}

/// The state of the map run that is under way.
pub(super) fn state<'d>(story: &Story<'d>, token: &str) -> Option<(&'d Map, &'d Distributed)> {
    let (_, map) = under_way(story, token)?;
    match &map.mode {
        Mode::Distributed(distributed) => Some((map, distributed)),
        Mode::Inline => None,
    }
}
