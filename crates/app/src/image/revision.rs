//! The commit that an image is built from.

use std::{env, path::Path, process::Command};

/// The commit: what the build was told, else that of the work tree in `directory` if it is just that commit. An
/// image of anything else says no commit.
pub(super) fn revision(directory: &Path) -> Option<String> {
    let told = env::var("CODEBUILD_RESOLVED_SOURCE_VERSION").ok();
    told.map(|told| told.trim().to_owned())
        .filter(|told| !told.is_empty())
        .or_else(|| clean_commit(directory))
}

fn clean_commit(directory: &Path) -> Option<String> {
    let changes = git(directory, &["status", "--porcelain"])?;
    if !changes.is_empty() {
        return None;
    }
    git(directory, &["rev-parse", "--verify", "HEAD"]).filter(|commit| commit.len() >= 40)
}

fn git(directory: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(directory).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    output.status.success().then_some(text)
}
