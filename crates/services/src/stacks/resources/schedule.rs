//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-scheduler-schedule.html>

use async_trait::async_trait;
use serde_json::Value;
use trainyard_domain::{Arn, Timestamp};
use trainyard_lang::{
    schedule::{Schedule as Expression, Zone},
    template::Physical,
};

use super::{Call, Kind, Order, named, physical};
use crate::{
    schedules::{self, ScheduleSpec},
    stacks::{
        Error, Neighbours,
        plan::name,
        shape::{Misfit, Shape, Text, read},
    },
};

pub(super) struct Schedule;

/// Dates, which are texts here and moments in the API.
const DATES: &[&str] = &["StartDate", "EndDate"];
/// Numbers, which may be texts here.
const NUMBERS: &[&[&str]] = &[
    &["FlexibleTimeWindow", "MaximumWindowInMinutes"],
    &["Target", "RetryPolicy", "MaximumEventAgeInSeconds"],
    &["Target", "RetryPolicy", "MaximumRetryAttempts"],
];

/// The properties as CreateSchedule has them; a name that is not given is empty.
fn spec(properties: &Value) -> Result<ScheduleSpec, Misfit> {
    let mut properties = properties.clone();
    for date in DATES {
        if let Some(text) = properties.get(date).and_then(Value::as_str) {
            let moment: Timestamp = text.parse().map_err(|_| {
                Misfit::at(&[date], format!("`{text}` is not a date and time such as 2026-11-20T13:00:00Z"))
            })?;
            properties[*date] = moment.millis().into();
        }
    }
    for path in NUMBERS {
        let place = path.iter().try_fold(&mut properties, |at, step| at.get_mut(*step));
        if let Some(place) = place
            && let Some(number) = place.as_str().and_then(|text| text.parse::<u32>().ok())
        {
            *place = number.into();
        }
    }
    if let Some(members) = properties.as_object_mut() {
        members.entry("Name").or_insert_with(|| "".into());
    }
    read(&properties)
}

#[async_trait]
impl Kind for Schedule {
    fn name(&self) -> &'static str {
        "AWS::Scheduler::Schedule"
    }

    fn shape(&self) -> Shape {
        const RETRIES: Shape =
            Shape::Map(&[("MaximumEventAgeInSeconds", Shape::Any), ("MaximumRetryAttempts", Shape::Any)]);
        const PARAMETERS: Shape = Shape::Map(&[(
            "PipelineParameterList",
            Shape::List(&Shape::Map(&[("Name", Shape::Any), ("Value", Shape::Any)])),
        )]);
        const TARGET: Shape = Shape::Map(&[
            ("Arn", Shape::Any),
            ("RoleArn", Shape::Any),
            ("Input", Shape::Any),
            ("RetryPolicy", RETRIES),
            ("DeadLetterConfig", Shape::Map(&[("Arn", Shape::Any)])),
            ("EventBridgeParameters", Shape::Map(&[("DetailType", Shape::Any), ("Source", Shape::Any)])),
            ("SageMakerPipelineParameters", PARAMETERS),
            ("SqsParameters", Shape::Map(&[("MessageGroupId", Shape::Any)])),
        ]);
        Shape::Map(&[
            ("Name", Shape::Any),
            ("GroupName", Shape::Any),
            ("Description", Shape::Any),
            ("ScheduleExpression", Shape::Any),
            ("ScheduleExpressionTimezone", Shape::Any),
            ("StartDate", Shape::Any),
            ("EndDate", Shape::Any),
            ("State", Shape::Any),
            ("KmsKeyArn", Shape::Any),
            (
                "FlexibleTimeWindow",
                Shape::Map(&[("Mode", Shape::Any), ("MaximumWindowInMinutes", Shape::Any)]),
            ),
            ("Target", TARGET),
        ])
    }

    fn plan(&self, order: &Order<'_>, properties: &Value) -> Result<(Physical, Value), Misfit> {
        let spec = spec(properties)?;
        let given = Some(Text(spec.name.clone())).filter(|Text(name)| !name.is_empty());
        let whole = ScheduleSpec { name: name(given.as_ref(), order, 64), ..spec };
        // AWS's words for these say no reason; whoever deploys is told it.
        Expression::of_scheduler(&whole.schedule_expression)
            .map_err(|why| Misfit::at(&["ScheduleExpression"], why.to_string()))?;
        whole
            .schedule_expression_timezone
            .as_deref()
            .map_or(Ok(Zone::utc()), Zone::named)
            .map_err(|why| Misfit::at(&["ScheduleExpressionTimezone"], why.to_string()))?;
        whole.check(order.scope).map_err(|error| Misfit::at(&[], error.to_string()))?;
        let resource = format!("schedule/{}/{}", whole.group(), whole.name);
        let arn = Arn::new("scheduler", order.scope, resource).to_string();
        Ok((physical(&whole.name, [("Arn", arn)]), named(properties, "Name", &whole.name)))
    }

    async fn exists(&self, there: &Neighbours, call: &Call<'_>) -> Result<bool, Error> {
        let spec = spec(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
        match there.schedules.get(call.scope, spec.group(), &spec.name).await {
            Ok(_) => Ok(true),
            Err(schedules::Error::NoSchedule(_) | schedules::Error::NoGroup(_)) => Ok(false),
            Err(error) => Err(Error::of(error)),
        }
    }

    async fn ensure(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let now = spec(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
        let group = now.group().to_owned();
        let done = if self.exists(there, call).await? {
            there.schedules.update(call.scope, call.by, now).await
        } else {
            there.schedules.create(call.scope, call.by, now).await
        };
        done.map(drop).map_err(Error::of)?;
        let Some(before) = call.before else { return Ok(()) };
        let before = spec(&before.properties).map_err(|misfit| Error::Request(misfit.message))?;
        // A schedule cannot be moved: in another group it is another one.
        if before.group() == group { Ok(()) } else { take_away(there, call, &before).await }
    }

    async fn remove(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let spec = spec(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
        take_away(there, call, &spec).await
    }
}

async fn take_away(there: &Neighbours, call: &Call<'_>, spec: &ScheduleSpec) -> Result<(), Error> {
    match there.schedules.delete(call.scope, call.by, spec.group(), &spec.name).await {
        Ok(()) | Err(schedules::Error::NoSchedule(_) | schedules::Error::NoGroup(_)) => Ok(()),
        Err(error) => Err(Error::of(error)),
    }
}
