//! Endpoints as DescribeEndpoint shows them. Times are milliseconds here.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trainyard_domain::serving::VariantId;

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
        put("ProductionVariants", json!(variants(current, &endpoint.down)));
    }
    if let (Some(next), Some(_)) = (&endpoint.next, &endpoint.current) {
        let pending = json!({
            "EndpointConfigName": next.config,
            "StartTime": next.since,
            "ProductionVariants": variants(next, &BTreeMap::new()),
        });
        put("PendingDeploymentSummary", pending);
    }
    // AWS gives a reason with a failed endpoint only. One that serves and has lost a copy needs its reason as much.
    if let Some(reason) = endpoint.down.values().next().or(endpoint.failure.as_ref()) {
        put("FailureReason", json!(reason));
    }
    answer
}

fn variants(generation: &Generation, down: &BTreeMap<VariantId, String>) -> Vec<Value> {
    let mut seen: Vec<&str> = Vec::new();
    let mut shown = Vec::new();
    for copy in &generation.copies {
        if !seen.contains(&copy.variant.as_str()) {
            seen.push(&copy.variant);
            let of_variant = generation.copies.iter().filter(|other| other.variant == copy.variant);
            let up = of_variant.filter(|other| !down.contains_key(&other.id)).count();
            shown.push(json!({
                "VariantName": copy.variant,
                "CurrentWeight": copy.weight,
                "DesiredWeight": copy.weight,
                "CurrentInstanceCount": up,
                "DesiredInstanceCount": copy.of,
            }));
        }
    }
    shown
}
