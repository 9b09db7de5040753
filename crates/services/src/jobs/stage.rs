//! Gives a job its `/opt/ml`: directories, configuration files, and its data from S3.

use std::{
    io,
    path::{Component, Path, PathBuf},
};

use futures::{StreamExt, TryStreamExt, stream};
use sha2::Digest as _;
use tokio::io::AsyncWriteExt;
use trainyard_domain::content::Digest;

use super::{
    Error,
    error::NotMoved,
    inside,
    job::{InputDigest, Job},
    plan::Input,
    request::S3Uri,
    room::Jobs,
};
use crate::{
    artifacts::{ListEntry, ListQuery, Object},
    refusal::is_passing,
};

/// The directories that every job finds, below `/opt/ml`.
const DIRECTORIES: &[&str] =
    &["input/config", "input/data", "model", "output/data", "code", "processing/input", "processing/output"];
/// How many objects are fetched at a time.
const WIDTH: usize = 8;

impl Jobs {
    /// Makes the directory anew, whatever an earlier attempt left, and fetches the inputs. Says what they were. All of
    /// it is on the disk when it returns: the job may start after the power came back.
    pub(super) async fn stage(&self, job: &Job) -> Result<Vec<InputDigest>, NotMoved> {
        let home = self.home(job);
        remove(&home).await?;
        let made = {
            let (home, plan) = (home.clone(), job.plan.clone());
            move || {
                inside::private_directory(&home)?;
                let outputs = plan.outputs.iter().map(|output| output.path.as_str());
                for directory in DIRECTORIES.iter().copied().chain(outputs) {
                    std::fs::create_dir_all(home.join(directory))?;
                }
                plan.files.iter().try_for_each(|(path, content)| write(&home.join(path), content))
            }
        };
        blocking(&home, made).await?;
        let mut digests = Vec::with_capacity(job.plan.inputs.len());
        for input in &job.plan.inputs {
            digests.push(self.fetch(job, input, &home.join(&input.path)).await?);
        }
        Ok(digests)
    }

    /// Fetches all objects of one input.
    async fn fetch(&self, job: &Job, input: &Input, directory: &Path) -> Result<InputDigest, NotMoved> {
        tokio::fs::create_dir_all(directory).await.map_err(|e| unwritten(directory, &e))?;
        let mut hash = sha2::Sha256::new();
        let (mut count, mut cursor) = (0, None);
        loop {
            let query =
                ListQuery { prefix: input.uri.key.clone(), cursor, limit: 1000, ..ListQuery::default() };
            let page = self.artifacts.list(&job.scope.account, &input.uri.bucket, query).await;
            let page = page.map_err(|error| match is_passing(&error) {
                true => NotMoved::Trouble(Error::Trouble(error.to_string())),
                false => NotMoved::Failed(not_found(job, &input.uri, &error.to_string())),
            })?;
            let mut wanted = Vec::new();
            for entry in page.entries {
                let ListEntry::Object(object) = entry else { continue };
                let Some(path) = below(&input.uri, &object.key).map_err(NotMoved::Failed)? else { continue };
                hash.update(format!("{}\0{}\n", object.key, object.digest));
                count += 1;
                wanted.push((object, directory.join(path)));
            }
            let fetched =
                stream::iter(wanted).map(async |(object, target)| self.download(&object, &target).await);
            fetched.buffer_unordered(WIDTH).try_collect::<()>().await?;
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        if count == 0 {
            return Err(NotMoved::Failed(not_found(job, &input.uri, "no object has this prefix")));
        }
        let digest = Digest::from_sha256(&hash.finalize());
        Ok(InputDigest { name: input.name.clone(), uri: input.uri.to_string(), digest, objects: count })
    }

    async fn download(&self, object: &Object, target: &Path) -> Result<(), NotMoved> {
        let unwritten = |e: io::Error| unwritten(target, &e);
        if let Some(parent) = target.parent() {
            tokio::fs::create_dir_all(parent).await.map_err(unwritten)?;
        }
        let mut body = self.artifacts.read(object, None).await.map_err(|e| Error::Trouble(e.to_string()))?;
        let mut file = tokio::fs::File::create(target).await.map_err(unwritten)?;
        while let Some(piece) = body.next().await {
            file.write_all(&piece.map_err(at(target))?).await.map_err(unwritten)?;
        }
        file.flush().await.map_err(unwritten)?;
        file.sync_all().await.map_err(unwritten)
    }
}

/// A file could not be written: some reasons stay, however often it is tried.
fn unwritten(path: &Path, error: &io::Error) -> NotMoved {
    use io::ErrorKind::{
        AlreadyExists, FileTooLarge, InvalidFilename, InvalidInput, IsADirectory, NotADirectory,
        QuotaExceeded, StorageFull,
    };
    let path = path.display();
    match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => {
            NotMoved::Failed(format!("ClientError: the input data does not fit on the disk: {path}: {error}"))
        }
        AlreadyExists | InvalidFilename | InvalidInput | IsADirectory | NotADirectory => {
            NotMoved::Failed(format!("ClientError: an object's key cannot be a file's path: {path}: {error}"))
        }
        _ => NotMoved::Trouble(Error::Trouble(format!("{path}: {error}"))),
    }
}

fn write(path: &Path, content: &str) -> io::Result<()> {
    use std::io::Write;
    path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    let mut file = std::fs::File::create(path)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()
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
    // `Path` overlooks a dot on the way: two keys would be one file.
    let dots = path.split('/').any(|part| part == ".");
    let path = PathBuf::from(path);
    if !dots && path.components().all(|part| matches!(part, Component::Normal(_))) {
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

/// Takes a job's directory away; nothing happens if it is not there.
pub(super) async fn remove(path: &Path) -> Result<(), Error> {
    let gone = path.to_owned();
    blocking(path, move || inside::remove(&gone)).await
}

/// Does blocking work on `path` away from the runtime's own threads.
pub(super) async fn blocking<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|e| Error::Trouble(e.to_string()))?.map_err(at(path))
}

/// Turns an I/O error into ours, naming the path.
pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> Error {
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
            assert!(below(&uri, key).is_err(), "{key}");
        }
    }
}
