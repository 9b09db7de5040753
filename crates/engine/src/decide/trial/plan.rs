//! What a Map that is tried by itself would do.

use serde_json::Value;
use trainyard_lang::asl::{Fault, ItemReader, Map, Mode, Recorder, Stage, StateKind};

use super::Trial;
use crate::{
    Batch, Command, ItemSource, Payload,
    decide::{
        entered::{Entered, entered},
        failure, map, map_run,
        sight::Sight,
        story::Story,
    },
    frame::{Phase, ROOT},
};

/// How a Map goes through its items.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The items; none if a reader brings them.
    pub items: Option<Payload>,
    /// The reader that brings them.
    pub reader: Option<ItemReader>,
    /// At most so many of what the reader brings.
    pub most_items: Option<u64>,
    /// How they are put together.
    pub batch: Option<Batch>,
    /// How many iterations may run at once; 0 for as many as there may be.
    pub concurrency: u64,
    /// How many may fail, if the definition says so.
    pub tolerated_count: Option<u64>,
    /// Which part of them may fail, of 100, if the definition says so.
    pub tolerated_percentage: Option<f64>,
}

impl Trial {
    /// The plan of a Map that waits for what comes of its iterations.
    pub fn plan(&self) -> Option<Plan> {
        let story = self.story();
        let (here, map) = waiting_map(&story)?;
        let counts = Sight::new(&story, &here).look(|scope| map::counts(&here, map, scope)).ok()?;
        let (items, most_items, batch) = match &story.run.frame(ROOT)?.phase {
            Phase::Forked(fork) => (Some(fork.input.clone()), None, None),
            _ => self.map_run()?,
        };
        let reader = match &map.mode {
            Mode::Distributed(distributed) => distributed.reader.clone(),
            Mode::Inline => None,
        };
        Some(Plan {
            items,
            reader,
            most_items,
            batch,
            concurrency: counts.concurrency,
            tolerated_count: counts.tolerated_count,
            tolerated_percentage: counts.tolerated_percentage,
        })
    }

    fn map_run(&self) -> Option<(Option<Payload>, Option<u64>, Option<Batch>)> {
        self.decision.commands.iter().find_map(|command| match command {
            Command::StartMapRun(call) => {
                let (items, most) = match &call.items {
                    ItemSource::Here(_) => (call.items.here().map(|items| Value::from(items).into()), None),
                    ItemSource::Reader { most, .. } => (None, *most),
                };
                Some((items, most, call.batch.clone()))
            }
            _ => None,
        })
    }

    /// Makes of the items what the iterations are given, and notes it if the Map has an `ItemSelector`. The Map fails
    /// if that cannot be done.
    pub fn select(&mut self, items: Vec<Value>) -> Vec<Payload> {
        let mut made = Vec::new();
        let source = self.decision.commands.iter().find_map(|command| match command {
            Command::StartMapRun(call) => Some(call.items.clone()),
            _ => None,
        });
        let source = source.unwrap_or_else(|| ItemSource::Here(Payload::default()));
        self.tell(|story| {
            let Some((here, map)) = waiting_map(story) else { return };
            match inputs(story, (&here, map), &source, items) {
                Ok(inputs) => made = inputs,
                Err(fault) => return failure::fault(story, &here, fault),
            }
            if map.item_selector.is_some() {
                let inputs: Value = made.iter().map(|input| input.value().clone()).collect();
                story.note(|notes| notes.record(Stage::AfterItemSelector, &inputs));
            }
        });
        made
    }
}

/// How many bytes an `ItemSelector` may look through, for all items together: it sees the whole input for each.
const LOOKED_THROUGH: usize = 64 * 1024 * 1024;

/// Somebody waits for the answer: what would take long, or is more than can be shown, is not made.
fn inputs(
    story: &Story<'_>,
    (here, map): (&Entered<'_>, &Map),
    source: &ItemSource,
    items: Vec<Value>,
) -> Result<Vec<Payload>, Fault> {
    if map.item_selector.is_none() {
        return Ok(items.into_iter().map(Payload::from).collect());
    }
    if items.len().saturating_mul(here.entry.input.text().len()) > LOOKED_THROUGH {
        return Err(Fault::too_large("The state has too many items to be tried with an ItemSelector."));
    }
    let (mut made, mut size) = (Vec::new(), 0);
    for (index, item) in (0..).zip(items) {
        for input in map_run::inputs(story, (here, map), source, (index, vec![item]))? {
            size += input.text().len() + 1;
            made.push(input);
        }
        if size > story.at.payload_limit {
            return Err(Fault::too_large("The ItemSelector makes more data than can be shown."));
        }
    }
    Ok(made)
}

/// The Map that waits for its iterations.
fn waiting_map<'d>(story: &Story<'d>) -> Option<(Entered<'d>, &'d Map)> {
    let here = entered(story, ROOT)?;
    let StateKind::Map(map) = &here.state.kind else { return None };
    let waits = matches!(story.run.frame(ROOT)?.phase, Phase::Forked(_) | Phase::MapRun { .. });
    waits.then_some((here, map))
}
