//! `Map`: runs one graph for each of many items.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html>

mod batcher;
mod items;
mod limits;
mod mode;
mod reader;
mod writer;

pub use self::{
    batcher::ItemBatcher,
    items::Items,
    limits::{Count, Percentage},
    mode::{Distributed, ExecutionType, Mode},
    reader::{CsvHeaders, InputType, ItemReader, ManifestType, ReaderConfig, Unpacking},
    writer::{OutputType, ResultWriter, Transformation, WriterConfig},
};

use crate::asl::{
    errors::{Catcher, Retrier, read_catchers, read_retriers},
    fields::Fields,
    flow::{Flow, Takes},
    graph::Graph,
    language::Language,
    machine::Next,
    shape::Shape,
};

use super::{Around, read_next};

/// A Map state.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// Where the items come from, if no reader brings them.
    pub items: Items,
    /// `ItemSelector` or, as it was called before, `Parameters`: what becomes of each item.
    pub item_selector: Option<Shape>,
    /// `MaxConcurrency` or its path; 0 for no limit of one's own.
    pub max_concurrency: Option<Count>,
    /// `ToleratedFailureCount` or its path.
    pub tolerated_count: Option<Count>,
    /// `ToleratedFailurePercentage` or its path.
    pub tolerated_percentage: Option<Percentage>,
    /// Where the iterations run.
    pub mode: Mode,
    /// What is run for each item.
    pub processor: Graph,
    /// `Retry`
    pub retry: Vec<Retrier>,
    /// `Catch`
    pub catch: Vec<Catcher>,
    /// Where it leads.
    pub next: Next,
}

pub(super) fn read(fields: &mut Fields<'_>, around: Around) -> (Flow, Option<Map>) {
    let flow = Flow::read(fields, Takes { arguments: false, ..Takes::RESULT });
    let items = items::read(fields);
    let item_selector = read_selector(fields);
    let max_concurrency = Count::read(fields, "MaxConcurrency", "MaxConcurrencyPath");
    let tolerated_count = Count::read(fields, "ToleratedFailureCount", "ToleratedFailureCountPath");
    let tolerated_percentage = Percentage::read(fields);
    let processor = mode::read(fields, around);
    let (retry, catch) = (read_retriers(fields), read_catchers(fields));
    let next = read_next(fields);
    let map = processor.zip(next).map(|((mode, processor), next)| Map {
        items,
        item_selector,
        max_concurrency,
        tolerated_count,
        tolerated_percentage,
        mode,
        processor,
        retry,
        catch,
        next,
    });
    (flow, map)
}

fn read_selector(fields: &mut Fields<'_>) -> Option<Shape> {
    if fields.language == Language::Jsonata {
        return Shape::read(fields, "ItemSelector");
    }
    fields.one_of(&["ItemSelector", "Parameters"], false);
    Shape::read(fields, "ItemSelector").or_else(|| Shape::read(fields, "Parameters"))
}
