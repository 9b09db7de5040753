//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-events-archive.html>

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use trainyard_domain::Arn;
use trainyard_lang::template::Physical;

use super::{Call, Kind, Order, named, physical};
use crate::{
    bus::{self, ArchiveSpec},
    stacks::{
        Error, Neighbours,
        plan::name,
        shape::{Misfit, Scalar, Shape, Text, read},
    },
};

pub(super) struct EventArchive;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    archive_name: Option<Text>,
    source_arn: Text,
    description: Option<Text>,
    event_pattern: Option<Value>,
    retention_days: Option<Scalar<i64>>,
    kms_key_identifier: Option<Text>,
}

fn spec(properties: &Value) -> Result<ArchiveSpec, Misfit> {
    let read: Properties = read(properties)?;
    let text = |text: Option<Text>| text.map(|Text(text)| text);
    Ok(ArchiveSpec {
        name: text(read.archive_name).unwrap_or_default(),
        source: Some(read.source_arn.0),
        description: text(read.description),
        pattern: read.event_pattern.map(|pattern| match pattern {
            Value::String(text) => text,
            pattern => pattern.to_string(),
        }),
        retention_days: read.retention_days.map(|Scalar(days)| days),
        key: text(read.kms_key_identifier),
    })
}

#[async_trait]
impl Kind for EventArchive {
    fn name(&self) -> &'static str {
        "AWS::Events::Archive"
    }

    fn shape(&self) -> Shape {
        Shape::Map(&[
            ("ArchiveName", Shape::Any),
            ("SourceArn", Shape::Any),
            ("Description", Shape::Any),
            ("EventPattern", Shape::Any),
            ("RetentionDays", Shape::Any),
            ("KmsKeyIdentifier", Shape::Any),
        ])
    }

    fn plan(&self, order: &Order<'_>, properties: &Value) -> Result<(Physical, Value), Misfit> {
        let spec = spec(properties)?;
        let given = Some(Text(spec.name.clone())).filter(|Text(name)| !name.is_empty());
        let name = name(given.as_ref(), order, 48);
        let whole = ArchiveSpec { name: name.clone(), ..spec };
        whole.check().map_err(|error| Misfit::at(&[], error.to_string()))?;
        let arn = Arn::new("events", order.scope, format!("archive/{name}")).to_string();
        let attributes = [("Arn", arn), ("ArchiveName", name.clone())];
        Ok((physical(&name, attributes), named(properties, "ArchiveName", &name)))
    }

    async fn exists(&self, there: &Neighbours, call: &Call<'_>) -> Result<bool, Error> {
        match there.bus.describe_archive(call.scope, &call.made.physical_id).await {
            Ok(_) => Ok(true),
            Err(bus::Error::NoArchive(_)) => Ok(false),
            Err(error) => Err(Error::of(error)),
        }
    }

    async fn ensure(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let spec = spec(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
        let old = match there.bus.describe_archive(call.scope, &call.made.physical_id).await {
            Ok((old, _)) => old,
            Err(bus::Error::NoArchive(_)) => {
                return there
                    .bus
                    .create_archive(call.scope, call.by, spec)
                    .await
                    .map(drop)
                    .map_err(Error::of);
            }
            Err(error) => return Err(Error::of(error)),
        };
        if spec.source.as_ref().is_some_and(|source| *source != old.source().to_string()) {
            let words = "SourceArn: an archive stays with its bus; give the one of another bus another name";
            return Err(Error::Request(words.to_owned()));
        }
        // What the template does not say any more is as if it had never been said.
        let text = |text: Option<String>| Some(text.unwrap_or_default());
        let whole = ArchiveSpec {
            retention_days: Some(spec.retention_days.unwrap_or(0)),
            description: text(spec.description),
            pattern: text(spec.pattern),
            key: text(spec.key),
            ..spec
        };
        there.bus.update_archive(call.scope, call.by, whole).await.map(drop).map_err(Error::of)
    }

    async fn remove(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        match there.bus.delete_archive(call.scope, call.by, &call.made.physical_id).await {
            Ok(()) | Err(bus::Error::NoArchive(_)) => Ok(()),
            Err(error) => Err(Error::of(error)),
        }
    }
}
