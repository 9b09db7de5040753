//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-scheduler-schedulegroup.html>

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use trainyard_domain::Arn;
use trainyard_lang::template::Physical;

use super::{Call, Kind, Order, named, physical};
use crate::{
    schedules,
    stacks::{
        Error, Neighbours,
        plan::name,
        shape::{Misfit, Shape, TAGS, Tag, Text, read},
    },
};

pub(super) struct ScheduleGroup;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    name: Option<Text>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[async_trait]
impl Kind for ScheduleGroup {
    fn name(&self) -> &'static str {
        "AWS::Scheduler::ScheduleGroup"
    }

    fn shape(&self) -> Shape {
        Shape::Map(&[("Name", Shape::Any), ("Tags", TAGS)])
    }

    fn plan(&self, order: &Order<'_>, properties: &Value) -> Result<(Physical, Value), Misfit> {
        let read: Properties = read(properties)?;
        let name = name(read.name.as_ref(), order, 64);
        schedules::check_name(&name).map_err(|error| Misfit::at(&["Name"], error.to_string()))?;
        let arn = Arn::new("scheduler", order.scope, format!("schedule-group/{name}")).to_string();
        let attributes = [("Arn", arn), ("State", "ACTIVE".to_owned())];
        Ok((physical(&name, attributes), named(properties, "Name", &name)))
    }

    async fn exists(&self, there: &Neighbours, call: &Call<'_>) -> Result<bool, Error> {
        match there.schedules.group(call.scope, &call.made.physical_id).await {
            Ok(_) => Ok(true),
            Err(schedules::Error::NoGroup(_)) => Ok(false),
            Err(error) => Err(Error::of(error)),
        }
    }

    async fn ensure(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let read: Properties =
            read(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
        let tag = |Tag { key, value: Text(value) }| schedules::Tag { key, value };
        let tags: Vec<_> = read.tags.into_iter().map(tag).collect();
        let (scope, by, name) = (call.scope, call.by, &call.made.physical_id);
        let group = match there.schedules.group(scope, name).await {
            Ok(group) => group,
            Err(schedules::Error::NoGroup(_)) => {
                let made = there.schedules.create_group(scope, by, name, (tags, None)).await;
                return made.map(drop).map_err(Error::of);
            }
            Err(error) => return Err(Error::of(error)),
        };
        if group.tags == tags {
            return Ok(());
        }
        let (arn, keys) = (group.arn().to_string(), group.tags.into_iter().map(|tag| tag.key));
        there.schedules.untag(scope, by, &arn, &keys.collect::<Vec<_>>()).await.map_err(Error::of)?;
        there.schedules.tag(scope, by, &arn, tags).await.map_err(Error::of)
    }

    async fn remove(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        match there.schedules.delete_group(call.scope, call.by, &call.made.physical_id).await {
            Ok(()) | Err(schedules::Error::NoGroup(_)) => Ok(()),
            Err(error) => Err(Error::of(error)),
        }
    }
}
