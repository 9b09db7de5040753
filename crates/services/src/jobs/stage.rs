//! Gives a job its `/opt/ml`: directories, configuration files, and its data from S3.

use std::path::{Component, Path, PathBuf};

use futures::StreamExt;
use sha2::Digest as _;
use tokio::io::AsyncWriteExt;
use trainyard_domain::content::Digest;

use super::{
    Error,
    job::{InputDigest, Job},
    plan::Input,
    request::S3Uri,
    room::Jobs,
};
use crate::artifacts::{ListEntry, ListQuery, Object};

/// The directories that every job finds, below `/opt/ml`.
const DIRECTORIES: &[&str] =
    &["input/config", "input/data", "model", "output/data", "code", "processing/input", "processing/output"];

/// Why a job did not get its data.
pub(super) enum NotStaged {
    /// It never can: the job has failed.
    Failed(String),
    /// Our own trouble: try again.
    Trouble(Error),
}

impl<E: Into<Error>> From<E> for NotStaged {
    fn from(error: E) -> Self {
        Self::Trouble(error.into())
    }
}

impl Jobs {
    /// Makes the directory anew, whatever an earlier attempt left, and fetches the inputs. Says what they were.
    pub(super) async fn stage(&self, job: &Job) -> Result<Vec<InputDigest>, NotStaged> {
        let home = self.home(job);
        remove(&home).await?;
        for directory in DIRECTORIES {
            tokio::fs::create_dir_all(home.join(directory)).await.map_err(trouble(&home))?;
        }
        for output in &job.plan.outputs {
            tokio::fs::create_dir_all(home.join(&output.path)).await.map_err(trouble(&home))?;
        }
        for (path, content) in &job.plan.files {
            let target = home.join(path);
            make_parent(&target).await?;
            tokio::fs::write(&target, content).await.map_err(trouble(&target))?;
        }
        let mut digests = Vec::with_capacity(job.plan.inputs.len());
        for input in &job.plan.inputs {
            digests.push(self.fetch(job, input, &home.join(&input.path)).await?);
        }
        Ok(digests)
    }

    /// Fetches all objects of one input.
    async fn fetch(&self, job: &Job, input: &Input, directory: &Path) -> Result<InputDigest, NotStaged> {
        tokio::fs::create_dir_all(directory).await.map_err(trouble(directory))?;
        let mut hash = sha2::Sha256::new();
        let (mut count, mut cursor) = (0, None);
        loop {
            let query =
                ListQuery { prefix: input.uri.key.clone(), cursor, limit: 1000, ..ListQuery::default() };
            let page = self.artifacts.list(&job.scope.account, &input.uri.bucket, query).await;
            let page = page.map_err(|e| NotStaged::Failed(not_found(job, &input.uri, &e.to_string())))?;
            for entry in page.entries {
                let ListEntry::Object(object) = entry else { continue };
                let Some(path) = below(&input.uri, &object.key).map_err(NotStaged::Failed)? else { continue };
                self.download(&object, &directory.join(path)).await?;
                hash.update(format!("{}\0{}\n", object.key, object.digest));
                count += 1;
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        if count == 0 {
            return Err(NotStaged::Failed(not_found(job, &input.uri, "no object has this prefix")));
        }
        let digest = Digest::from_sha256(&hash.finalize());
        Ok(InputDigest { name: input.name.clone(), uri: input.uri.to_string(), digest, objects: count })
    }

    async fn download(&self, object: &Object, target: &Path) -> Result<(), NotStaged> {
        make_parent(target).await?;
        let mut body = self.artifacts.read(object, None).await.map_err(|e| Error::Trouble(e.to_string()))?;
        let mut file = tokio::fs::File::create(target).await.map_err(trouble(target))?;
        while let Some(piece) = body.next().await {
            file.write_all(&piece.map_err(trouble(target))?).await.map_err(trouble(target))?;
        }
        file.flush().await.map_err(trouble(target))?;
        Ok(())
    }
}

/// Where an object goes below its input's directory: its key behind the prefix, and for the very object its last
/// name. `None` for the marker of a directory. A key that would leave the directory is refused.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html>
fn below(uri: &S3Uri, key: &str) -> Result<Option<PathBuf>, String> {
    let rest = key.strip_prefix(&uri.key).unwrap_or(key);
    let whole_names = uri.key.is_empty() || uri.key.ends_with('/') || rest.starts_with('/');
    let from_last_name = &key[uri.key.rfind('/').map_or(0, |at| at + 1)..];
    let path = if whole_names { rest.trim_start_matches('/') } else { from_last_name };
    if path.is_empty() || path.ends_with('/') {
        return Ok(None);
    }
    let path = PathBuf::from(path);
    if path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Ok(Some(path));
    }
    Err(format!("ClientError: the key `{key}` cannot be a file's path: rename the object"))
}

fn not_found(job: &Job, uri: &S3Uri, why: &str) -> String {
    format!(
        "ClientError: No S3 objects found under S3 URL \"{uri}\" given in input data source ({why}). Please ensure that the bucket exists in the selected region ({}) and that objects exist under that S3 prefix.",
        job.scope.region
    )
}

pub(super) async fn remove(path: &Path) -> Result<(), Error> {
    match tokio::fs::remove_dir_all(path).await {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(trouble(path)(e)),
        _ => Ok(()),
    }
}

async fn make_parent(path: &Path) -> Result<(), Error> {
    match path.parent() {
        Some(parent) => tokio::fs::create_dir_all(parent).await.map_err(trouble(parent)),
        None => Ok(()),
    }
}

/// Turns an I/O error into ours, naming the path.
pub(super) fn trouble(path: &Path) -> impl Fn(std::io::Error) -> Error {
    let path = path.display().to_string();
    move |error| Error::Trouble(format!("{path}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(prefix: &str, key: &str, expect: Option<&str>) {
        let uri = S3Uri { bucket: "b".to_owned(), key: prefix.to_owned() };
        assert_eq!(below(&uri, key), Ok(expect.map(PathBuf::from)));
    }

    #[test]
    fn keys_become_paths_below_the_prefix() {
        check("data", "data/a.csv", Some("a.csv"));
        check("data/", "data/x/a.csv", Some("x/a.csv"));
        check("data/a.csv", "data/a.csv", Some("a.csv"));
        check("data/tr", "data/train/a.csv", Some("train/a.csv"));
        check("", "a/b", Some("a/b"));
        check("data", "data/", None);
    }

    #[test]
    fn no_key_leaves_the_directory() {
        let uri = S3Uri { bucket: "b".to_owned(), key: "d/".to_owned() };
        for key in ["d/../../etc/passwd", "d/x/../../../y", "d/./a"] {
            let path = below(&uri, key);
            assert!(path.is_err() || path == Ok(Some(PathBuf::from("./a"))), "{key}: {path:?}");
        }
    }
}
