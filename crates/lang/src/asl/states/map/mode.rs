//! `ItemProcessor` and, as it was called before, `Iterator`: what is run for each item, and where.

use crate::asl::{diagnostic::Code, fields::Fields, graph::Graph, states::Around};

use super::{ItemBatcher, ItemReader, ResultWriter};

/// Where the iterations run.
#[derive(Clone, Debug, PartialEq)]
pub enum Mode {
    /// In the execution itself.
    Inline,
    /// Each in an execution of its own.
    Distributed(Box<Distributed>),
}

/// What only a distributed Map has.
#[derive(Clone, Debug, PartialEq)]
pub struct Distributed {
    /// The type of the child executions.
    pub execution_type: ExecutionType,
    /// `ItemReader`
    pub reader: Option<ItemReader>,
    /// `ItemBatcher`
    pub batcher: Option<ItemBatcher>,
    /// `ResultWriter`
    pub writer: Option<ResultWriter>,
    /// `Label`
    pub label: Option<String>,
}

/// The type of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecutionType {
    /// `STANDARD`
    Standard,
    /// `EXPRESS`
    Express,
}

/// The most characters of a label.
const LABEL_LIMIT: usize = 40;

pub(super) fn read(fields: &mut Fields<'_>, around: Around) -> Option<(Mode, Graph)> {
    fields.one_of(&["ItemProcessor", "Iterator"], true);
    let old = fields.has("Iterator") && !fields.has("ItemProcessor");
    let name = if old { "Iterator" } else { "ItemProcessor" };
    let value = fields.value(name);
    let processor = fields.inside(name).zip(value).map(|(mut inner, value)| {
        let distributed = read_config(&mut inner);
        let graph = Graph::read(&mut inner, value, around.inner());
        inner.finish();
        (distributed, graph)
    });
    let distributed = processor.as_ref().and_then(|(distributed, _)| *distributed);
    let mode = match distributed {
        Some(execution_type) => Mode::Distributed(Box::new(read_distributed(fields, execution_type))),
        None => Mode::Inline,
    };
    let (_, graph) = processor?;
    Some((mode, graph?))
}

/// The type of the child executions, if there are to be any.
fn read_config(fields: &mut Fields<'_>) -> Option<ExecutionType> {
    let mut config = fields.inside("ProcessorConfig")?;
    let modes = [("INLINE", false), ("DISTRIBUTED", true)];
    let distributed = config.choice("Mode", &modes).unwrap_or(false);
    let mut kind = None;
    if distributed {
        config.require(&["ExecutionType"]);
        let types = [("STANDARD", ExecutionType::Standard), ("EXPRESS", ExecutionType::Express)];
        kind = config.choice("ExecutionType", &types);
    }
    config.finish();
    distributed.then_some(kind.unwrap_or(ExecutionType::Standard))
}

fn read_distributed(fields: &mut Fields<'_>, execution_type: ExecutionType) -> Distributed {
    let reader = ItemReader::read(fields);
    let batcher = ItemBatcher::read(fields);
    let writer = ResultWriter::read(fields);
    let label = fields.text("Label").map(str::to_owned);
    if let Some(label) = &label {
        match label_fault(label) {
            Some(why) => fields.report.add(Code::InvalidLabelName, &fields.at("Label"), why),
            None => fields.report.label(label, &fields.at("Label")),
        }
    }
    Distributed { execution_type, reader, batcher, writer, label }
}

/// A label becomes part of the ARN of the map run.
fn label_fault(label: &str) -> Option<String> {
    if label.is_empty() || label.chars().count() > LABEL_LIMIT {
        return Some(format!(
            "Label name '{label}' exceeds the {LABEL_LIMIT}-character limit allowed by the service"
        ));
    }
    let wrong = |c: char| c.is_whitespace() || c.is_control() || "?*<>{}[]:;,/\\|^~$#%&`\"".contains(c);
    label.contains(wrong).then(|| format!("Label name '{label}' contains invalid characters"))
}
