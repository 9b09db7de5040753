//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-sagemaker-modelpackagegroup.html>

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use trainyard_domain::Arn;
use trainyard_lang::template::Physical;

use super::{Call, Kind, Order, physical};
use crate::{
    jobs, registry,
    stacks::{
        Error, Neighbours,
        shape::{Misfit, Shape, TAGS, Tag, Text, read},
    },
};

pub(super) struct ModelPackageGroup;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    model_package_group_name: Text,
    model_package_group_description: Option<Text>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[async_trait]
impl Kind for ModelPackageGroup {
    fn name(&self) -> &'static str {
        "AWS::SageMaker::ModelPackageGroup"
    }

    fn shape(&self) -> Shape {
        Shape::Map(&[
            ("ModelPackageGroupName", Shape::Any),
            ("ModelPackageGroupDescription", Shape::Any),
            ("Tags", TAGS),
        ])
    }

    fn plan(&self, order: &Order<'_>, properties: &Value) -> Result<(Physical, Value), Misfit> {
        let read: Properties = read(properties)?;
        let Text(name) = &read.model_package_group_name;
        jobs::check_name("modelPackageGroupName", name)
            .map_err(|error| Misfit::at(&["ModelPackageGroupName"], error.to_string()))?;
        let arn = Arn::new("sagemaker", order.scope, format!("model-package-group/{name}")).to_string();
        Ok((physical(&arn, [("ModelPackageGroupArn", arn.clone())]), properties.clone()))
    }

    async fn exists(&self, there: &Neighbours, call: &Call<'_>) -> Result<bool, Error> {
        match there.registry.group(call.scope, &call.made.physical_id).await {
            Ok(_) => Ok(true),
            Err(registry::Error::NotFound(_)) => Ok(false),
            Err(error) => Err(Error::of(error)),
        }
    }

    async fn ensure(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let read: Properties =
            read(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
        let tag = |Tag { key, value: Text(value) }| jobs::Tag { key, value };
        let Text(name) = read.model_package_group_name;
        let description = read.model_package_group_description.map(|Text(text)| text);
        let tags = read.tags.into_iter().map(tag).collect();
        there
            .registry
            .put_group(call.by, call.scope, (name, description, tags))
            .await
            .map(drop)
            .map_err(Error::of)
    }

    async fn remove(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        match there.registry.delete_group(call.by, call.scope, &call.made.physical_id).await {
            Ok(()) | Err(registry::Error::NotFound(_)) => Ok(()),
            Err(error) => Err(Error::of(error)),
        }
    }
}
