//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-sqs-queue.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value;
use trainyard_domain::Scope;
use trainyard_lang::template::Physical;

use super::{Call, Kind, Order, named, physical};
use crate::{
    queues::{self, Attributes, Caller, QueueName, Settings},
    stacks::{
        Error, Neighbours,
        plan::name,
        shape::{Misfit, Shape, TAGS, Tag, Text, read},
    },
};

pub(super) struct Queue;

/// The properties that are attributes, by the same names.
const ATTRIBUTES: [&str; 14] = [
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
];

struct Parts {
    name: Option<Text>,
    attributes: Attributes,
    tags: BTreeMap<String, String>,
}

impl Parts {
    fn of(properties: &Value) -> Result<Self, Misfit> {
        let mut parts = Self { name: None, attributes: Attributes::new(), tags: BTreeMap::new() };
        for (property, value) in properties.as_object().into_iter().flatten() {
            let inside = |misfit: Misfit| Misfit {
                path: std::iter::once(property.clone()).chain(misfit.path).collect(),
                ..misfit
            };
            match (property.as_str(), value) {
                ("QueueName", value) => parts.name = Some(read(value).map_err(inside)?),
                ("Tags", value) => {
                    let tags: Vec<Tag> = read(value).map_err(inside)?;
                    parts.tags =
                        tags.into_iter().map(|Tag { key, value: Text(value) }| (key, value)).collect();
                }
                ("RedrivePolicy" | "RedriveAllowPolicy", Value::Object(_)) => {
                    parts.attributes.insert(property.clone(), value.to_string());
                }
                (name, value) if ATTRIBUTES.contains(&name) => {
                    let Text(text) = read(value).map_err(inside)?;
                    parts.attributes.insert(property.clone(), text);
                }
                (other, _) => {
                    let words = format!("the property `{other}` is not supported: leave it out");
                    return Err(Misfit::at(&[other], words));
                }
            }
        }
        Ok(parts)
    }

    fn is_fifo(&self) -> bool {
        self.attributes.get("FifoQueue").is_some_and(|truth| truth == "true")
    }
}

fn queue(scope: &Scope, parts: &Parts) -> QueueName {
    let name = parts.name.as_ref().map(|Text(name)| name.clone()).unwrap_or_default();
    QueueName { scope: scope.clone(), name }
}

#[async_trait]
impl Kind for Queue {
    fn name(&self) -> &'static str {
        "AWS::SQS::Queue"
    }

    fn shape(&self) -> Shape {
        Shape::Map(&[
            ("QueueName", Shape::Any),
            ("ContentBasedDeduplication", Shape::Any),
            ("DeduplicationScope", Shape::Any),
            ("DelaySeconds", Shape::Any),
            ("FifoQueue", Shape::Any),
            ("FifoThroughputLimit", Shape::Any),
            ("KmsDataKeyReusePeriodSeconds", Shape::Any),
            ("KmsMasterKeyId", Shape::Any),
            ("MaximumMessageSize", Shape::Any),
            ("MessageRetentionPeriod", Shape::Any),
            ("ReceiveMessageWaitTimeSeconds", Shape::Any),
            ("RedriveAllowPolicy", Shape::Any),
            (
                "RedrivePolicy",
                Shape::Map(&[("deadLetterTargetArn", Shape::Any), ("maxReceiveCount", Shape::Any)]),
            ),
            ("SqsManagedSseEnabled", Shape::Any),
            ("VisibilityTimeout", Shape::Any),
            ("Tags", TAGS),
        ])
    }

    fn plan(&self, order: &Order<'_>, properties: &Value) -> Result<(Physical, Value), Misfit> {
        let parts = Parts::of(properties)?;
        let (fifo, longest) = if parts.is_fifo() { (".fifo", 75) } else { ("", 80) };
        let name = match &parts.name {
            Some(Text(given)) => given.clone(),
            None => name(None, order, longest) + fifo,
        };
        let queue = QueueName { scope: order.scope.clone(), name: name.clone() };
        queue.check().map_err(|error| Misfit::at(&["QueueName"], error.to_string()))?;
        Settings::new(queue.is_fifo()).with(&parts.attributes).map_err(|error| {
            let words = error.to_string();
            let named = parts.attributes.keys().find(|name| words.contains(name.as_str()));
            Misfit::at(&named.map(String::as_str).into_iter().collect::<Vec<_>>(), words)
        })?;
        if queue.is_fifo() != parts.is_fifo() {
            let words = "a queue's name ends in .fifo just if FifoQueue is true";
            return Err(Misfit::at(&["QueueName"], words));
        }
        // Stable wherever the server is reached; every client's own endpoint counts, not this host.
        let url = queue.url(&format!("https://sqs.{}.amazonaws.com", order.scope.region));
        let attributes =
            [("Arn", queue.arn().to_string()), ("QueueName", name.clone()), ("QueueUrl", url.clone())];
        Ok((physical(&url, attributes), named(properties, "QueueName", &name)))
    }

    async fn exists(&self, there: &Neighbours, call: &Call<'_>) -> Result<bool, Error> {
        let parts = Parts::of(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
        let name = queue(call.scope, &parts);
        match there.queues.describe(&Caller::principal(call.by), &name, "sqs:GetQueueUrl").await {
            Ok(_) => Ok(true),
            Err(queues::Error::NoQueue) => Ok(false),
            Err(error) => Err(Error::of(error)),
        }
    }

    async fn ensure(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let parts = Parts::of(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
        let name = queue(call.scope, &parts);
        let caller = Caller::principal(call.by);
        there.queues.ensure(&caller, &name, &parts.attributes, parts.tags).await.map_err(Error::of)
    }

    async fn remove(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let parts = Parts::of(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
        let name = queue(call.scope, &parts);
        match there.queues.delete(&Caller::principal(call.by), &name).await {
            Ok(()) | Err(queues::Error::NoQueue) => Ok(()),
            Err(error) => Err(Error::of(error)),
        }
    }
}
