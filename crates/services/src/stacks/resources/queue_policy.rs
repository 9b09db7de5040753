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
        Error, Made, Neighbours,
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

/// What the resource says, or said before.
fn said(made: &Made) -> Result<Properties, Error> {
    read(&made.properties).map_err(|misfit| Error::Request(misfit.message))
}

async fn put(there: &Neighbours, call: &Call<'_>, queue: &QueueName, policy: &str) -> Result<(), Error> {
    let attributes = Attributes::from([("Policy".to_owned(), policy.to_owned())]);
    let caller = Caller::principal(call.by);
    there.queues.set_attributes(&caller, queue, &attributes).await.map_err(Error::of)
}

/// Takes the policy off these queues, as far as they have it: one that somebody else has put is theirs.
async fn take_off(
    there: &Neighbours,
    call: &Call<'_>,
    (policy, queues): (&str, &[Text]),
) -> Result<(), Error> {
    for Text(url) in queues {
        let name = QueueName::of_url(url, call.scope).map_err(Error::of)?;
        match there.queues.describe(&Caller::principal(call.by), &name, "sqs:GetQueueAttributes").await {
            Ok(queue) if queue.settings.policy.as_deref() == Some(policy) => {
                put(there, call, &name, "").await?;
            }
            Ok(_) | Err(queues::Error::NoQueue) => {}
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
        let now = said(call.made)?;
        if let Some(mut before) = call.before.map(said).transpose()? {
            let document = before.document();
            before.queues.retain(|queue| !now.queues.contains(queue));
            take_off(there, call, (&document, &before.queues)).await?;
        }
        for Text(url) in &now.queues {
            let name = QueueName::of_url(url, call.scope).map_err(Error::of)?;
            put(there, call, &name, &now.document()).await?;
        }
        Ok(())
    }

    async fn remove(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let was = said(call.made)?;
        take_off(there, call, (&was.document(), &was.queues)).await
    }
}
