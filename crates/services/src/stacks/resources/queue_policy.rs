//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-sqs-queuepolicy.html>

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use trainyard_lang::template::Physical;

use super::{Call, Kind, Order, physical};
use crate::{
    policy::Document,
    queues::{self, Attributes, Caller, QueueName},
    stacks::{
        Error, Neighbours,
        plan::name,
        shape::{Misfit, Shape, Text, read},
    },
};

pub(super) struct QueuePolicy;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    queues: Vec<Text>,
    policy_document: Value,
}

impl Properties {
    fn document(&self) -> String {
        match &self.policy_document {
            Value::String(text) => text.clone(),
            document => document.to_string(),
        }
    }
}

/// Sets the policy's text on all the queues; none takes it off.
async fn set(there: &Neighbours, call: &Call<'_>, policy: Option<&str>) -> Result<(), Error> {
    let read: Properties = read(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
    let caller = Caller::principal(call.by);
    for Text(url) in &read.queues {
        let name = QueueName::of_url(url, call.scope).map_err(Error::of)?;
        let attributes = Attributes::from([("Policy".to_owned(), policy.unwrap_or_default().to_owned())]);
        match there.queues.set_attributes(&caller, &name, &attributes).await {
            Ok(()) => {}
            Err(queues::Error::NoQueue) if policy.is_none() => {}
            Err(error) => return Err(Error::of(error)),
        }
    }
    Ok(())
}

#[async_trait]
impl Kind for QueuePolicy {
    fn name(&self) -> &'static str {
        "AWS::SQS::QueuePolicy"
    }

    fn shape(&self) -> Shape {
        Shape::Map(&[("Queues", Shape::Any), ("PolicyDocument", Shape::Any)])
    }

    fn plan(&self, order: &Order<'_>, properties: &Value) -> Result<(Physical, Value), Misfit> {
        let read: Properties = read(properties)?;
        Document::read(&read.document()).map_err(|why| Misfit::at(&["PolicyDocument"], why))?;
        if let Some(at) =
            read.queues.iter().position(|Text(url)| QueueName::of_url(url, order.scope).is_err())
        {
            return Err(Misfit::at(&["Queues", &at.to_string()], "it is not the URL of a queue"));
        }
        let id = name(None, order, 80);
        Ok((physical(&id, [("Id", id.clone())]), properties.clone()))
    }

    /// Making it again is setting the same policy again: it is never in anybody's way.
    async fn exists(&self, _: &Neighbours, _: &Call<'_>) -> Result<bool, Error> {
        Ok(false)
    }

    async fn ensure(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let read: Properties =
            read(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
        set(there, call, Some(&read.document())).await
    }

    async fn remove(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        set(there, call, None).await
    }
}
