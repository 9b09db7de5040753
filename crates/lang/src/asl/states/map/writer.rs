//! `ResultWriter`: a Map's results to S3, or in another form.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html>

use crate::asl::{fields::Fields, resource::Resource, shape::Shape};

use super::reader::{read_arguments, read_resource};

/// Where results are written.
#[derive(Clone, Debug, PartialEq)]
pub struct ResultWriter {
    /// `Resource`: `s3:putObject`; none if the results are only given another form.
    pub resource: Option<Resource>,
    /// `Parameters` or `Arguments`
    pub arguments: Option<Shape>,
    /// `WriterConfig`
    pub config: WriterConfig,
}

/// The form of the results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriterConfig {
    /// `Transformation`
    pub transformation: Option<Transformation>,
    /// `OutputType`
    pub output_type: OutputType,
}

/// `Transformation`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transformation {
    /// `NONE`: outputs with all that is known of each execution.
    None,
    /// `COMPACT`: outputs only.
    Compact,
    /// `FLATTEN`: outputs that are lists, joined.
    Flatten,
}

/// `OutputType`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputType {
    /// `JSON`
    #[default]
    Json,
    /// `JSONL`
    JsonLines,
}

impl ResultWriter {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let mut inner = fields.inside("ResultWriter")?;
        let config = inner.inside("WriterConfig").map(read_config);
        let resource = read_resource(&mut inner, &["putObject"]);
        let arguments = read_arguments(&mut inner);
        if config.is_none() {
            inner.require(&["Resource"]);
        }
        inner.finish();
        Some(Self { resource, arguments, config: config.unwrap_or_default() })
    }
}

fn read_config(mut fields: Fields<'_>) -> WriterConfig {
    let transformations = [
        ("NONE", Transformation::None),
        ("COMPACT", Transformation::Compact),
        ("FLATTEN", Transformation::Flatten),
    ];
    let transformation = fields.choice("Transformation", &transformations);
    let types = [("JSON", OutputType::Json), ("JSONL", OutputType::JsonLines)];
    let output_type = fields.choice("OutputType", &types).unwrap_or_default();
    fields.finish();
    WriterConfig { transformation, output_type }
}
