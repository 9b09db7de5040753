//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-events-eventbus.html>

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use trainyard_domain::Arn;
use trainyard_lang::template::Physical;

use super::{Call, Kind, Order, named, physical};
use crate::{
    bus::{self, BusSettings, LogSettings, Permission},
    policy::Document,
    stacks::{
        Error, Neighbours,
        plan::name,
        shape::{Misfit, Shape, TAGS, Tag, Text, read},
    },
};

pub(super) struct EventBus;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    name: Option<Text>,
    description: Option<Text>,
    kms_key_identifier: Option<Text>,
    dead_letter_config: Option<DeadLetters>,
    log_config: Option<Log>,
    policy: Option<Value>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeadLetters {
    arn: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Log {
    include_detail: Option<Text>,
    level: Option<Text>,
}

impl Properties {
    /// All that is said: what the template does not say any more is taken away.
    fn settings(&self) -> BusSettings {
        let text = |text: Option<&Text>| text.map(|Text(text)| text.clone());
        let letters = self.dead_letter_config.as_ref().and_then(|letters| letters.arn.as_ref());
        let log = self.log_config.as_ref();
        BusSettings {
            description: text(self.description.as_ref()),
            key: text(self.kms_key_identifier.as_ref()),
            dead_letters: text(letters),
            log: log.map(|log| LogSettings {
                detail: text(log.include_detail.as_ref()),
                level: text(log.level.as_ref()),
            }),
        }
    }

    /// The policy, as JSON text.
    fn policy(&self) -> Option<String> {
        self.policy.as_ref().map(|policy| match policy {
            Value::String(text) => text.clone(),
            policy => policy.to_string(),
        })
    }

    fn tags(&self) -> Vec<(String, String)> {
        self.tags.iter().map(|Tag { key, value: Text(value) }| (key.clone(), value.clone())).collect()
    }
}

/// The policy that the template had before.
fn policy_before(call: &Call<'_>) -> Result<Option<String>, Error> {
    let Some(before) = call.before else { return Ok(None) };
    let read: Properties = read(&before.properties).map_err(|misfit| Error::Request(misfit.message))?;
    Ok(read.policy())
}

/// What takes away all that these do not say.
fn whole(settings: BusSettings) -> BusSettings {
    let text = |text: Option<String>| Some(text.unwrap_or_default());
    BusSettings {
        description: text(settings.description),
        key: text(settings.key),
        dead_letters: text(settings.dead_letters),
        log: Some(settings.log.unwrap_or_default()),
    }
}

#[async_trait]
impl Kind for EventBus {
    fn name(&self) -> &'static str {
        "AWS::Events::EventBus"
    }

    fn shape(&self) -> Shape {
        Shape::Map(&[
            ("Name", Shape::Any),
            ("Description", Shape::Any),
            ("KmsKeyIdentifier", Shape::Any),
            ("DeadLetterConfig", Shape::Map(&[("Arn", Shape::Any)])),
            ("LogConfig", Shape::Map(&[("IncludeDetail", Shape::Any), ("Level", Shape::Any)])),
            ("Policy", Shape::Any),
            ("Tags", TAGS),
        ])
    }

    fn plan(&self, order: &Order<'_>, properties: &Value) -> Result<(Physical, Value), Misfit> {
        let read: Properties = read(properties)?;
        read.settings().check().map_err(|error| Misfit::at(&[], error.to_string()))?;
        if let Some(policy) = read.policy() {
            Document::read(&policy).map_err(|why| Misfit::at(&["Policy"], why))?;
        }
        let name = name(read.name.as_ref(), order, 256);
        let arn = Arn::new("events", order.scope, format!("event-bus/{name}")).to_string();
        let attributes = [("Arn", arn), ("Name", name.clone())];
        Ok((physical(&name, attributes), named(properties, "Name", &name)))
    }

    async fn exists(&self, there: &Neighbours, call: &Call<'_>) -> Result<bool, Error> {
        match there.bus.describe_bus(call.scope, Some(&call.made.physical_id)).await {
            Ok(_) => Ok(true),
            Err(bus::Error::NoBus(_)) => Ok(false),
            Err(error) => Err(Error::of(error)),
        }
    }

    async fn ensure(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let read: Properties =
            read(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
        let (scope, by, name) = (call.scope, call.by, Some(call.made.physical_id.as_str()));
        if !self.exists(there, call).await? {
            let new = bus::EventBus::new(scope, &call.made.physical_id);
            let new = bus::EventBus { settings: read.settings(), tags: read.tags(), ..new };
            there.bus.create_bus(by, new).await.map_err(Error::of)?;
        }
        let seen = there.bus.describe_bus(scope, name).await.map_err(Error::of)?;
        if seen.settings != read.settings() {
            there.bus.update_bus(scope, by, name, whole(read.settings())).await.map_err(Error::of)?;
        }
        if seen.tags != read.tags() {
            let (arn, keys) = (seen.arn().to_string(), seen.tags.iter().map(|(key, _)| key.clone()));
            there.bus.untag(scope, by, &arn, &keys.collect::<Vec<_>>()).await.map_err(Error::of)?;
            there.bus.tag(scope, by, &arn, read.tags()).await.map_err(Error::of)?;
        }
        // Statements that others have put, such as a policy resource of the bus, are theirs.
        let (before, now) = (policy_before(call)?, read.policy());
        if before.is_none() && now.is_none() {
            return Ok(());
        }
        let replaced = Permission::Replaced { before, now };
        there.bus.permit(scope, by, name, replaced).await.map_err(Error::of)
    }

    async fn remove(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        there.bus.delete_bus(call.scope, call.by, &call.made.physical_id).await.map_err(Error::of)
    }
}
