//! Which objects items are read from, and how. Pure.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use trainyard_domain::typed;
use trainyard_engine::{ItemSource, Payload};
use trainyard_lang::asl::{InputType, ManifestType, ReaderConfig, Resource, Unpacking};

use super::read::Format;
use crate::artifacts::Place;

/// Where items come from.
#[derive(Debug, PartialEq)]
pub(super) enum Source {
    /// They are here.
    Here(Vec<Value>),
    /// They are in an object.
    Object(Place, Format),
    /// They are objects: what is known of each.
    Objects(Prefix),
    /// They are in all objects of a listing.
    InObjects(Prefix, Format),
    /// They are rows of the lists that an S3 inventory's manifest names.
    Inventory(Place),
    /// They are in the objects that a manifest of Athena names.
    Athena(Place, Format),
}

/// Objects whose keys begin alike.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Prefix {
    pub(super) bucket: String,
    #[serde(default)]
    pub(super) prefix: String,
    pub(super) start_after: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Key {
    bucket: String,
    key: String,
}

impl Source {
    /// What the state asks for; why it cannot be had.
    pub(super) fn of(items: ItemSource, config: &ReaderConfig) -> Result<Self, String> {
        let (resource, arguments) = match &items {
            ItemSource::Here(_) => return Ok(Self::Here(items.here().unwrap_or_default())),
            ItemSource::Reader { resource, arguments, .. } => (resource, arguments),
        };
        if is_listing(resource) {
            let prefix = arguments_of(arguments)?;
            return match config.unpacking {
                Unpacking::None => Ok(Self::Objects(prefix)),
                Unpacking::LoadAndFlatten => Ok(Self::InObjects(prefix, Format::of(config)?)),
            };
        }
        let Key { bucket, key } = arguments_of(arguments)?;
        let place = Place::new(bucket, key);
        match (config.input_type, config.manifest_type) {
            (_, Some(ManifestType::AthenaData)) => Ok(Self::Athena(place, Format::of(config)?)),
            (Some(InputType::Manifest), _) | (_, Some(ManifestType::S3Inventory)) => {
                Ok(Self::Inventory(place))
            }
            (_, None) => Ok(Self::Object(place, Format::of(config)?)),
        }
    }
}

fn is_listing(resource: &Resource) -> bool {
    matches!(resource, Resource::Service(action) if &*action.action == "listObjectsV2")
}

/// What S3 is asked with. What we do not honour is refused by name.
pub(super) fn arguments_of<T: DeserializeOwned>(arguments: &Payload) -> Result<T, String> {
    typed::read(arguments.value().clone()).map_err(|misfit| {
        let place = match misfit.place().as_str() {
            "" => String::new(),
            place => format!(" (at '{place}')"),
        };
        format!("The arguments for Amazon S3 cannot be used: {}{place}", misfit.message)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use trainyard_lang::asl::CsvHeaders;

    use super::*;

    fn source(action: &str, arguments: Value, config: ReaderConfig) -> Result<Source, String> {
        let resource = format!("arn:aws:states:::s3:{action}").parse().unwrap();
        Source::of(ItemSource::Reader { resource, arguments: arguments.into(), most: None }, &config)
    }

    #[test]
    fn objects_are_read_as_their_type_says() {
        let place = || Place::new("bucket", "key");
        let read = |input_type| {
            let config = ReaderConfig { input_type, delimiter: Some(';'), ..ReaderConfig::default() };
            source("getObject", json!({"Bucket": "bucket", "Key": "key"}), config)
        };
        let json = Format::Json { pointer: Vec::new() };
        assert_eq!(read(None).unwrap(), Source::Object(place(), json.clone()));
        assert_eq!(read(Some(InputType::Json)).unwrap(), Source::Object(place(), json));
        let csv = Format::Csv { headers: CsvHeaders::FirstRow, delimiter: b';' };
        assert_eq!(read(Some(InputType::Csv)).unwrap(), Source::Object(place(), csv));
        assert_eq!(read(Some(InputType::Manifest)).unwrap(), Source::Inventory(place()));
        assert!(read(Some(InputType::Parquet)).unwrap_err().contains("PARQUET"));
    }

    #[test]
    fn what_is_not_honoured_is_refused_by_name() {
        let read = |arguments| source("getObject", arguments, ReaderConfig::default()).unwrap_err();
        let versioned = json!({"Bucket": "bucket", "Key": "key", "VersionId": "1"});
        assert!(read(versioned).contains("VersionId"));
        assert!(read(json!({"Bucket": "bucket"})).ends_with("missing field `Key`"));
        assert!(read(json!({"Bucket": 7, "Key": "k"})).contains("at 'Bucket'"));
    }

    #[test]
    fn listings_are_items_or_hold_them() {
        let list = |unpacking| {
            let config =
                ReaderConfig { unpacking, input_type: Some(InputType::JsonLines), ..ReaderConfig::default() };
            source("listObjectsV2", json!({"Bucket": "bucket", "Prefix": "a/"}), config).unwrap()
        };
        let prefix = || Prefix { bucket: "bucket".into(), prefix: "a/".into(), start_after: None };
        assert_eq!(list(Unpacking::None), Source::Objects(prefix()));
        assert_eq!(list(Unpacking::LoadAndFlatten), Source::InObjects(prefix(), Format::JsonLines));
    }
}
