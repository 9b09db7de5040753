//! What a version tells when it is made or changed.
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html>

use serde_json::Value;
use trainyard_domain::{
    Event,
    event::{DEFAULT_BUS, Way},
};
use trainyard_store::Changes;

use super::{describe, package::Package};
use crate::{bus, ground::uuid_from};

/// Adds the event to the commit of the change.
pub(super) fn tell(changes: &mut Changes, package: &Package) -> Result<(), trainyard_store::Error> {
    let named = format!(
        "{}@{}/{}/{:?}",
        package.arn,
        package.modified.millis(),
        package.decisions.len(),
        package.approval
    );
    let event = Event {
        id: uuid_from(&[&named]),
        scope: package.scope.clone(),
        bus: DEFAULT_BUS.to_owned(),
        time: package.modified,
        source: "aws.sagemaker".to_owned(),
        detail_type: "SageMaker Model Package State Change".to_owned(),
        way: Way::default(),
        resources: vec![package.arn.to_string()],
        detail: detail(package),
    };
    bus::tell(changes, &event)
}

/// What DescribeModelPackage shows, but for the times: AWS tells them as text.
fn detail(package: &Package) -> Value {
    let mut detail = describe::package(package);
    for (name, time) in [("CreationTime", package.created), ("LastModifiedTime", package.modified)] {
        detail[name] = time.to_seconds_string().into();
    }
    detail
}
