//! The same reading and putting together for a Map that is tried by itself: nothing of it is stored.

use std::ops::ControlFlow;

use serde_json::Value;
use trainyard_domain::Failure;
use trainyard_engine::{Batch, PAYLOAD_LIMIT, Payload};
use trainyard_lang::asl::{ItemReader, Resource};

use super::{
    batch::Batcher,
    read::{Format, read},
};

/// The items in what a reader is said to have read; the reason why not is for a person.
pub(in super::super) fn items(reader: &ItemReader, text: &str) -> Result<Vec<Value>, String> {
    let format = match &reader.resource {
        // What is in a bucket comes as a list.
        Resource::Service(action) if action.action == "listObjectsV2" => Format::Json { pointer: Vec::new() },
        _ => Format::of(&reader.config)?,
    };
    let mut items = Vec::new();
    let mut keep = |item, _| {
        items.push(item);
        ControlFlow::Continue(())
    };
    read(&format, text.as_bytes(), &mut keep).map_err(|why| why.to_string())?;
    Ok(items)
}

/// The inputs of the child executions, as JSON texts, as long as they can be shown together.
pub(in super::super) fn portions(
    batch: &Batch,
    items: &[Payload],
    state: &str,
) -> Result<Vec<String>, Failure> {
    let mut batcher = Batcher::new(Some(batch), state, PAYLOAD_LIMIT);
    let (mut inputs, mut size) = (Vec::new(), 0);
    for item in items.iter().map(Some).chain([None]) {
        let portion = match item {
            Some(item) => batcher.push(item)?,
            None => batcher.take(),
        };
        let Some(portion) = portion else { continue };
        size += portion.input.len() + 1;
        if size > PAYLOAD_LIMIT {
            let cause = "The ItemBatcher makes more data than can be shown.";
            return Err(Failure::new("States.DataLimitExceeded", cause));
        }
        inputs.push(portion.input);
    }
    Ok(inputs)
}
