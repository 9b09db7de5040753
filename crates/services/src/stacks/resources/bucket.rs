//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-s3-bucket.html>
//!
//! Buckets here are private and owned by their account's owner, so that saying so is honoured.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use trainyard_domain::Scope;
use trainyard_lang::template::Physical;

use super::{Call, Kind, Order, named, physical};
use crate::{
    artifacts,
    stacks::{
        Error, Neighbours,
        plan::name,
        shape::{Misfit, Scalar, Shape, Text, read},
    },
};

pub(super) struct Bucket;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    bucket_name: Option<Text>,
    #[allow(dead_code, reason = "nothing is public here, whatever it says")]
    public_access_block_configuration: Option<PublicAccess>,
    ownership_controls: Option<Ownership>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[allow(dead_code, reason = "nothing is public here, whatever it says")]
struct PublicAccess {
    block_public_acls: Option<Scalar<bool>>,
    block_public_policy: Option<Scalar<bool>>,
    ignore_public_acls: Option<Scalar<bool>>,
    restrict_public_buckets: Option<Scalar<bool>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Ownership {
    rules: Vec<OwnershipRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OwnershipRule {
    object_ownership: Text,
}

#[async_trait]
impl Kind for Bucket {
    fn name(&self) -> &'static str {
        "AWS::S3::Bucket"
    }

    fn shape(&self) -> Shape {
        const OWNERSHIP: Shape = Shape::Map(&[("ObjectOwnership", Shape::Any)]);
        Shape::Map(&[
            ("BucketName", Shape::Any),
            (
                "PublicAccessBlockConfiguration",
                Shape::Map(&[
                    ("BlockPublicAcls", Shape::Any),
                    ("BlockPublicPolicy", Shape::Any),
                    ("IgnorePublicAcls", Shape::Any),
                    ("RestrictPublicBuckets", Shape::Any),
                ]),
            ),
            ("OwnershipControls", Shape::Map(&[("Rules", Shape::List(&OWNERSHIP))])),
        ])
    }

    fn plan(&self, order: &Order<'_>, properties: &Value) -> Result<(Physical, Value), Misfit> {
        let read: Properties = read(properties)?;
        let rules = read.ownership_controls.map(|controls| controls.rules).unwrap_or_default();
        if rules.iter().any(|rule| rule.object_ownership.0 != "BucketOwnerEnforced") {
            let words = "only BucketOwnerEnforced is supported: there are no ACLs here";
            return Err(Misfit::at(&["OwnershipControls"], words));
        }
        let name = match read.bucket_name {
            Some(Text(given)) => given,
            None => name(None, order, 63).to_lowercase(),
        };
        let region = &order.scope.region;
        let attributes = [
            ("Arn", format!("arn:aws:s3:::{name}")),
            ("DomainName", format!("{name}.s3.amazonaws.com")),
            ("RegionalDomainName", format!("{name}.s3.{region}.amazonaws.com")),
        ];
        Ok((physical(&name, attributes), named(properties, "BucketName", &name)))
    }

    async fn exists(&self, there: &Neighbours, call: &Call<'_>) -> Result<bool, Error> {
        match there.artifacts.bucket(&call.scope.account, &call.made.physical_id).await {
            Ok(_) | Err(artifacts::Error::Forbidden) => Ok(true),
            Err(artifacts::Error::NoBucket) => Ok(false),
            Err(error) => Err(Error::of(error)),
        }
    }

    async fn ensure(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let owner: &Scope = call.scope;
        match there.artifacts.create_bucket(owner, &call.made.physical_id).await {
            Ok(_) | Err(artifacts::Error::BucketYours) => Ok(()),
            Err(error) => Err(Error::of(error)),
        }
    }

    async fn remove(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        match there.artifacts.delete_bucket(&call.scope.account, &call.made.physical_id).await {
            Ok(()) | Err(artifacts::Error::NoBucket) => Ok(()),
            Err(error) => Err(Error::of(error)),
        }
    }
}
