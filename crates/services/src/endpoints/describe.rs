//! Endpoints as DescribeEndpoint shows them. Times are milliseconds here.

use serde_json::{Value, json};

use super::endpoint::{Endpoint, Generation};

/// DescribeEndpoint's answer.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html>
pub(super) fn endpoint(endpoint: &Endpoint) -> Value {
    // While the first generation comes up there is none that serves: its configuration is what is shown.
    let shown = endpoint.current.as_ref().or(endpoint.next.as_ref()).or(endpoint.leaving.first());
    let mut answer = json!({
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "EndpointConfigName": shown.map(|generation| &generation.config),
        "EndpointStatus": endpoint.status,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
    });
    let mut put = |name: &str, value: Value| {
        answer.as_object_mut().map(|members| members.insert(name.to_owned(), value))
    };
    if let Some(current) = &endpoint.current {
        put("ProductionVariants", json!(variants(current)));
    }
    if let (Some(next), Some(_)) = (&endpoint.next, &endpoint.current) {
        let pending = json!({
            "EndpointConfigName": next.config,
            "StartTime": next.since,
            "ProductionVariants": variants(next),
        });
        put("PendingDeploymentSummary", pending);
    }
    if let Some(reason) = &endpoint.failure {
        put("FailureReason", json!(reason));
    }
    answer
}

fn variants(generation: &Generation) -> Vec<Value> {
    let mut seen: Vec<&str> = Vec::new();
    let mut shown = Vec::new();
    for copy in &generation.copies {
        if !seen.contains(&copy.variant.as_str()) {
            seen.push(&copy.variant);
            shown.push(json!({
                "VariantName": copy.variant,
                "CurrentWeight": copy.weight,
                "DesiredWeight": copy.weight,
                "CurrentInstanceCount": copy.of,
                "DesiredInstanceCount": copy.of,
            }));
        }
    }
    shown
}
