//! From an image's name to what a driver needs to run it.

use std::collections::BTreeMap;

use serde::Deserialize;
use trainyard_domain::{
    Scope,
    image::{Image, ImageConfig, Layer},
    principal::Lineage,
};

use super::{
    Error, Images, Manifest, Reference, Uri,
    manifest::{Parsed, choose, is_image, is_index},
    push::MAX_CONFIG,
};

/// An index of indexes of indexes is nobody's honest image.
const MAX_DEPTH: usize = 3;

impl Images {
    /// What the image is made of, pinned by digest. `reference` is an image's URI as definitions have it; `here` is
    /// the scope that a URI of this machine's own address means.
    pub async fn resolve(&self, reference: &str, here: &Scope) -> Result<Image, Error> {
        let uri = own(reference, here)?;
        let mut manifest = self.manifest(&uri.scope, &uri.repository, &uri.reference).await?;
        let refuse = |reason: String| Error::NotRunnable { reference: reference.to_owned(), reason };
        for _ in 0..MAX_DEPTH {
            if !is_index(&manifest.media_type) {
                break;
            }
            let (os, architecture) = platform();
            let index = Parsed::read(&manifest.media_type, &manifest.body)?;
            let chosen = choose(&index.manifests, os, architecture)
                .ok_or_else(|| refuse(format!("it has no variant for {os}/{architecture}")))?;
            let digest = Reference::Digest(chosen.digest.clone());
            manifest = self.manifest(&uri.scope, &uri.repository, &digest).await?;
        }
        if !is_image(&manifest.media_type) {
            return Err(refuse(format!("its media type is `{}`", manifest.media_type)));
        }
        let parsed = Parsed::read(&manifest.media_type, &manifest.body)?;
        Ok(Image {
            reference: reference.to_owned(),
            layers: self.layers(&manifest, &parsed).await?,
            config: self.config(&manifest, &parsed, reference).await?,
            digest: manifest.digest,
        })
    }

    /// What the image came out of.
    pub async fn lineage(&self, reference: &str, here: &Scope) -> Result<Lineage, Error> {
        let uri = own(reference, here)?;
        Ok(self.manifest(&uri.scope, &uri.repository, &uri.reference).await?.lineage)
    }

    async fn layers(&self, manifest: &Manifest, parsed: &Parsed) -> Result<Vec<Layer>, Error> {
        let mut layers = Vec::new();
        for layer in &parsed.layers {
            let blob = self.held_blob(&manifest.scope, &manifest.repository, &layer.digest).await?.value;
            let (digest, media_type) = (layer.digest.clone(), layer.media_type.clone());
            layers.push(Layer { digest, media_type, content: blob.content });
        }
        Ok(layers)
    }

    async fn config(&self, manifest: &Manifest, parsed: &Parsed, name: &str) -> Result<ImageConfig, Error> {
        let refuse = |reason: String| Error::NotRunnable { reference: name.to_owned(), reason };
        let Some(config) = &parsed.config else {
            return Err(refuse("it has no config".to_owned()));
        };
        let blob = self.held_blob(&manifest.scope, &manifest.repository, &config.digest).await?.value;
        let bytes = self.read_small(&blob.content, MAX_CONFIG).await?;
        read_config(&bytes).map_err(|e| refuse(format!("its config cannot be read: {e}")))
    }
}

/// The image's name, in a registry of the own account. Another account's has nothing for us: there are no repository
/// policies yet that could allow it.
fn own(reference: &str, here: &Scope) -> Result<Uri, Error> {
    let uri = Uri::parse(reference, here)?;
    if uri.scope.account == here.account {
        return Ok(uri);
    }
    Err(Error::NoRepository { name: uri.repository, registry: uri.scope.account.to_string() })
}

/// This machine's platform in Go's names. Images that bring their own system are always Linux's.
pub(super) fn platform() -> (&'static str, &'static str) {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    ("linux", architecture)
}

fn read_config(bytes: &[u8]) -> Result<ImageConfig, serde_json::Error> {
    #[derive(Deserialize)]
    struct Config {
        config: Option<Inner>,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Inner {
        entrypoint: Option<Vec<String>>,
        cmd: Option<Vec<String>>,
        env: Option<Vec<String>>,
        working_dir: Option<String>,
        labels: Option<BTreeMap<String, String>>,
    }
    let inner = serde_json::from_slice::<Config>(bytes)?.config.unwrap_or_default();
    let env = inner.env.unwrap_or_default();
    let pair =
        |entry: &String| entry.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok(ImageConfig {
        entrypoint: inner.entrypoint.unwrap_or_default(),
        cmd: inner.cmd.unwrap_or_default(),
        env: env.iter().filter_map(pair).collect(),
        working_dir: inner.working_dir.unwrap_or_default(),
        labels: inner.labels.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_configs_with_nulls() {
        let config = read_config(
            br#"{"config":{"Entrypoint":null,"Cmd":["a"],"Env":["A=b=c","odd"],"WorkingDir":"/x"}}"#,
        )
        .unwrap();
        assert_eq!(config.cmd, ["a"]);
        assert_eq!(config.env["A"], "b=c");
        assert_eq!((config.entrypoint.len(), config.working_dir.as_str()), (0, "/x"));
        assert!(read_config(b"[]x").is_err());
        assert_eq!(read_config(b"{}").unwrap(), ImageConfig::default());
    }
}
