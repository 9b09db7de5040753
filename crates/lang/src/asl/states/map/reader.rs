//! `ItemReader`: a Map's items from S3.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html>

use crate::asl::{fields::Fields, language::Language, resource::Resource, shape::Shape};

use super::Count;

/// Where items are read from.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemReader {
    /// `Resource`: `s3:getObject` or `s3:listObjectsV2`.
    pub resource: Resource,
    /// `Parameters` or `Arguments`
    pub arguments: Option<Shape>,
    /// `ReaderConfig`
    pub config: ReaderConfig,
}

/// How what was read is understood.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReaderConfig {
    /// `InputType`
    pub input_type: Option<InputType>,
    /// `CSVHeaderLocation` and `CSVHeaders`
    pub headers: Option<CsvHeaders>,
    /// `CSVDelimiter`
    pub delimiter: Option<char>,
    /// `MaxItems` or its path.
    pub max_items: Option<Count>,
    /// `ManifestType`
    pub manifest_type: Option<ManifestType>,
    /// `Transformation`
    pub unpacking: Unpacking,
    /// `ItemsPointer`: where in a JSON document the list is.
    pub items_pointer: Option<String>,
}

/// `InputType`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputType {
    /// `JSON`
    Json,
    /// `JSONL`
    JsonLines,
    /// `CSV`
    Csv,
    /// `MANIFEST`
    Manifest,
    /// `PARQUET`
    Parquet,
}

/// The names of a CSV file's columns.
#[derive(Clone, Debug, PartialEq)]
pub enum CsvHeaders {
    /// `FIRST_ROW`
    FirstRow,
    /// `GIVEN`
    Given(Vec<String>),
}

/// `ManifestType`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManifestType {
    /// `S3_INVENTORY`
    S3Inventory,
    /// `ATHENA_DATA`
    AthenaData,
}

/// `Transformation` of `s3:listObjectsV2`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unpacking {
    /// `NONE`: the objects' metadata are the items.
    #[default]
    None,
    /// `LOAD_AND_FLATTEN`: the items in the objects.
    LoadAndFlatten,
}

impl ItemReader {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let mut inner = fields.inside("ItemReader")?;
        inner.require(&["Resource"]);
        let resource = read_resource(&mut inner, &["getObject", "listObjectsV2"]);
        let arguments = read_arguments(&mut inner);
        let config = inner.inside("ReaderConfig").map(read_config).unwrap_or_default();
        inner.finish();
        Some(Self { resource: resource?, arguments, config })
    }
}

/// What S3 is asked with.
pub(super) fn read_arguments(fields: &mut Fields<'_>) -> Option<Shape> {
    let other = [if fields.language == Language::JsonPath { "Arguments" } else { "Parameters" }];
    fields.foreign(&other);
    match fields.language {
        Language::JsonPath => Shape::read(fields, "Parameters"),
        Language::Jsonata => Shape::read(fields, "Arguments"),
    }
}

/// One of S3's actions.
pub(super) fn read_resource(fields: &mut Fields<'_>, actions: &[&str]) -> Option<Resource> {
    let text = fields.text("Resource")?;
    match text.parse() {
        Ok(Resource::Service(action)) if action.service == "s3" && actions.contains(&&*action.action) => {
            Some(Resource::Service(action))
        }
        _ => {
            let message = "The field 'Resource' does not match any of the allowed values";
            fields.report.schema(&fields.at("Resource"), message);
            None
        }
    }
}

fn read_config(mut fields: Fields<'_>) -> ReaderConfig {
    let input_type = fields.choice(
        "InputType",
        &[
            ("CSV", InputType::Csv),
            ("JSON", InputType::Json),
            ("JSONL", InputType::JsonLines),
            ("PARQUET", InputType::Parquet),
            ("MANIFEST", InputType::Manifest),
        ],
    );
    let csv = matches!(input_type, Some(InputType::Csv | InputType::Manifest));
    let headers = if csv { read_headers(&mut fields) } else { None };
    if input_type == Some(InputType::Csv) && !fields.has("CSVHeaderLocation") {
        fields.report.schema(&fields.pointer, "The field 'CSVHeaderLocation' is required");
    }
    let delimiters = [("COMMA", ','), ("PIPE", '|'), ("SEMICOLON", ';'), ("SPACE", ' '), ("TAB", '\t')];
    let delimiter = fields.choice("CSVDelimiter", &delimiters);
    let max_items = Count::read(&mut fields, "MaxItems", "MaxItemsPath");
    let manifests = [("ATHENA_DATA", ManifestType::AthenaData), ("S3_INVENTORY", ManifestType::S3Inventory)];
    let manifest_type = fields.choice("ManifestType", &manifests);
    let unpackings = [("NONE", Unpacking::None), ("LOAD_AND_FLATTEN", Unpacking::LoadAndFlatten)];
    let unpacking = fields.choice("Transformation", &unpackings).unwrap_or_default();
    let items_pointer = fields.text("ItemsPointer").map(str::to_owned);
    fields.finish();
    ReaderConfig { input_type, headers, delimiter, max_items, manifest_type, unpacking, items_pointer }
}

fn read_headers(fields: &mut Fields<'_>) -> Option<CsvHeaders> {
    let given = fields.choice("CSVHeaderLocation", &[("FIRST_ROW", false), ("GIVEN", true)]);
    let names = fields.list("CSVHeaders").map(|names| {
        let names: Option<Vec<String>> = names.iter().map(|name| name.as_str().map(str::to_owned)).collect();
        names
    });
    if let Some(None) = names {
        fields.report.schema(&fields.at("CSVHeaders"), "Expected a list of strings");
    }
    match given? {
        false => Some(CsvHeaders::FirstRow),
        true => {
            fields.require(&["CSVHeaders"]);
            Some(CsvHeaders::Given(names.flatten().unwrap_or_default()))
        }
    }
}
