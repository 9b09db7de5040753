//! Gives a copy its model's files, and says how it is started.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
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

/// Unpacks a model. The archive is somebody's: nothing is written outside, and no device or special mode is made.
fn unpack(archive: &Path, directory: &Path) -> std::io::Result<()> {
    let file = std::io::BufReader::new(std::fs::File::open(archive)?);
    let mut tar = tar::Archive::new(flate2::read::MultiGzDecoder::new(file));
    tar.set_preserve_mtime(false);
    for entry in tar.entries()? {
        let mut entry = entry?;
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
    }
    Ok(())
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
