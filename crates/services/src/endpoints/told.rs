//! What an endpoint tells when it changes.
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html>

use serde_json::json;
use trainyard_domain::{
    Event,
    event::{DEFAULT_BUS, Way},
};
use trainyard_store::Changes;

use super::{
    describe,
    endpoint::{Endpoint, Status},
};
use crate::{bus, ground::uuid_from};

/// Adds the event to the commit of the change.
pub(super) fn tell(changes: &mut Changes, endpoint: &Endpoint) -> Result<(), trainyard_store::Error> {
    let mut detail = describe::endpoint(endpoint);
    // Events say it in capitals, the API does not.
    let status = match endpoint.status {
        Status::Creating => "CREATING",
        Status::InService => "IN_SERVICE",
        Status::Updating => "UPDATING",
        Status::Failed => "FAILED",
        Status::Deleting => "DELETING",
    };
    if let Some(members) = detail.as_object_mut() {
        members.insert("EndpointStatus".to_owned(), json!(status));
        // The API's own.
        members.remove("PendingDeploymentSummary");
    }
    let named = [endpoint.arn.to_string(), endpoint.modified.millis().to_string(), status.to_owned()];
    let event = Event {
        id: uuid_from(&named.each_ref().map(String::as_str)),
        scope: endpoint.scope.clone(),
        bus: DEFAULT_BUS.to_owned(),
        time: endpoint.modified,
        source: "aws.sagemaker".to_owned(),
        detail_type: "SageMaker Endpoint State Change".to_owned(),
        way: Way::default(),
        resources: vec![endpoint.arn.to_string()],
        detail,
    };
    bus::tell(changes, &event)
}
