//! Reading manifests. Pure.
//! <https://github.com/opencontainers/image-spec/blob/main/manifest.md>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trainyard_domain::content::Digest;

use super::Error;

/// The media type of an OCI index.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The media type of an OCI image manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Docker's image manifest, schema 2.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker's manifest list.
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// More than any real manifest has; the size that clients expect to be able to push.
pub const MAX_MANIFEST: u64 = 4 << 20;

/// The members of an image manifest or index that mean something to us. Others are kept with the bytes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Parsed {
    /// Must be 2 where it is given.
    pub schema_version: Option<u64>,
    /// Must be that of the push, where it is given.
    pub media_type: Option<String>,
    /// The kind of an artifact that is not an image.
    pub artifact_type: Option<String>,
    /// An image's config.
    pub config: Option<Descriptor>,
    /// An image's layers.
    pub layers: Vec<Descriptor>,
    /// An index's manifests.
    pub manifests: Vec<Descriptor>,
    /// What it speaks of.
    pub subject: Option<Descriptor>,
    /// Free text.
    pub annotations: BTreeMap<String, String>,
}

/// A reference to bytes.
/// <https://github.com/opencontainers/image-spec/blob/main/descriptor.md>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What they are.
    pub media_type: String,
    /// What they hash to.
    pub digest: Digest,
    /// How many.
    pub size: u64,
    /// Elsewhere: such a layer need not be here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// In an index: what it runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The kind of artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// What an image of an index runs on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Platform {
    /// Go's name of it, such as `amd64`.
    pub architecture: String,
    /// Go's name of it, such as `linux`.
    pub os: String,
    /// Such as `v8`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// Whether this type lists manifests.
pub fn is_index(media_type: &str) -> bool {
    matches!(media_type, INDEX | DOCKER_LIST)
}

/// Whether this type is an image's manifest.
pub fn is_image(media_type: &str) -> bool {
    matches!(media_type, MANIFEST | DOCKER_MANIFEST)
}

impl Parsed {
    /// Reads a manifest that was pushed as `media_type`. One of an unknown type must be a JSON object and no more:
    /// nothing in it is taken for a reference.
    pub fn read(media_type: &str, body: &str) -> Result<Self, Error> {
        let bad = |e: serde_json::Error| Error::BadManifest(e.to_string());
        if !is_index(media_type) && !is_image(media_type) {
            serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(body).map_err(bad)?;
            return Ok(Self::default());
        }
        let parsed: Self = serde_json::from_str(body).map_err(bad)?;
        if parsed.schema_version != Some(2) {
            return Err(Error::BadManifest("schemaVersion must be 2".to_owned()));
        }
        if let Some(other) = parsed.media_type.as_deref().filter(|own| *own != media_type) {
            return Err(Error::BadManifest(format!(
                "mediaType is `{other}`, but it was pushed as `{media_type}`"
            )));
        }
        if is_image(media_type) && parsed.config.is_none() {
            return Err(Error::BadManifest("an image manifest has a config".to_owned()));
        }
        Ok(parsed)
    }

    /// The blobs that must be there.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        self.config.iter().chain(self.layers.iter().filter(|layer| layer.urls.is_empty()))
    }

    /// The kind of artifact: its own, or its config's type.
    pub fn kind_of_artifact(&self) -> Option<&str> {
        let config = self.config.as_ref().map(|config| config.media_type.as_str());
        self.artifact_type.as_deref().filter(|kind| !kind.is_empty()).or(config)
    }
}

/// The manifest of an index that fits `os` and `architecture` (Go's names): the first that names both, else the
/// only one there is, if it names no platform.
pub fn choose<'a>(manifests: &'a [Descriptor], os: &str, architecture: &str) -> Option<&'a Descriptor> {
    let fits =
        |d: &&Descriptor| d.platform.as_ref().is_some_and(|p| p.os == os && p.architecture == architecture);
    manifests.iter().find(fits).or(match manifests {
        [only] if only.platform.is_none() => Some(only),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor(of: &str) -> String {
        format!(r#"{{"mediaType":"t","digest":"{}","size":1}}"#, Digest::of(of.as_bytes()))
    }

    #[test]
    fn reads_what_it_knows_and_takes_what_it_does_not() {
        let body = format!(
            r#"{{"schemaVersion":2,"config":{},"layers":[{}],"other":1}}"#,
            descriptor("c"),
            descriptor("l")
        );
        let parsed = Parsed::read(MANIFEST, &body).unwrap();
        assert_eq!(parsed.blobs().count(), 2);
        assert_eq!(parsed.kind_of_artifact(), Some("t"));
        assert_eq!(Parsed::read("application/vnd.some+json", &body).unwrap().blobs().count(), 0);
    }

    #[test]
    fn refuses_nonsense() {
        let check = |media_type: &str, body: &str| {
            assert!(Parsed::read(media_type, body).is_err(), "{media_type} {body}");
        };
        check(MANIFEST, "");
        check(MANIFEST, "[]");
        check(MANIFEST, r#"{"schemaVersion":1}"#);
        check(MANIFEST, r#"{"schemaVersion":2}"#);
        check(MANIFEST, r#"{"schemaVersion":2,"config":{"mediaType":"t","digest":"../x","size":1}}"#);
        check(INDEX, r#"{"schemaVersion":2,"mediaType":"x"}"#);
        check("text/plain", "hello");
    }

    #[test]
    fn chooses_by_platform() {
        let of = |name: &str, platform: Option<(&str, &str)>| Descriptor {
            media_type: MANIFEST.to_owned(),
            digest: Digest::of(name.as_bytes()),
            size: 1,
            urls: Vec::new(),
            platform: platform.map(|(os, architecture)| Platform {
                os: os.to_owned(),
                architecture: architecture.to_owned(),
                variant: None,
            }),
            artifact_type: None,
            annotations: BTreeMap::new(),
        };
        let both = [of("a", Some(("linux", "arm64"))), of("b", Some(("linux", "amd64")))];
        assert_eq!(choose(&both, "linux", "amd64"), Some(&both[1]));
        assert_eq!(choose(&both, "linux", "s390x"), None);
        let plain = [of("a", None)];
        assert_eq!(choose(&plain, "linux", "amd64"), Some(&plain[0]));
    }
}
