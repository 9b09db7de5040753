//! What the store keeps of images: one document each.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use trainyard_domain::{
    Arn, Scope, Timestamp,
    content::{Content, Digest},
    principal::Lineage,
};
use trainyard_store::{Keys, Noun};

use super::names::registry_host;

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// Where.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// Whether a tag, once given, stays where it is.
    pub immutable_tags: bool,
    /// AWS resource tags (not image tags).
    pub labels: BTreeMap<String, String>,
}

/// Bytes that manifests refer to, kept once per scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    /// Where.
    pub scope: Scope,
    /// What they hash to.
    pub digest: Digest,
    /// Where the bytes are.
    pub content: Content,
    /// The repositories that have it: it can be seen through these only. Never empty.
    pub repositories: BTreeSet<String>,
}

/// An upload under way: it survives restarts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Where.
    pub scope: Scope,
    /// Its id, a UUID.
    pub id: String,
    /// The repository that the blob is for.
    pub repository: String,
    /// What has come so far: one part per chunk.
    pub content: Content,
    /// The state of the hash after these bytes, so that they are never read again.
    pub hash: String,
}

/// A manifest (of an image, an index, or anything else that OCI allows), byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Where.
    pub scope: Scope,
    /// Its repository.
    pub repository: String,
    /// What its bytes hash to.
    pub digest: Digest,
    /// As it was pushed.
    pub media_type: String,
    /// The bytes.
    pub body: String,
    /// The blobs and manifests that it refers to and that must be there as long as it is.
    pub references: Vec<Digest>,
    /// The manifest that it speaks of, if any; that one need not be there.
    pub subject: Option<Digest>,
    /// The bytes of all blobs that it refers to.
    pub size: u64,
    /// When it was first pushed.
    pub pushed: Timestamp,
    /// What it came out of. A commit that is not known is absent.
    pub lineage: Lineage,
}

/// A name that can be moved from manifest to manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Where.
    pub scope: Scope,
    /// Its repository.
    pub repository: String,
    /// The name.
    pub name: String,
    /// What it stands for now.
    pub digest: Digest,
}

impl Repository {
    /// Its ARN.
    pub fn arn(&self) -> Arn {
        Arn::new("ecr", &self.scope, format!("repository/{}", self.name))
    }

    /// How definitions name it: `<account>.dkr.ecr.<region>.amazonaws.com/<name>`.
    pub fn uri(&self) -> String {
        format!("{}/{}", registry_host(&self.scope), self.name)
    }
}

impl Manifest {
    /// The id of a manifest's document, and the form in which index keys name a digest in a repository. A
    /// repository's name has no `@`.
    pub(super) fn key(repository: &str, digest: &Digest) -> String {
        format!("{repository}@{digest}")
    }
}

impl Tag {
    /// The id of a tag's document. A repository's name has no `:`.
    pub(super) fn key(repository: &str, name: &str) -> String {
        format!("{repository}:{name}")
    }
}

impl Noun for Repository {
    const KIND: &'static str = "image-repository";
    fn scope(&self) -> String {
        self.scope.to_string()
    }
    fn id(&self) -> String {
        self.name.clone()
    }
    fn keys(&self, _: &mut Keys) {}
}

impl Noun for Blob {
    const KIND: &'static str = "image-blob";
    fn scope(&self) -> String {
        self.scope.to_string()
    }
    fn id(&self) -> String {
        self.digest.to_string()
    }
    fn keys(&self, keys: &mut Keys) {
        for repository in &self.repositories {
            keys.add("repository", repository);
        }
    }
}

impl Noun for Upload {
    const KIND: &'static str = "image-upload";
    fn scope(&self) -> String {
        self.scope.to_string()
    }
    fn id(&self) -> String {
        self.id.clone()
    }
    fn keys(&self, _: &mut Keys) {}
}

impl Noun for Manifest {
    const KIND: &'static str = "image-manifest";
    fn scope(&self) -> String {
        self.scope.to_string()
    }
    fn id(&self) -> String {
        Self::key(&self.repository, &self.digest)
    }
    fn keys(&self, keys: &mut Keys) {
        for digest in &self.references {
            keys.add("reference", Self::key(&self.repository, digest));
        }
        if let Some(subject) = &self.subject {
            keys.add("subject", Self::key(&self.repository, subject));
        }
    }
}

impl Noun for Tag {
    const KIND: &'static str = "image-tag";
    fn scope(&self) -> String {
        self.scope.to_string()
    }
    fn id(&self) -> String {
        Self::key(&self.repository, &self.name)
    }
    fn keys(&self, keys: &mut Keys) {
        keys.add("digest", Manifest::key(&self.repository, &self.digest));
    }
}
