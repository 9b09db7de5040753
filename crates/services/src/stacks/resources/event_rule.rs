//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-events-rule.html>

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use trainyard_domain::{Arn, Scope, event::DEFAULT_BUS};
use trainyard_lang::{schedule::Schedule, template::Physical};

use super::{Call, Kind, Order, named, physical};
use crate::{
    bus::{self, Patience, RuleSpec, RuleTarget, rule_arn},
    stacks::{
        Error, Made, Neighbours,
        plan::name,
        shape::{Misfit, Scalar, Shape, TAGS, Tag, Text, read},
    },
};

pub(super) struct EventRule;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    name: Option<Text>,
    description: Option<Text>,
    event_bus_name: Option<Text>,
    event_pattern: Option<Value>,
    schedule_expression: Option<Text>,
    state: Option<State>,
    role_arn: Option<Text>,
    #[serde(default)]
    targets: Vec<Target>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum State {
    Enabled,
    Disabled,
    EnabledWithAllCloudtrailManagementEvents,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Target {
    id: Text,
    arn: Arn,
    role_arn: Option<Arn>,
    input: Option<Text>,
    input_path: Option<Text>,
    input_transformer: Option<Transformer>,
    sqs_parameters: Option<QueueParameters>,
    retry_policy: Option<Retries>,
    dead_letter_config: Option<DeadLetters>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Transformer {
    #[serde(default)]
    input_paths_map: serde_json::Map<String, Value>,
    input_template: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct QueueParameters {
    message_group_id: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Retries {
    maximum_retry_attempts: Option<Scalar<u32>>,
    maximum_event_age_in_seconds: Option<Scalar<u32>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeadLetters {
    arn: Option<Arn>,
}

struct Parts {
    spec: RuleSpec,
    targets: Vec<RuleTarget>,
}

fn parts(properties: &Value) -> Result<Parts, Misfit> {
    let read: Properties = read(properties)?;
    let text = |text: Option<Text>| text.map(|Text(text)| text);
    let pattern = read.event_pattern.map(|pattern| match pattern {
        Value::String(text) => text,
        pattern => pattern.to_string(),
    });
    let spec = RuleSpec {
        name: text(read.name).unwrap_or_default(),
        bus: text(read.event_bus_name),
        pattern,
        schedule: text(read.schedule_expression),
        disabled: read.state == Some(State::Disabled),
        management_events: read.state == Some(State::EnabledWithAllCloudtrailManagementEvents),
        description: text(read.description),
        role: text(read.role_arn),
        tags: read.tags.into_iter().map(|Tag { key, value: Text(value) }| (key, value)).collect(),
    };
    let targets = read.targets.into_iter().enumerate().map(|(at, target)| target.read(at));
    Ok(Parts { spec, targets: targets.collect::<Result<_, _>>()? })
}

impl Target {
    fn read(self, at: usize) -> Result<RuleTarget, Misfit> {
        let place = at.to_string();
        let shape = match (self.input, self.input_path, self.input_transformer) {
            (None, None, None) => bus::Shape::Whole,
            (Some(Text(text)), None, None) => bus::Shape::Constant(text),
            (None, Some(Text(path)), None) => bus::Shape::Part(path),
            (None, None, Some(transformer)) => transformer.read(),
            _ => {
                let words = "only one of Input, InputPath and InputTransformer can be given";
                return Err(Misfit::at(&["Targets", &place], words));
            }
        };
        shape.check(&self.id.0).map_err(|why| Misfit::at(&["Targets", &place], why))?;
        let usual = Patience::default();
        let number = |number: Option<Scalar<u32>>| number.map(|Scalar(number)| number);
        let patience = self.retry_policy.map_or(usual, |policy| Patience {
            retries: number(policy.maximum_retry_attempts).unwrap_or(usual.retries),
            seconds: number(policy.maximum_event_age_in_seconds).unwrap_or(usual.seconds),
        });
        let group = self.sqs_parameters.map(|QueueParameters { message_group_id: Text(group) }| group);
        Ok(RuleTarget {
            id: self.id.0,
            arn: self.arn,
            role: self.role_arn,
            group,
            shape,
            patience,
            letters: self.dead_letter_config.and_then(|config| config.arn),
            http: None,
        })
    }
}

impl Transformer {
    fn read(self) -> bus::Shape {
        let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let paths = self.input_paths_map.into_iter().map(|(name, path)| (name, text(path)));
        bus::Shape::Template { paths: paths.collect(), template: self.input_template.0 }
    }
}

/// `<rule>`, or `<bus>|<rule>` on another bus than the default one, as CloudFormation has it.
fn physical_id(bus: Option<&str>, name: &str) -> String {
    match bus.filter(|bus| *bus != DEFAULT_BUS) {
        Some(bus) => format!("{bus}|{name}"),
        None => name.to_owned(),
    }
}

#[async_trait]
impl Kind for EventRule {
    fn name(&self) -> &'static str {
        "AWS::Events::Rule"
    }

    fn shape(&self) -> Shape {
        const TARGET: Shape = Shape::Map(&[
            ("Id", Shape::Any),
            ("Arn", Shape::Any),
            ("RoleArn", Shape::Any),
            ("Input", Shape::Any),
            ("InputPath", Shape::Any),
            ("InputTransformer", Shape::Map(&[("InputPathsMap", Shape::Any), ("InputTemplate", Shape::Any)])),
            ("SqsParameters", Shape::Map(&[("MessageGroupId", Shape::Any)])),
            ("DeadLetterConfig", Shape::Map(&[("Arn", Shape::Any)])),
            (
                "RetryPolicy",
                Shape::Map(&[("MaximumRetryAttempts", Shape::Any), ("MaximumEventAgeInSeconds", Shape::Any)]),
            ),
        ]);
        Shape::Map(&[
            ("Name", Shape::Any),
            ("Description", Shape::Any),
            ("EventBusName", Shape::Any),
            ("EventPattern", Shape::Any),
            ("ScheduleExpression", Shape::Any),
            ("State", Shape::Any),
            ("RoleArn", Shape::Any),
            ("Targets", Shape::List(&TARGET)),
            ("Tags", TAGS),
        ])
    }

    fn plan(&self, order: &Order<'_>, properties: &Value) -> Result<(Physical, Value), Misfit> {
        let Parts { spec, .. } = parts(properties)?;
        let given = Some(Text(spec.name.clone())).filter(|Text(name)| !name.is_empty());
        let name = name(given.as_ref(), order, 64);
        let on = spec.bus.clone().unwrap_or_else(|| DEFAULT_BUS.to_owned());
        let whole = RuleSpec { name: name.clone(), ..spec };
        if let Some(Err(why)) = whole.schedule.as_deref().map(str::parse::<Schedule>) {
            return Err(Misfit::at(&["ScheduleExpression"], why.to_string()));
        }
        whole.check(&on).map_err(|error| Misfit::at(&[], error.to_string()))?;
        let id = physical_id(whole.bus.as_deref(), &name);
        let arn = rule_arn(order.scope, &on, &name).to_string();
        Ok((physical(&id, [("Arn", arn)]), named(properties, "Name", &name)))
    }

    fn check(&self, there: &Neighbours, scope: &Scope, made: &Made) -> Vec<Misfit> {
        let Ok(Parts { targets, .. }) = parts(&made.properties) else { return Vec::new() };
        let wrong = |(at, target): (usize, &RuleTarget)| {
            let error = there.bus.check_target(scope, target).err()?;
            Some(Misfit::at(&["Targets", &at.to_string()], error.to_string()))
        };
        targets.iter().enumerate().filter_map(wrong).collect()
    }

    async fn exists(&self, there: &Neighbours, call: &Call<'_>) -> Result<bool, Error> {
        let Parts { spec, .. } =
            parts(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
        match there.bus.describe_rule(call.scope, spec.bus.as_deref(), &spec.name).await {
            Ok(_) => Ok(true),
            Err(bus::Error::NoRule { .. } | bus::Error::NoBus(_)) => Ok(false),
            Err(error) => Err(Error::of(error)),
        }
    }

    async fn ensure(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let Parts { spec, targets } =
            parts(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
        let (bus, name) = (spec.bus.clone(), spec.name.clone());
        there.bus.put_rule(call.scope, call.by, spec).await.map_err(Error::of)?;
        let rule = (bus.as_deref(), name.as_str());
        let old = there.bus.describe_rule(call.scope, rule.0, rule.1).await.map_err(Error::of)?.targets;
        let gone: Vec<String> = old
            .iter()
            .filter(|old| !targets.iter().any(|new| new.id == old.id))
            .map(|old| old.id.clone())
            .collect();
        if !gone.is_empty() {
            there.bus.remove_targets(call.scope, call.by, rule, (&gone, false)).await.map_err(Error::of)?;
        }
        if targets.is_empty() {
            return Ok(());
        }
        there.bus.put_targets(call.scope, call.by, rule, targets).await.map_err(Error::of)
    }

    async fn remove(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let Parts { spec, .. } =
            parts(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
        let rule = (spec.bus.as_deref(), spec.name.as_str());
        let targets = match there.bus.describe_rule(call.scope, rule.0, rule.1).await {
            Ok(old) => old.targets.into_iter().map(|target| target.id).collect::<Vec<_>>(),
            Err(bus::Error::NoRule { .. } | bus::Error::NoBus(_)) => return Ok(()),
            Err(error) => return Err(Error::of(error)),
        };
        if !targets.is_empty() {
            there
                .bus
                .remove_targets(call.scope, call.by, rule, (&targets, false))
                .await
                .map_err(Error::of)?;
        }
        there.bus.delete_rule(call.scope, call.by, rule, false).await.map_err(Error::of)
    }
}
