//! S3's operations as `aws-sdk:` tasks call them: members in and out, bodies as text.

pub(super) mod delete_object;
pub(super) mod get_object;
pub(super) mod head_object;
pub(super) mod list_buckets;
pub(super) mod list_objects;
pub(super) mod list_objects_v2;
pub(super) mod put_object;

use std::collections::BTreeMap;

use serde::Serialize;
use trainyard_domain::Timestamp;
use trainyard_services::artifacts::{ListEntry, Object};

use super::shape::UNTYPED;

/// What is said of an object.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Head {
    accept_ranges: &'static str,
    content_length: u64,
    content_type: String,
    #[serde(rename = "ETag")]
    etag: String,
    last_modified: Timestamp,
    metadata: BTreeMap<String, String>,
    server_side_encryption: &'static str,
}

impl Head {
    fn new(object: &Object) -> Self {
        Self {
            accept_ranges: "bytes",
            content_length: object.content.size,
            content_type: object.headers.content_type.clone().unwrap_or_else(|| UNTYPED.to_owned()),
            etag: quoted(&object.etag),
            last_modified: seconds(object.modified),
            metadata: object.headers.user.clone(),
            server_side_encryption: "AES256",
        }
    }
}

/// An object in a listing.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Item {
    key: String,
    last_modified: Timestamp,
    #[serde(rename = "ETag")]
    etag: String,
    size: u64,
    storage_class: &'static str,
}

/// A common prefix in a listing.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Folder {
    prefix: String,
}

/// A listing's entries, taken apart.
fn shown(entries: Vec<ListEntry>) -> (Vec<Item>, Vec<Folder>) {
    let (mut items, mut folders) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry {
            ListEntry::Folder(prefix) => folders.push(Folder { prefix }),
            ListEntry::Object(object) => items.push(Item {
                last_modified: seconds(object.modified),
                etag: quoted(&object.etag),
                size: object.content.size,
                storage_class: "STANDARD",
                key: object.key,
            }),
        }
    }
    (items, folders)
}

fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

/// S3's times are whole seconds.
fn seconds(time: Timestamp) -> Timestamp {
    Timestamp(time.millis().div_euclid(1000) * 1000)
}
