//! `ItemBatcher`: several items to one child execution.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html>

use crate::asl::{fields::Fields, shape::Shape};

use super::Count;

/// How items are put together.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemBatcher {
    /// `MaxItemsPerBatch` or its path.
    pub max_items: Option<Count>,
    /// `MaxInputBytesPerBatch` or its path.
    pub max_bytes: Option<Count>,
    /// `BatchInput`: what each batch gets besides.
    pub input: Option<Shape>,
}

impl ItemBatcher {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let mut inner = fields.inside("ItemBatcher")?;
        let max_items = Count::read_at_least(&mut inner, 1, ("MaxItemsPerBatch", "MaxItemsPerBatchPath"));
        let max_bytes =
            Count::read_at_least(&mut inner, 1, ("MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"));
        let limits = [
            "MaxItemsPerBatch",
            "MaxItemsPerBatchPath",
            "MaxInputBytesPerBatch",
            "MaxInputBytesPerBatchPath",
        ];
        if !limits.iter().any(|name| inner.has(name)) {
            let message = "These fields are required: [MaxItemsPerBatch, MaxInputBytesPerBatch]";
            inner.report.schema(&inner.pointer, message);
        }
        let input = Shape::read(&mut inner, "BatchInput");
        inner.finish();
        Some(Self { max_items, max_bytes, input })
    }
}
