//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-codebuild-project.html>

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Map, Value};
use trainyard_domain::{Arn, Scope};
use trainyard_lang::template::Physical;

use super::{Call, Kind, Order, named, physical};
use crate::{
    builds::{self, Filter, ProjectRequest},
    stacks::{
        Error, Made, Neighbours,
        plan::name,
        shape::{Misfit, Scalar, Shape, TAGS, Text, read},
    },
};

pub(super) struct BuildProject;

/// What CloudFormation has and CodeBuild's API has elsewhere.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Triggers {
    #[serde(default)]
    webhook: Option<Scalar<bool>>,
    #[serde(default)]
    filter_groups: Vec<Vec<TriggerFilter>>,
    build_type: Option<BuildType>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum BuildType {
    Build,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TriggerFilter {
    r#type: Text,
    pattern: Text,
    exclude_matched_pattern: Option<Scalar<bool>>,
}

struct Parts {
    request: ProjectRequest,
    webhook: Option<Vec<Vec<Filter>>>,
}

fn parts(properties: &Value) -> Result<Parts, Misfit> {
    let mut members = properties.as_object().cloned().unwrap_or_default();
    let triggers = members.remove("Triggers");
    let triggers: Triggers = match &triggers {
        Some(triggers) => read(triggers).map_err(|misfit| beneath("Triggers", misfit))?,
        None => Triggers::default(),
    };
    let request: ProjectRequest = read(&of_the_api(Value::Object(members))).map_err(in_the_template)?;
    let _build = triggers.build_type;
    let on = triggers.webhook.is_some_and(|Scalar(on)| on);
    let groups = triggers.filter_groups.into_iter().map(|group| group.into_iter().map(filter).collect());
    Ok(Parts { request, webhook: on.then(|| groups.collect()) })
}

fn filter(filter: TriggerFilter) -> Filter {
    Filter {
        kind: filter.r#type.0,
        pattern: filter.pattern.0,
        exclude_matched_pattern: filter.exclude_matched_pattern.is_some_and(|Scalar(exclude)| exclude),
    }
}

fn beneath(member: &str, misfit: Misfit) -> Misfit {
    Misfit { path: std::iter::once(member.to_owned()).chain(misfit.path).collect(), ..misfit }
}

/// CloudFormation's properties as CodeBuild's members: the first letter is small, and scalars have their type.
fn of_the_api(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let member = |(name, value): (String, Value)| {
                let value = of_the_api(value);
                let value = match name.as_str() {
                    "PrivilegedMode" | "BadgeEnabled" | "ReportBuildStatus" | "InsecureSsl" => typed(value),
                    "TimeoutInMinutes" | "GitCloneDepth" => typed(value),
                    _ => plain(value),
                };
                (api_name(&name), value)
            };
            Value::Object(members.into_iter().map(member).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.into_iter().map(of_the_api).collect(),
        other => other,
    }
}

fn api_name(name: &str) -> String {
    if name == "BuildSpec" {
        return "buildspec".to_owned();
    }
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase().to_string() + letters.as_str()).unwrap_or_default()
}

/// Text that is a truth or a number as that.
fn typed(value: Value) -> Value {
    match &value {
        Value::String(text) => {
            serde_json::from_str(text).ok().filter(|v: &Value| !v.is_object()).unwrap_or(value)
        }
        _ => value,
    }
}

/// A scalar as text.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::String(number.to_string()),
        Value::Bool(truth) => Value::String(truth.to_string()),
        other => other,
    }
}

/// A finding about the API's members as one about the template's properties.
fn in_the_template(misfit: Misfit) -> Misfit {
    let back = |step: &String| {
        if step == "buildspec" {
            return "BuildSpec".to_owned();
        }
        let mut letters = step.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
            .unwrap_or_default()
    };
    Misfit { path: misfit.path.iter().map(back).collect(), ..misfit }
}

#[async_trait]
impl Kind for BuildProject {
    fn name(&self) -> &'static str {
        "AWS::CodeBuild::Project"
    }

    fn shape(&self) -> Shape {
        const FILTER: Shape = Shape::Map(&[
            ("Type", Shape::Any),
            ("Pattern", Shape::Any),
            ("ExcludeMatchedPattern", Shape::Any),
        ]);
        const VARIABLE: Shape =
            Shape::Map(&[("Name", Shape::Any), ("Value", Shape::Any), ("Type", Shape::Any)]);
        Shape::Map(&[
            ("Name", Shape::Any),
            ("Description", Shape::Any),
            ("ServiceRole", Shape::Any),
            (
                "Source",
                Shape::Map(&[
                    ("Type", Shape::Any),
                    ("Location", Shape::Any),
                    ("BuildSpec", Shape::Any),
                    ("GitCloneDepth", Shape::Any),
                    ("ReportBuildStatus", Shape::Any),
                    ("InsecureSsl", Shape::Any),
                ]),
            ),
            ("SourceVersion", Shape::Any),
            (
                "Triggers",
                Shape::Map(&[
                    ("Webhook", Shape::Any),
                    ("BuildType", Shape::Any),
                    ("FilterGroups", Shape::List(&Shape::List(&FILTER))),
                ]),
            ),
            (
                "Environment",
                Shape::Map(&[
                    ("Type", Shape::Any),
                    ("ComputeType", Shape::Any),
                    ("Image", Shape::Any),
                    ("PrivilegedMode", Shape::Any),
                    ("ImagePullCredentialsType", Shape::Any),
                    ("EnvironmentVariables", Shape::List(&VARIABLE)),
                ]),
            ),
            ("Artifacts", Shape::Map(&[("Type", Shape::Any)])),
            ("Cache", Shape::Map(&[("Type", Shape::Any)])),
            (
                "LogsConfig",
                Shape::Map(&[
                    ("CloudWatchLogs", Shape::Map(&[("Status", Shape::Any), ("GroupName", Shape::Any)])),
                    ("S3Logs", Shape::Map(&[("Status", Shape::Any)])),
                ]),
            ),
            ("TimeoutInMinutes", Shape::Any),
            ("BadgeEnabled", Shape::Any),
            ("Tags", TAGS),
        ])
    }

    fn plan(&self, order: &Order<'_>, properties: &Value) -> Result<(Physical, Value), Misfit> {
        let given = properties["Name"].as_str().map(|name| Text(name.to_owned()));
        let name = name(given.as_ref(), order, 150);
        let properties = named(properties, "Name", &name);
        parts(&properties)?;
        let arn = Arn::new("codebuild", order.scope, format!("project/{name}")).to_string();
        Ok((physical(&name, [("Arn", arn)]), properties))
    }

    fn check(&self, there: &Neighbours, scope: &Scope, made: &Made) -> Vec<Misfit> {
        let Ok(Parts { request, webhook }) = parts(&made.properties) else { return Vec::new() };
        let project =
            there.builds.new_project(scope, request).err().map(|error| Misfit::at(&[], error.to_string()));
        let webhook =
            builds::Webhook { filter_groups: webhook.unwrap_or_default(), ..builds::Webhook::default() };
        let webhook = webhook.check().err().map(|error| Misfit::at(&["Triggers"], error.to_string()));
        project.into_iter().chain(webhook).collect()
    }

    async fn exists(&self, there: &Neighbours, call: &Call<'_>) -> Result<bool, Error> {
        match there.builds.project(call.scope, &call.made.physical_id).await {
            Ok(_) => Ok(true),
            Err(builds::Error::NoProject(_)) => Ok(false),
            Err(error) => Err(Error::of(error)),
        }
    }

    async fn ensure(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let Parts { request, webhook } =
            parts(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
        there.builds.put_project(call.scope, call.by, request, webhook).await.map(drop).map_err(Error::of)
    }

    async fn remove(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        there.builds.delete_project(call.scope, call.by, &call.made.physical_id).await.map_err(Error::of)
    }
}
