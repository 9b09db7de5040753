//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-events-eventbuspolicy.html>

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use trainyard_domain::event::DEFAULT_BUS;
use trainyard_lang::template::Physical;

use super::{Call, Kind, Order, physical};
use crate::{
    bus::{self, Permission, Statement},
    policy::Document,
    stacks::{
        Error, Neighbours,
        shape::{Misfit, Shape, Text, read},
    },
};

pub(super) struct EventBusPolicy;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    event_bus_name: Option<Text>,
    statement_id: Text,
    statement: Option<Value>,
    action: Option<Text>,
    principal: Option<Text>,
    condition: Option<Condition>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Condition {
    r#type: Option<Text>,
    key: Option<Text>,
    value: Option<Text>,
}

impl Properties {
    fn bus(&self) -> &str {
        self.event_bus_name.as_ref().map_or(DEFAULT_BUS, |Text(name)| name)
    }

    /// The permission: a statement as a policy has it, or EventBridge's short form.
    fn permission(self) -> Result<Permission, Misfit> {
        let text = |text: Option<Text>| text.map(|Text(text)| text);
        let Self { statement_id: Text(id), statement, action, principal, condition, .. } = self;
        if let Some(mut statement) = statement {
            if action.is_some() || principal.is_some() || condition.is_some() {
                let words = "Statement stands alone: leave Action, Principal and Condition out";
                return Err(Misfit::at(&["Statement"], words));
            }
            if !statement.is_object() {
                return Err(Misfit::at(&["Statement"], "an object must stand here"));
            }
            statement["Sid"] = id.into();
            let policy = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
            Document::read(&policy).map_err(|why| Misfit::at(&["Statement"], why))?;
            return Ok(Permission::Written(statement));
        }
        let condition = condition.map(|condition| {
            [condition.r#type, condition.key, condition.value].map(|part| text(part).unwrap_or_default())
        });
        Ok(Permission::Statement(Statement {
            id: Some(id),
            action: text(action),
            principal: text(principal),
            condition,
        }))
    }
}

#[async_trait]
impl Kind for EventBusPolicy {
    fn name(&self) -> &'static str {
        "AWS::Events::EventBusPolicy"
    }

    fn shape(&self) -> Shape {
        const CONDITION: Shape =
            Shape::Map(&[("Type", Shape::Any), ("Key", Shape::Any), ("Value", Shape::Any)]);
        Shape::Map(&[
            ("EventBusName", Shape::Any),
            ("StatementId", Shape::Any),
            ("Statement", Shape::Any),
            ("Action", Shape::Any),
            ("Principal", Shape::Any),
            ("Condition", CONDITION),
        ])
    }

    fn plan(&self, _: &Order<'_>, properties: &Value) -> Result<(Physical, Value), Misfit> {
        let read: Properties = read(properties)?;
        let id = format!("{}|{}", read.bus(), read.statement_id.0);
        read.permission()?;
        Ok((physical(&id, []), properties.clone()))
    }

    /// Making it again is saying the same again: it is never in anybody's way.
    async fn exists(&self, _: &Neighbours, _: &Call<'_>) -> Result<bool, Error> {
        Ok(false)
    }

    async fn ensure(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let wrong = |misfit: Misfit| Error::Request(misfit.message);
        let read: Properties = read(&call.made.properties).map_err(wrong)?;
        let bus = read.bus().to_owned();
        let permission = read.permission().map_err(wrong)?;
        there.bus.permit(call.scope, call.by, Some(&bus), permission).await.map_err(Error::of)
    }

    async fn remove(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let read: Properties =
            read(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
        match there.bus.forbid(call.scope, call.by, Some(read.bus()), Some(&read.statement_id.0)).await {
            Ok(()) | Err(bus::Error::NoBus(_) | bus::Error::NoStatement) => Ok(()),
            Err(error) => Err(Error::of(error)),
        }
    }
}
