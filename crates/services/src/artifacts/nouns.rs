//! What the room keeps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Scope, Timestamp, content::Content, principal::Lineage};
use trainyard_store::{Keys, Noun};

/// The index key under which a document names its blobs.
pub(super) const BLOB: &str = "blob";

/// A bucket. Its name is its own in the whole server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Whose it is, and in which region.
    pub owner: Scope,
    /// When it was made.
    pub created: Timestamp,
    /// Whether it is told when an object comes or goes.
    #[serde(default)]
    pub tells: bool,
}

/// What a client says of an object, and gets back with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Headers {
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// `Content-Encoding`.
    pub content_encoding: Option<String>,
    /// `Content-Language`.
    pub content_language: Option<String>,
    /// `Expires`, as it was written.
    pub expires: Option<String>,
    /// `x-amz-meta-…`.
    pub user: BTreeMap<String, String>,
}

/// A checksum that a client gave and that was found right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// `CRC32`, `SHA256`, …
    pub algorithm: String,
    /// Base64; of a composite one `<base64>-<parts>`.
    pub value: String,
    /// Whether it is made of the parts' checksums.
    #[serde(default)]
    pub composite: bool,
}

/// An object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// Its bytes.
    pub content: Content,
    /// Without quotes: the MD5 of its bytes, or of its parts' MD5s and their number.
    pub etag: String,
    /// `sha256:<hex>` of its bytes; of an object in parts, of its parts' digests, with `-<parts>` after it.
    pub digest: String,
    /// When it was put.
    pub modified: Timestamp,
    /// What the client says of it.
    #[serde(default)]
    pub headers: Headers,
    /// The checksum that came with it.
    #[serde(default)]
    pub checksum: Option<Checksum>,
    /// The pieces that it was uploaded in, when that was a multipart upload.
    #[serde(default)]
    pub pieces: Vec<Piece>,
    /// The multipart upload that it came of.
    #[serde(default)]
    pub upload: Option<String>,
    /// Who put it.
    pub by: Arn,
    /// Out of which work.
    #[serde(default)]
    pub lineage: Lineage,
}

/// One part of an object that was uploaded in parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// How many bytes.
    pub size: u64,
}

/// A multipart upload that goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Its id.
    pub id: String,
    /// The bucket.
    pub bucket: String,
    /// The key of the object to come.
    pub key: String,
    /// What the client says of the object.
    #[serde(default)]
    pub headers: Headers,
    /// The checksums' algorithm that was announced.
    #[serde(default)]
    pub algorithm: Option<String>,
    /// Whether the object's checksum will be made of the parts'.
    #[serde(default)]
    pub composite: bool,
    /// When it began.
    pub created: Timestamp,
}

/// A part that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadPart {
    /// The upload.
    pub upload: String,
    /// The bucket.
    pub bucket: String,
    /// From 1 to 10,000.
    pub number: u32,
    /// Its bytes.
    pub content: Content,
    /// The MD5 of its bytes, in hexadecimal digits.
    pub etag: String,
    /// `sha256:<hex>` of its bytes.
    pub digest: String,
    /// The checksum that came with it.
    #[serde(default)]
    pub checksum: Option<Checksum>,
    /// When it was uploaded.
    pub modified: Timestamp,
}

impl Noun for Bucket {
    const KIND: &'static str = "bucket";

    fn scope(&self) -> String {
        String::new()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add("owner", format!("{}/{}", self.owner.account, self.name));
    }
}

impl Noun for Object {
    const KIND: &'static str = "object";

    fn scope(&self) -> String {
        self.bucket.clone()
    }

    fn id(&self) -> String {
        self.key.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        name_blobs(keys, &self.content);
    }
}

impl Noun for Upload {
    const KIND: &'static str = "upload";

    fn scope(&self) -> String {
        self.bucket.clone()
    }

    fn id(&self) -> String {
        self.id.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add("key", self.key.clone());
    }
}

impl Noun for UploadPart {
    const KIND: &'static str = "upload-part";

    fn scope(&self) -> String {
        self.bucket.clone()
    }

    fn id(&self) -> String {
        part_id(&self.upload, self.number)
    }

    fn keys(&self, keys: &mut Keys) {
        name_blobs(keys, &self.content);
    }
}

/// The parts of an upload stand together, in order.
pub(super) fn part_id(upload: &str, number: u32) -> String {
    format!("{upload}/{number:05}")
}

fn name_blobs(keys: &mut Keys, content: &Content) {
    for part in &content.parts {
        keys.add(BLOB, part.blob.as_str());
    }
}
