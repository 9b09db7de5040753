//! Keeps what a job has made: its outputs go to S3.

use std::path::{Path, PathBuf};

use tokio_util::io::ReaderStream;
use trainyard_domain::Principal;

use super::{
    Error,
    error::NotMoved,
    inside::{self, Entry, Form},
    job::{End, Job},
    plan::{Output, OutputForm},
    request::S3Uri,
    room::Jobs,
    stage::{at, blocking},
};
use crate::refusal::is_passing;

/// A failure or exit message longer than this is cut: it goes into documents and events.
const LONGEST_MESSAGE: usize = 1024;

impl Jobs {
    /// Uploads the outputs of a job that ends so; a failed job has no model. Doing it again puts the same objects again.
    pub(super) async fn collect(&self, job: &Job, end: End) -> Result<(), NotMoved> {
        let home = self.home(job);
        for output in &job.plan.outputs {
            let (at_home, path) = (home.clone(), output.path.clone());
            let found = blocking(&home, move || inside::walk(&at_home, &path)).await?;
            let found = found.ok_or_else(|| {
                NotMoved::Failed(format!("ClientError: /opt/ml/{} is not a directory", output.path))
            })?;
            let source = home.join(&output.path);
            match output.form {
                OutputForm::Files => self.upload_files(job, output, (&source, found)).await?,
                OutputForm::Archive if end == End::Failed => {}
                OutputForm::ArchiveUnlessEmpty if found.iter().all(|e| e.form == Form::Directory) => {}
                OutputForm::Archive | OutputForm::ArchiveUnlessEmpty => {
                    self.upload_archive(job, output, (source, found)).await?;
                }
            }
        }
        Ok(())
    }

    async fn upload_files(
        &self,
        job: &Job,
        output: &Output,
        there: (&Path, Vec<Entry>),
    ) -> Result<(), NotMoved> {
        let (source, found) = there;
        for entry in found.iter().filter(|entry| entry.form == Form::File) {
            let name = entry.path.to_str().ok_or_else(|| {
                NotMoved::Failed(format!("ClientError: {:?} cannot be an object's key", entry.path))
            })?;
            self.upload(&job.principal, &output.uri.join(name), &source.join(&entry.path)).await?;
        }
        Ok(())
    }

    async fn upload_archive(
        &self,
        job: &Job,
        output: &Output,
        there: (PathBuf, Vec<Entry>),
    ) -> Result<(), NotMoved> {
        // Beside the job's own directory: in there it could be led away by a link.
        let archive = self.config.directory.join(format!("{}.{}.tar.gz", job.id, output.name));
        let to = archive.clone();
        blocking(&archive, move || pack(&there.0, &there.1, &to)).await?;
        self.upload(&job.principal, &output.uri, &archive).await?;
        tokio::fs::remove_file(&archive).await.map_err(at(&archive))?;
        Ok(())
    }

    async fn upload(&self, who: &Principal, uri: &S3Uri, path: &Path) -> Result<(), NotMoved> {
        let file = tokio::fs::File::open(path).await.map_err(at(path))?;
        let body = Box::pin(ReaderStream::with_capacity(file, 256 * 1024));
        match self.artifacts.store(who, &uri.place(), body, content_type(path)).await {
            Ok(_) => Ok(()),
            Err(e) if is_passing(&e) => Err(NotMoved::Trouble(Error::Trouble(format!("{uri}: {e}")))),
            Err(e) => Err(NotMoved::Failed(format!("ClientError: Artifact upload failed: {uri}: {e}"))),
        }
    }

    /// What the job left in a message file of its own, cut to a bearable length.
    pub(super) async fn said(&self, job: &Job, file: &'static str) -> Result<String, Error> {
        let (home, most) = (self.home(job), 4 * LONGEST_MESSAGE as u64);
        let bytes = blocking(&home.clone(), move || inside::beginning(&home, file, most)).await?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.trim().chars().take(LONGEST_MESSAGE).collect())
    }
}

/// What readers of the object are told it is.
fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|e| e.to_str()) {
        Some("json") => "application/json",
        Some("csv") => "text/csv",
        Some("txt" | "log") => "text/plain",
        Some("gz") => "application/x-gzip",
        _ => "application/octet-stream",
    }
}

/// A `tar.gz` of what was found. Names are in order and times are left out, so that the same content gives the same
/// bytes. Links are packed as links.
fn pack(directory: &Path, found: &[Entry], archive: &Path) -> std::io::Result<()> {
    let file = std::io::BufWriter::new(std::fs::File::create(archive)?);
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
    tar.mode(tar::HeaderMode::Deterministic);
    tar.follow_symlinks(false);
    for Entry { path, form } in found {
        match form {
            Form::Directory => tar.append_dir(path, directory.join(path))?,
            Form::File | Form::Link => tar.append_path_with_name(directory.join(path), path)?,
        }
    }
    let file = tar.into_inner()?.finish()?;
    file.into_inner().map(drop).map_err(std::io::IntoInnerError::into_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_content_gives_the_same_archive() {
        let dir = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let source = dir.path().join(name);
            std::fs::create_dir_all(source.join("sub")).unwrap();
            std::fs::write(source.join("sub/b"), "two").unwrap();
            std::fs::write(source.join("a"), "one").unwrap();
            let archive = dir.path().join(format!("{name}.tar.gz"));
            let found = inside::walk(dir.path(), name).unwrap().unwrap();
            pack(&source, &found, &archive).unwrap();
            std::fs::read(archive).unwrap()
        };
        assert_eq!(make("first"), make("second"));
    }
}
