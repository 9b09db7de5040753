//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ecr-repository.html>

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use trainyard_domain::{Arn, Scope};
use trainyard_lang::template::Physical;

use super::{Call, Kind, Order, named, physical};
use crate::{
    images::{self, NewRepository, registry_host},
    stacks::{
        Error, Neighbours,
        plan::name,
        shape::{Misfit, Scalar, Shape, TAGS, Tag, Text, read},
    },
};

pub(super) struct ImageRepository;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    repository_name: Option<Text>,
    image_tag_mutability: Option<Mutability>,
    empty_on_delete: Option<Scalar<bool>>,
    image_scanning_configuration: Option<Scanning>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Mutability {
    Mutable,
    Immutable,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Scanning {
    scan_on_push: Scalar<bool>,
}

fn new(call: &Call<'_>) -> Result<(NewRepository, bool), Error> {
    let read: Properties = read(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
    let labels = read.tags.into_iter().map(|Tag { key, value: Text(value) }| (key, value)).collect();
    let immutable_tags = read.image_tag_mutability == Some(Mutability::Immutable);
    let new = NewRepository { name: call.made.physical_id.clone(), immutable_tags, labels };
    Ok((new, read.empty_on_delete.is_some_and(|Scalar(empty)| empty)))
}

fn arn(scope: &Scope, name: &str) -> Arn {
    Arn::new("ecr", scope, format!("repository/{name}"))
}

#[async_trait]
impl Kind for ImageRepository {
    fn name(&self) -> &'static str {
        "AWS::ECR::Repository"
    }

    fn shape(&self) -> Shape {
        Shape::Map(&[
            ("RepositoryName", Shape::Any),
            ("ImageTagMutability", Shape::Any),
            ("EmptyOnDelete", Shape::Any),
            ("ImageScanningConfiguration", Shape::Map(&[("ScanOnPush", Shape::Any)])),
            ("Tags", TAGS),
        ])
    }

    fn plan(&self, order: &Order<'_>, properties: &Value) -> Result<(Physical, Value), Misfit> {
        let read: Properties = read(properties)?;
        if read.image_scanning_configuration.is_some_and(|scanning| scanning.scan_on_push.0) {
            return Err(Misfit::at(
                &["ImageScanningConfiguration", "ScanOnPush"],
                "images are not scanned here",
            ));
        }
        let name = match read.repository_name {
            Some(Text(given)) => given,
            None => name(None, order, 256).to_lowercase(),
        };
        images::check_name(&name).map_err(|error| Misfit::at(&["RepositoryName"], error.to_string()))?;
        let attributes = [
            ("Arn", arn(order.scope, &name).to_string()),
            ("RepositoryUri", format!("{}/{name}", registry_host(order.scope))),
        ];
        Ok((physical(&name, attributes), named(properties, "RepositoryName", &name)))
    }

    async fn exists(&self, there: &Neighbours, call: &Call<'_>) -> Result<bool, Error> {
        match there.images.repository(call.scope, &call.made.physical_id).await {
            Ok(_) => Ok(true),
            Err(images::Error::NoRepository { .. }) => Ok(false),
            Err(error) => Err(Error::of(error)),
        }
    }

    async fn ensure(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let (wanted, _) = new(call)?;
        match there.images.create_repository(call.scope, wanted.clone(), call.by).await {
            Err(images::Error::RepositoryExists { .. }) => {
                there.images.update_repository(call.scope, wanted, call.by).await.map(drop).map_err(Error::of)
            }
            other => other.map(drop).map_err(Error::of),
        }
    }

    async fn remove(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let (_, force) = new(call)?;
        match there.images.delete_repository(call.scope, &call.made.physical_id, force, call.by).await {
            Ok(_) | Err(images::Error::NoRepository { .. }) => Ok(()),
            Err(error) => Err(Error::of(error)),
        }
    }
}
