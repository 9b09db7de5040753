//! Gives a copy its model's files, and says how it is started.

use std::{
    cell::Cell,
    collections::BTreeMap,
    path::{Path, PathBuf},
    rc::Rc,
    time::Duration,
};

use futures::StreamExt;
use tokio::io::AsyncWriteExt;
use trainyard_domain::{
    AccountId,
    job::Mount,
    principal::Lineage,
    serving::{VariantId, VariantSpec},
};

use super::{
    Error, Model,
    endpoint::{Copy, Endpoint},
    room::Endpoints,
};
use crate::{
    identity::SessionRequest,
    jobs::{S3Uri, access, resources},
};

/// Credentials of a copy that serves; as long as a session may be.
const LIFETIME: Duration = Duration::from_secs(12 * 3600);

impl Endpoints {
    /// What the driver is given, once the model's files are there.
    pub(super) async fn spec(&self, endpoint: &Endpoint, copy: &Copy) -> Result<VariantSpec, Error> {
        let model = self.model(&endpoint.scope, &copy.model).await?;
        let image = self
            .images
            .resolve(&model.image, &model.scope)
            .await
            .map_err(|e| Error::Invalid(e.to_string()))?;
        let files = self.files(copy, &model).await?;
        let mut env = image.config.env.clone();
        env.extend(self.variables(endpoint, &model)?);
        let mut command = image.config.entrypoint.clone();
        command.push("serve".to_owned());
        let working_dir =
            PathBuf::from(if image.config.working_dir.is_empty() { "/" } else { &image.config.working_dir });
        Ok(VariantSpec {
            id: copy.id.clone(),
            command,
            env,
            working_dir,
            mounts: vec![Mount { source: files, target: PathBuf::from("/opt/ml/model"), read_only: true }],
            resources: resources(&copy.instance_type).unwrap_or_default(),
            image,
        })
    }

    fn variables(&self, endpoint: &Endpoint, model: &Model) -> Result<BTreeMap<String, String>, Error> {
        let mut variables = BTreeMap::from([("SM_MODEL_DIR".to_owned(), "/opt/ml/model".to_owned())]);
        variables.extend(model.environment.clone());
        if let Some(role) = &model.request.execution_role_arn {
            let session = self.identity.session(&SessionRequest {
                scope: endpoint.scope.clone(),
                role: role.clone(),
                name: endpoint.name.clone(),
                lineage: Lineage::default(),
                lifetime: LIFETIME,
            });
            let session = session.map_err(|e| Error::Invalid(e.to_string()))?;
            variables.extend(access(&session, &self.config.endpoint, endpoint.scope.region.as_str()));
        }
        Ok(variables)
    }

    /// The directory with the model's files: fetched once, and complete or not there.
    async fn files(&self, copy: &Copy, model: &Model) -> Result<PathBuf, Error> {
        let ready = self.directory(&copy.id);
        if tokio::fs::try_exists(&ready).await.map_err(trouble(&ready))? {
            return Ok(ready);
        }
        let fresh = ready.with_extension("partial");
        remove(&fresh).await?;
        tokio::fs::create_dir_all(&fresh).await.map_err(trouble(&fresh))?;
        if let Some(data) = &model.data {
            self.fetch(&model.scope.account, data, &fresh).await?;
        }
        tokio::fs::rename(&fresh, &ready).await.map_err(trouble(&ready))?;
        Ok(ready)
    }

    async fn fetch(&self, account: &AccountId, data: &str, directory: &Path) -> Result<(), Error> {
        let uri = S3Uri::try_from(data.to_owned()).map_err(Error::Invalid)?;
        let unread = |e: String| Error::Invalid(format!("Could not access model data at {uri}: {e}"));
        let object = self.artifacts.stat(account, &uri.place()).await.map_err(|e| unread(e.to_string()))?;
        let mut body = self.artifacts.read(&object, None).await.map_err(|e| unread(e.to_string()))?;
        let archive = directory.with_extension("tar.gz");
        let mut file = tokio::fs::File::create(&archive).await.map_err(trouble(&archive))?;
        while let Some(piece) = body.next().await {
            file.write_all(&piece.map_err(trouble(&archive))?).await.map_err(trouble(&archive))?;
        }
        file.flush().await.map_err(trouble(&archive))?;
        let (from, to) = (archive.clone(), directory.to_owned());
        let unpacked = tokio::task::spawn_blocking(move || unpack(&from, &to)).await;
        unpacked.map_err(|e| Error::Trouble(e.to_string()))?.map_err(|e| unread(e.to_string()))?;
        tokio::fs::remove_file(&archive).await.map_err(trouble(&archive))
    }

    /// Where a copy's files are.
    pub(super) fn directory(&self, id: &VariantId) -> PathBuf {
        self.config.directory.join(id.as_str())
    }
}

/// A model's archive of more files than this is refused.
const ENTRIES: usize = 1_000_000;
/// A small archive may unpack to so many bytes, whatever it is; a larger one to so many times its size.
const SMALL: u64 = 4 << 30;
const EXPANSION: u64 = 100;
/// Names and attributes of one file have no more bytes than this: they are read into memory.
const HEADERS: u64 = 1 << 20;

/// Unpacks a model. The archive is somebody's: nothing is written outside, no device or special mode is made, and it
/// does not swell without end.
fn unpack(archive: &Path, directory: &Path) -> std::io::Result<()> {
    let file = std::fs::File::open(archive)?;
    let mut left = file.metadata()?.len().saturating_mul(EXPANSION).max(SMALL);
    let bytes = flate2::read::MultiGzDecoder::new(std::io::BufReader::new(file));
    let allowed = Rc::new(Cell::new(0));
    let mut tar = tar::Archive::new(Metered { bytes, allowed: Rc::clone(&allowed) });
    tar.set_preserve_mtime(false);
    let mut entries = tar.entries()?;
    for _ in 0..ENTRIES {
        allowed.set(HEADERS);
        let Some(entry) = entries.next() else { return Ok(()) };
        let mut entry = entry?;
        allowed.set(u64::MAX);
        let swells = || std::io::Error::other("the archive is larger than a model's may be");
        left = left.checked_sub(entry.size()).ok_or_else(swells)?;
        let kind = entry.header().entry_type();
        if !(kind.is_file() || kind.is_dir()) {
            let path = entry.path()?.display().to_string();
            return Err(std::io::Error::other(format!(
                "`{path}` in the archive is neither a file nor a directory"
            )));
        }
        if !entry.unpack_in(directory)? {
            let path = entry.path()?.display().to_string();
            return Err(std::io::Error::other(format!("`{path}` in the archive leads outside")));
        }
        // What is left of it is not read with the next one's headers.
        std::io::copy(&mut entry, &mut std::io::sink())?;
    }
    Err(std::io::Error::other("the archive has more files than a model's may have"))
}

/// A reader that gives so many bytes and no more.
struct Metered<R> {
    bytes: R,
    allowed: Rc<Cell<u64>>,
}

impl<R: std::io::Read> std::io::Read for Metered<R> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let count = self.bytes.read(to)?;
        let left = self.allowed.get().checked_sub(count as u64);
        let too_large = || std::io::Error::other("a file's name or attributes in the archive are too large");
        self.allowed.set(left.ok_or_else(too_large)?);
        Ok(count)
    }
}

pub(super) async fn remove(path: &Path) -> Result<(), Error> {
    match tokio::fs::remove_dir_all(path).await {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(trouble(path)(e)),
        _ => Ok(()),
    }
}

fn trouble(path: &Path) -> impl Fn(std::io::Error) -> Error {
    let path = path.display().to_string();
    move |error| Error::Trouble(format!("{path}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    /// An archive with one entry, whose data is so many zeros.
    fn check(kind: tar::EntryType, path: &str, zeros: u64, expect: Result<(), &str>) {
        let place = tempfile::tempdir().unwrap();
        let archive = place.path().join("model.tar.gz");
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_mode(0o6755);
        header.set_entry_type(kind);
        header.set_size(zeros);
        header.set_cksum();
        let file = std::fs::File::create(&archive).unwrap();
        let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        packed.write_all(header.as_bytes()).unwrap();
        std::io::copy(&mut std::io::repeat(0).take(zeros.min(16 << 20)), &mut packed).unwrap();
        packed.write_all(&[0; 1024]).unwrap();
        packed.finish().unwrap();
        let into = place.path().join("model");
        std::fs::create_dir(&into).unwrap();
        let done = unpack(&archive, &into).map_err(|error| error.to_string());
        match expect {
            Ok(()) => assert_eq!(done, Ok(())),
            Err(part) => assert!(done.as_ref().is_err_and(|error| error.contains(part)), "{path}: {done:?}"),
        }
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 2, "nothing is beside it");
    }

    #[test]
    fn a_model_is_files_and_nothing_else() {
        use tar::EntryType;
        check(EntryType::Regular, "a/model.bin", 1024, Ok(()));
        check(EntryType::Regular, "../x", 0, Err("leads outside"));
        check(EntryType::Symlink, "link", 0, Err("neither a file nor a directory"));
        check(EntryType::Char, "device", 0, Err("neither a file nor a directory"));
        check(EntryType::Regular, "huge", 5 << 30, Err("larger than a model's may be"));
        check(EntryType::GNULongName, "name", 8 << 20, Err("name or attributes"));
    }
}
