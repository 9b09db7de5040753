//! Versions as DescribeModelPackage shows them. Times are milliseconds here.
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeModelPackage.html>

use serde_json::{Map, Value, json};

use super::package::Package;

/// What stands where the commit is not known: an image that somebody pushed from outside.
const UNKNOWN: &str = "unknown";

/// DescribeModelPackage's answer.
pub(super) fn package(package: &Package) -> Value {
    let mut shown = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            shown.insert(name.to_owned(), value);
        }
    };
    put("ModelPackageName", json!(package.group));
    put("ModelPackageGroupName", json!(package.group));
    put("ModelPackageVersion", json!(package.version));
    put("ModelPackageArn", json!(package.arn));
    put("ModelPackageDescription", json!(package.description));
    put("CreationTime", json!(package.created));
    put("LastModifiedTime", json!(package.modified));
    put("CreatedBy", json!({"IamIdentity": {"Arn": package.principal.arn}}));
    put("InferenceSpecification", json!(package.inference));
    put("ModelPackageStatus", json!("Completed"));
    put("ModelPackageStatusDetails", json!({"ValidationStatuses": [], "ImageScanStatuses": []}));
    put("CertifyForMarketplace", json!(false));
    put("ModelApprovalStatus", json!(package.approval));
    put("ModelMetrics", json!(package.metrics));
    put("MetadataProperties", metadata(package));
    put("CustomerMetadataProperties", properties(package));
    if let Some(last) = package.decisions.last() {
        put("ApprovalDescription", json!(last.why));
        put("LastModifiedBy", json!({"IamIdentity": {"Arn": last.who}}));
    }
    Value::Object(shown)
}

/// AWS's own members for where a version comes from. What we saw happen wins over what its maker says.
fn metadata(package: &Package) -> Value {
    let mut members = package.metadata.clone();
    let source = &package.source;
    let said = members.get("CommitId").cloned();
    let commit = source.commit.clone().or(said).unwrap_or_else(|| UNKNOWN.to_owned());
    members.insert("CommitId".to_owned(), commit);
    for (name, value) in [("Repository", &source.repository), ("GeneratedBy", &source.execution)] {
        if let Some(value) = value {
            members.insert(name.to_owned(), value.clone());
        }
    }
    json!(members)
}

/// What AWS has no member for stands among the properties, under names of ours.
fn properties(package: &Package) -> Value {
    let mut members = package.properties.clone();
    let source = &package.source;
    let known = [
        ("trainyard:image-digest", &source.image),
        ("trainyard:model-digest", &source.model),
        ("trainyard:training-job", &source.job),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            members.insert(name.to_owned(), value.clone());
        }
    }
    for input in &source.data {
        members.insert(format!("trainyard:data-digest:{}", input.name), input.digest.to_string());
    }
    json!(members)
}
