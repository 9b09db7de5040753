//! Carrying out a Map state whose iterations run in the execution itself.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html>

use std::borrow::Cow;

use serde_json::Value;
use trainyard_lang::asl::{Fault, Map, Mode, Scope};

use super::{context::Item, entered::Entered, limits, map_run, sight::Sight, story::Story};
use crate::{
    EventKind, Payload,
    command::STATE_DATA,
    frame::{Fork, Phase},
};

/// How many iterations of an inline Map run at once, whatever `MaxConcurrency` says.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html>
const MOST_AT_ONCE: u64 = 40;

/// Begins the state's work, for the first time or again.
pub(super) fn start(story: &mut Story<'_>, here: &Entered<'_>, map: &Map) -> Result<(), Fault> {
    if let Mode::Distributed(distributed) = &map.mode {
        return map_run::start(story, here, (map, distributed));
    }
    let items = items(story, here, map)?;
    let length = length(&items);
    let counts = Sight::new(story, here).look(|scope| counts(here, map, scope));
    let concurrency = counts.as_ref().map_or(1, |counts| counts.at_once());
    story.tell(here.frame, EventKind::MapStateStarted { length, items: Some(items), concurrency });
    counts.map(drop)
}

/// The numbers of a Map state.
pub(super) struct Counts {
    pub(super) concurrency: u64,
    pub(super) tolerated_count: Option<u64>,
    pub(super) tolerated_percentage: Option<f64>,
}

impl Counts {
    fn at_once(&self) -> u32 {
        let most = if self.concurrency == 0 { MOST_AT_ONCE } else { self.concurrency.min(MOST_AT_ONCE) };
        u32::try_from(most).unwrap_or(u32::MAX)
    }
}

/// All of them are read, though an inline Map tolerates no failure: a field that is wrong must not go unseen.
pub(super) fn counts(here: &Entered<'_>, map: &Map, scope: &Scope<'_>) -> Result<Counts, Fault> {
    let flow = &here.state.flow;
    let count = |count: &Option<trainyard_lang::asl::Count>| {
        count.as_ref().map(|count| count.evaluate(flow, scope)).transpose()
    };
    let percentage = map.tolerated_percentage.as_ref();
    Ok(Counts {
        concurrency: count(&map.max_concurrency)?.unwrap_or(0),
        tolerated_count: count(&map.tolerated_count)?,
        tolerated_percentage: percentage.map(|part| part.evaluate(flow, scope)).transpose()?,
    })
}

pub(super) fn items(story: &mut Story<'_>, here: &Entered<'_>, map: &Map) -> Result<Payload, Fault> {
    let input = &here.entry.input;
    let objects = matches!(map.mode, Mode::Distributed(_));
    let items: Payload = Sight::new(story, here).look(|scope| {
        Ok::<_, Fault>(match map.items.evaluate(&here.state.flow, scope, objects)? {
            Cow::Borrowed(value) if std::ptr::eq(value, input.value()) => input.clone(),
            value => value.into_owned().into(),
        })
    })?;
    story.made += limits::check(story.at.payload_limit, &here.entry.state, &items)?;
    Ok(items)
}

pub(super) fn length(items: &Payload) -> u32 {
    let length = match items.value() {
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    };
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Begins as many iterations as there is room for.
pub(super) fn iterate(story: &mut Story<'_>, here: &Entered<'_>, map: &Map) -> Result<(), Fault> {
    while let Some((index, after)) = room(story, here) {
        if story.is_long() {
            return Ok(());
        }
        let input = item(story, here, map, index)?;
        story.made += limits::check(story.at.payload_limit, &here.entry.state, &input)?;
        let kind = EventKind::MapIterationStarted {
            name: here.entry.state.clone(),
            index,
            of: here.frame,
            start_at: map.processor.start_at.as_str().into(),
            input,
        };
        story.tell_after(story.run.next_frame(), after, kind);
    }
    Ok(())
}

fn fork<'s>(story: &'s Story<'_>, here: &Entered<'_>) -> Option<&'s Fork> {
    match &story.run.frame(here.frame)?.phase {
        Phase::Forked(fork) => Some(fork),
        _ => None,
    }
}

/// The next iteration, and the event that it follows from: the end of the one whose room it takes.
fn room(story: &Story<'_>, here: &Entered<'_>) -> Option<(u32, u64)> {
    let fork = fork(story, here).filter(|fork| fork.has_room())?;
    Some((fork.next, fork.freed.first().copied().unwrap_or(fork.started)))
}

/// What an iteration is given.
fn item(story: &Story<'_>, here: &Entered<'_>, map: &Map, index: u32) -> Result<Payload, Fault> {
    let Some(fork) = fork(story, here) else { return Ok(Payload::default()) };
    let Some(item) = fork.input.get(index as usize) else { return Ok(Payload::default()) };
    let Some(selector) = &map.item_selector else { return Ok(item.clone().into()) };
    let made = Sight::new(story, here)
        .with_item(Item { index, key: None, value: item, source: STATE_DATA })
        .look(|scope| {
            let input = here.state.flow.input(scope)?;
            selector.fill(scope, &input)
        })?;
    Ok(made.into())
}
