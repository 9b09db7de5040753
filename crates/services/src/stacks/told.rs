//! What a stack tells when its status changes.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-eventbridge-reference.html>

use serde_json::json;
use trainyard_domain::{
    Event,
    event::{DEFAULT_BUS, Way},
};
use trainyard_store::{Changes, Error as StoreError};

use super::Stack;
use crate::{bus, ground::uuid_from};

/// Adds the event of the stack's status to the commit that it comes of. Its id follows from stack, deployment and status.
pub(super) fn tell(changes: &mut Changes, stack: &Stack) -> Result<(), StoreError> {
    let (id, status) = (stack.id.to_string(), stack.status.as_str());
    let event = Event {
        id: uuid_from(&["stack status", &id, &stack.deployments.to_string(), status]),
        scope: stack.scope.clone(),
        bus: DEFAULT_BUS.to_owned(),
        time: stack.updated,
        source: "aws.cloudformation".to_owned(),
        detail_type: "CloudFormation Stack Status Change".to_owned(),
        way: Way::default(),
        resources: vec![id.clone()],
        detail: json!({
            "stack-id": id,
            "status-details": {"status": status, "status-reason": stack.reason.as_deref().unwrap_or_default()},
            "client-request-token": "",
        }),
    };
    bus::tell(changes, &event)
}
