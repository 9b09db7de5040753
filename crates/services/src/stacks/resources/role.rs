//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-iam-role.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use trainyard_domain::Arn;
use trainyard_lang::template::Physical;

use super::{Call, Kind, Order, named, physical};
use crate::{
    identity::{self, NewRole, unique_id},
    stacks::{
        Error, Neighbours,
        plan::name,
        shape::{Misfit, Scalar, Shape, TAGS, Tag, Text, read},
    },
};

pub(super) struct Role;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    role_name: Option<Text>,
    path: Option<Text>,
    description: Option<Text>,
    assume_role_policy_document: Value,
    max_session_duration: Option<Scalar<u32>>,
    #[serde(default)]
    managed_policy_arns: Vec<Arn>,
    #[serde(default)]
    policies: Vec<Inline>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Inline {
    policy_name: Text,
    policy_document: Value,
}

/// A policy, which may be written as text.
fn document(value: Value) -> String {
    match value {
        Value::String(text) => text,
        value => value.to_string(),
    }
}

type Parts = (NewRole, Vec<Arn>, BTreeMap<String, String>);

fn parts(properties: &Value) -> Result<Parts, Misfit> {
    let read: Properties = read(properties)?;
    let text = |text: Option<Text>| text.map(|Text(text)| text);
    let tag = |Tag { key, value: Text(value) }| identity::Tag { key, value };
    let new = NewRole {
        name: text(read.role_name).unwrap_or_default(),
        path: text(read.path),
        trust_policy: document(read.assume_role_policy_document),
        description: text(read.description),
        max_session_seconds: read.max_session_duration.map(|Scalar(seconds)| seconds),
        tags: read.tags.into_iter().map(tag).collect(),
    };
    let inline = |policy: Inline| (policy.policy_name.0, document(policy.policy_document));
    Ok((new, read.managed_policy_arns, read.policies.into_iter().map(inline).collect()))
}

#[async_trait]
impl Kind for Role {
    fn name(&self) -> &'static str {
        "AWS::IAM::Role"
    }

    fn shape(&self) -> Shape {
        const POLICY: Shape = Shape::Map(&[("PolicyName", Shape::Any), ("PolicyDocument", Shape::Any)]);
        Shape::Map(&[
            ("RoleName", Shape::Any),
            ("Path", Shape::Any),
            ("Description", Shape::Any),
            ("AssumeRolePolicyDocument", Shape::Any),
            ("MaxSessionDuration", Shape::Any),
            ("ManagedPolicyArns", Shape::Any),
            ("Policies", Shape::List(&POLICY)),
            ("Tags", TAGS),
        ])
    }

    fn plan(&self, order: &Order<'_>, properties: &Value) -> Result<(Physical, Value), Misfit> {
        let (new, _, inline) = parts(properties)?;
        let given = Some(Text(new.name.clone())).filter(|Text(name)| !name.is_empty());
        let name = name(given.as_ref(), order, 64);
        let wrong = |error: identity::Error| Misfit::at(&[], error.to_string());
        let role =
            identity::check_role(&order.scope.account, &NewRole { name: name.clone(), ..new }, &inline);
        let arn = role.map_err(wrong)?.to_string();
        let attributes = [("RoleId", unique_id("AROA", &arn)), ("Arn", arn)];
        Ok((physical(&name, attributes), named(properties, "RoleName", &name)))
    }

    async fn exists(&self, there: &Neighbours, call: &Call<'_>) -> Result<bool, Error> {
        match there.identity.role(&call.scope.account, &call.made.physical_id).await {
            Ok(_) => Ok(true),
            Err(identity::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(Error::of(error)),
        }
    }

    async fn ensure(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let (new, attached, inline) =
            parts(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
        let whole = identity::WholeRole { new, attached, inline };
        there.identity.put_role(&call.scope.account, call.by, whole).await.map(drop).map_err(Error::of)
    }

    async fn remove(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        match there.identity.remove_role(&call.scope.account, call.by, &call.made.physical_id).await {
            Ok(()) | Err(identity::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::of(error)),
        }
    }
}
