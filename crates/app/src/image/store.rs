//! The local images: an OCI image layout that `build` writes and `push` reads, and the layers of requirements that
//! were installed before.
//! <https://github.com/opencontainers/image-spec/blob/main/image-layout.md>

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use trainyard_domain::content::Digest;

use super::Descriptor;
use crate::failure::Failure;

/// The annotation that names an image in a layout.
const NAME: &str = "org.opencontainers.image.ref.name";

/// The local images. Several processes may use it at once.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    root: PathBuf,
}

impl Store {
    /// In `$TRAINYARD_IMAGES`, else in the user's cache directory.
    pub(crate) fn open() -> Result<Self, Failure> {
        let root = match std::env::var_os("TRAINYARD_IMAGES").filter(|dir| !dir.is_empty()) {
            Some(root) => PathBuf::from(root),
            None => cache_directory()?.join("trainyard/images"),
        };
        Self::at(&root)
    }

    /// In that directory.
    pub(crate) fn at(root: &Path) -> Result<Self, Failure> {
        let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
        let store = Self { root };
        let make = || -> io::Result<()> {
            fs::create_dir_all(store.root.join("blobs/sha256"))?;
            fs::create_dir_all(store.root.join("requirements"))?;
            let layout = store.root.join("oci-layout");
            if !layout.exists() {
                fs::write(layout, r#"{"imageLayoutVersion":"1.0.0"}"#)?;
            }
            Ok(())
        };
        make().map_err(|e| {
            Failure::failed(format!("the local images in {} cannot be used: {e}", store.root.display()))
                .hint("export TRAINYARD_IMAGES=DIR    # keeps them elsewhere")
        })?;
        Ok(store)
    }

    /// A directory for work that is in no other process's way; it vanishes with the value.
    pub(crate) fn scratch(&self) -> Result<Scratch, Failure> {
        let name = format!(".work-{}", uuid::Uuid::new_v4());
        let path = self.root.join(name);
        fs::create_dir(&path).map_err(|e| trouble(&path, &e))?;
        Ok(Scratch(path))
    }

    /// Where the blob's bytes are.
    pub(crate) fn path(&self, digest: &Digest) -> PathBuf {
        self.root.join("blobs/sha256").join(digest.hex())
    }

    /// Whether the blob is there, whole.
    pub(crate) fn has(&self, blob: &Descriptor) -> bool {
        fs::metadata(self.path(&blob.digest)).is_ok_and(|file| file.len() == blob.size)
    }

    /// The bytes of something small.
    pub(crate) fn read(&self, digest: &Digest) -> Result<Vec<u8>, Failure> {
        let path = self.path(digest);
        fs::read(&path).map_err(|e| trouble(&path, &e))
    }

    /// Keeps bytes as a blob.
    pub(crate) fn put(&self, media_type: &str, bytes: &[u8]) -> Result<Descriptor, Failure> {
        let mut blob = self.create()?;
        blob.write_all(bytes).map_err(|e| trouble(&self.root, &e))?;
        self.keep(blob, media_type)
    }

    /// A blob to be written and then kept.
    pub(super) fn create(&self) -> Result<Blob, Failure> {
        let path = self.root.join(format!(".new-{}", uuid::Uuid::new_v4()));
        let file = File::create_new(&path).map_err(|e| trouble(&path, &e))?;
        Ok(Blob { file, path, hash: Sha256::new(), size: 0 })
    }

    /// Keeps a blob that was written.
    pub(super) fn keep(&self, blob: Blob, media_type: &str) -> Result<Descriptor, Failure> {
        let digest = Digest::from_sha256(&blob.hash.clone().finalize());
        let to = self.path(&digest);
        blob.file.sync_all().and_then(|()| fs::rename(&blob.path, &to)).map_err(|e| trouble(&to, &e))?;
        Ok(Descriptor { media_type: media_type.to_owned(), digest, size: blob.size })
    }

    /// Names a manifest. The name is taken from the one that had it.
    pub(crate) fn tag(&self, name: &str, manifest: &Descriptor) -> Result<(), Failure> {
        let path = self.root.join("index.json");
        let act = || -> io::Result<()> {
            let _alone = self.lock()?;
            let mut entries = entries(&path)?;
            entries.retain(|entry| entry["annotations"][NAME] != name);
            let mut entry = json!(manifest);
            entry["annotations"] = Value::Object(Map::from_iter([(NAME.to_owned(), Value::from(name))]));
            entries.push(entry);
            let index = json!({
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.index.v1+json",
                "manifests": entries,
            });
            replace(&path, index.to_string().as_bytes())
        };
        act().map_err(|e| trouble(&path, &e))
    }

    /// The manifest of that name.
    pub(crate) fn find(&self, name: &str) -> Result<Option<Descriptor>, Failure> {
        let path = self.root.join("index.json");
        let found = entries(&path).map_err(|e| trouble(&path, &e))?;
        let found = found.into_iter().find(|entry| entry["annotations"][NAME] == name);
        Ok(found.and_then(|entry| serde_json::from_value(entry).ok()))
    }

    /// What was noted of requirements, if it can still be read.
    pub(super) fn noted<T: for<'a> Deserialize<'a>>(&self, key: &str) -> Option<T> {
        let bytes = fs::read(self.root.join("requirements").join(format!("{key}.json"))).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Notes something of requirements.
    pub(super) fn note<T: Serialize>(&self, key: &str, note: &T) -> Result<(), Failure> {
        let path = self.root.join("requirements").join(format!("{key}.json"));
        let bytes = serde_json::to_vec(note).map_err(|e| Failure::failed(e.to_string()))?;
        replace(&path, &bytes).map_err(|e| trouble(&path, &e))
    }

    fn lock(&self) -> io::Result<Flock<File>> {
        let file = File::create(self.root.join(".lock"))?;
        Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, e)| e.into())
    }
}

/// A directory that vanishes with the value.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A blob that is being written. Dropped, it vanishes.
pub(super) struct Blob {
    file: File,
    path: PathBuf,
    hash: Sha256,
    size: u64,
}

impl Write for Blob {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_all(bytes)?;
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        // A blob that was kept is not there under this name any more.
        let _ = fs::remove_file(&self.path);
    }
}

fn entries(path: &Path) -> io::Result<Vec<Value>> {
    let bytes = match fs::read(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut index: Value = serde_json::from_slice(&bytes)?;
    Ok(index["manifests"].as_array_mut().map(std::mem::take).unwrap_or_default())
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension(format!("{}.new", uuid::Uuid::new_v4()));
    fs::write(&fresh, bytes)?;
    fs::rename(fresh, path)
}

fn cache_directory() -> Result<PathBuf, Failure> {
    let given = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    given.or_else(|| Some(std::env::home_dir().filter(|dir| dir.is_absolute())?.join(".cache"))).ok_or_else(
        || {
            Failure::usage("there is no home directory")
                .hint("export TRAINYARD_IMAGES=DIR    # keeps images there")
        },
    )
}

pub(super) fn trouble(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_the_last_that_got_it() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::at(directory.path()).unwrap();
        let one = store.put("t", b"one").unwrap();
        let two = store.put("t", b"two").unwrap();
        store.tag("a:1", &one).unwrap();
        store.tag("b:1", &one).unwrap();
        store.tag("a:1", &two).unwrap();
        assert_eq!(store.find("a:1").unwrap(), Some(two.clone()));
        assert_eq!(store.find("b:1").unwrap(), Some(one));
        assert_eq!(store.find("c:1").unwrap(), None);
        assert_eq!(store.read(&two.digest).unwrap(), b"two");
        assert!(store.has(&two));
        drop(store.create().unwrap());
        let left: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".new-")), "{left:?}");
    }
}
