//! Keeps what a job has made: its outputs go to S3.

use std::path::{Path, PathBuf};

use tokio_util::io::ReaderStream;
use trainyard_domain::Principal;

use super::{
    Error,
    job::Job,
    plan::{Output, OutputForm},
    request::S3Uri,
    room::Jobs,
    stage::trouble,
};

/// A failure or exit message longer than this is cut: it goes into documents and events.
const LONGEST_MESSAGE: usize = 1024;

impl Jobs {
    /// Uploads all outputs. Doing it again puts the same objects again.
    pub(super) async fn collect(&self, job: &Job) -> Result<(), Error> {
        let home = self.home(job);
        for output in &job.plan.outputs {
            let source = home.join(&output.path);
            match output.form {
                OutputForm::Files => self.upload_files(job, output, &source).await?,
                OutputForm::Archive => self.upload_archive(job, output, &source).await?,
                OutputForm::ArchiveUnlessEmpty if files(&source).await?.is_empty() => {}
                OutputForm::ArchiveUnlessEmpty => self.upload_archive(job, output, &source).await?,
            }
        }
        Ok(())
    }

    async fn upload_files(&self, job: &Job, output: &Output, source: &Path) -> Result<(), Error> {
        for path in files(source).await? {
            let name = path.strip_prefix(source).unwrap_or(&path).to_string_lossy().into_owned();
            self.upload(&job.principal, &output.uri.join(&name), &path).await?;
        }
        Ok(())
    }

    async fn upload_archive(&self, job: &Job, output: &Output, source: &Path) -> Result<(), Error> {
        let archive = self.config.directory.join(format!("{}-{}.tar.gz", job.id, output.name));
        let (from, to) = (source.to_owned(), archive.clone());
        let packed = tokio::task::spawn_blocking(move || pack(&from, &to)).await;
        packed.map_err(|e| Error::Trouble(e.to_string()))?.map_err(trouble(&archive))?;
        self.upload(&job.principal, &output.uri, &archive).await?;
        tokio::fs::remove_file(&archive).await.map_err(trouble(&archive))
    }

    async fn upload(&self, who: &Principal, uri: &S3Uri, path: &Path) -> Result<(), Error> {
        let file = tokio::fs::File::open(path).await.map_err(trouble(path))?;
        let body = Box::pin(ReaderStream::with_capacity(file, 256 * 1024));
        let put = self.artifacts.store(who, &uri.place(), body, content_type(path)).await;
        put.map(drop).map_err(|e| Error::Trouble(format!("{uri}: {e}")))
    }

    /// What the job left in a message file of its own, cut to a bearable length.
    pub(super) async fn said(&self, job: &Job, file: &str) -> String {
        let bytes = tokio::fs::read(self.home(job).join(file)).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        text.trim().chars().take(LONGEST_MESSAGE).collect()
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

/// All files below a directory, in order. Links are left out: they could lead anywhere.
async fn files(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        let mut entries = match tokio::fs::read_dir(&directory).await {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
            entries => entries.map_err(trouble(&directory))?,
        };
        while let Some(entry) = entries.next_entry().await.map_err(trouble(&directory))? {
            let kind = entry.file_type().await.map_err(trouble(&directory))?;
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A `tar.gz` of the directory's content. Names are in order and times are left out, so that the same content gives
/// the same bytes.
fn pack(directory: &Path, archive: &Path) -> std::io::Result<()> {
    let file = std::io::BufWriter::new(std::fs::File::create(archive)?);
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
    tar.mode(tar::HeaderMode::Deterministic);
    tar.follow_symlinks(false);
    append(&mut tar, directory, Path::new(""))?;
    let file = tar.into_inner()?.finish()?;
    file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
}

fn append<W: std::io::Write>(
    tar: &mut tar::Builder<W>,
    directory: &Path,
    name: &Path,
) -> std::io::Result<()> {
    let mut entries = std::fs::read_dir(directory)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (kind, inside) = (entry.file_type()?, name.join(entry.file_name()));
        if kind.is_dir() {
            tar.append_dir(&inside, entry.path())?;
            append(tar, &entry.path(), &inside)?;
        } else if kind.is_file() || kind.is_symlink() {
            tar.append_path_with_name(entry.path(), &inside)?;
        }
    }
    Ok(())
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
            pack(&source, &archive).unwrap();
            std::fs::read(archive).unwrap()
        };
        assert_eq!(make("first"), make("second"));
    }
}
