//! The published schemas are the table, and the patterns of the seeds are judged by it.

use std::{fs, path::Path};

use super::*;
use crate::pattern::Pattern;

/// What is said of a pattern.
fn check(pattern: &str, expect: &[&str]) {
    let found = judge(&Pattern::parse(pattern).unwrap());
    let said: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), expect.len(), "{said:?}");
    for (said, expect) in said.iter().zip(expect) {
        assert!(said.contains(expect), "{said}");
    }
}

#[test]
fn a_field_that_the_event_never_has_is_never_matched() {
    let scanned = r#"{"source": ["aws.ecr"], "detail-type": ["ECR Image Action"],
        "detail": {"scan-status": ["SUCCESS"], "repository-name": ["mlops-training-dev"]}}"#;
    check(scanned, &["\"ECR Image Action\" has no `detail.scan-status`"]);
    check(scanned, &["\"ECR Image Scan\" has it"]);
    check(scanned, &[r#""repository-name":"mlops-training-dev""#]);
    check(&scanned.replace("scan-status", "result"), &[]);
    check(
        &scanned.replace("scan-status", "action-type"),
        &["`detail.action-type` of \"ECR Image Action\" is one of PUSH, DELETE"],
    );
    check(&scanned.replace(r#"["SUCCESS"]"#, r#"[{"exists": false}]"#), &[]);
    check(&scanned.replace("ECR Image Action", "ECR Image Scan").replace("SUCCESS", "COMPLETE"), &[]);
}

#[test]
fn a_rule_that_does_not_ask_for_the_decision_acts_on_every_one() {
    let registry = r#"{"source": ["aws.sagemaker"], "detail-type": ["SageMaker Model Package State Change"],
        "detail": {"ModelPackageGroupName": ["abalone"]}}"#;
    check(registry, &["also matches when ModelApprovalStatus is Rejected or PendingManualApproval"]);
    check(registry, &[r#""ModelApprovalStatus":"Rejected""#]);
    check(&registry.replace(r#"["abalone"]"#, r#"["abalone"], "ModelApprovalStatus": ["Approved"]"#), &[]);
    check(
        &registry.replace(r#"["abalone"]"#, r#"["abalone"], "ModelApprovalStatus": ["approved"]"#),
        &["is one of Approved, Rejected, PendingManualApproval"],
    );
}

#[test]
fn what_is_not_known_is_not_judged() {
    check(r#"{"source": ["app"], "detail-type": ["Told"], "detail": {"anything": [1]}}"#, &[]);
    check(r#"{"source": ["aws.ecr"], "detail": {"scan-status": ["COMPLETE"]}}"#, &[]);
    check(r#"{"detail": {"x": [1]}}"#, &[]);
}

#[test]
fn types_that_cannot_be_are_told() {
    let of = |test: &str| {
        format!(
            r#"{{"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {{"object": {test}}}}}"#
        )
    };
    check(&of(r#"{"size": [{"numeric": [">", 0]}]}"#), &[]);
    check(&of(r#"{"size": ["big"]}"#), &["never of that type"]);
    check(&of(r#"{"key": [1]}"#), &["never of that type"]);
    check(&of(r#"{"key": [{"suffix": ".csv"}]}"#), &[]);
}

/// `docs/events` says what the code says; `WRITE_DOCS=1` writes it again.
#[test]
fn the_schemas_in_the_documents_are_those_of_the_code() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/events");
    for kind in KINDS {
        let name = format!("{}.json", kind.detail_type.to_lowercase().replace(' ', "-"));
        let text = format!("{}\n", serde_json::to_string_pretty(&schema(kind)).unwrap());
        if std::env::var_os("WRITE_DOCS").is_some() {
            fs::create_dir_all(&directory).unwrap();
            fs::write(directory.join(&name), &text).unwrap();
        }
        let there = fs::read_to_string(directory.join(&name)).unwrap_or_default();
        assert_eq!(there, text, "docs/events/{name}");
    }
    let there = fs::read_dir(&directory).unwrap().count();
    assert_eq!(there, KINDS.len(), "docs/events has files of kinds that are not known");
}
