//! Archives on the wire.
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Archive.html>

use serde::Deserialize;
use serde_json::{Value, json};
use trainyard_services::bus::{Archive, ArchiveSpec, ArchiveTally};

/// What an archive is made or changed with.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Request {
    archive_name: String,
    event_source_arn: Option<String>,
    description: Option<String>,
    event_pattern: Option<String>,
    retention_days: Option<i64>,
    kms_key_identifier: Option<String>,
}

/// Which archive.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Named {
    pub(super) archive_name: String,
}

impl From<Request> for ArchiveSpec {
    fn from(request: Request) -> Self {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            name: request.archive_name,
            source: request.event_source_arn,
            description: request.description,
            pattern: given(request.event_pattern),
            retention_days: request.retention_days,
            key: given(request.kms_key_identifier),
        }
    }
}

/// As it is answered when it is made or changed.
pub(super) fn changed(archive: &Archive) -> Value {
    json!({"ArchiveArn": archive.arn(), "CreationTime": archive.created, "State": Archive::STATE})
}

/// As a list shows it.
pub(super) fn listed(archive: &Archive, tally: ArchiveTally) -> Value {
    json!({
        "ArchiveName": archive.name,
        "CreationTime": archive.created,
        "EventCount": tally.events,
        "EventSourceArn": archive.source(),
        "RetentionDays": archive.retention_days,
        "SizeBytes": tally.bytes,
        "State": Archive::STATE,
    })
}

/// All of it.
pub(super) fn described(archive: &Archive, tally: ArchiveTally) -> Value {
    let mut shown = listed(archive, tally);
    shown["ArchiveArn"] = json!(archive.arn());
    let more = [
        ("Description", &archive.description),
        ("EventPattern", &archive.pattern),
        ("KmsKeyIdentifier", &archive.key),
    ];
    for (member, value) in more {
        if let Some(value) = value {
            shown[member] = value.as_str().into();
        }
    }
    shown
}
