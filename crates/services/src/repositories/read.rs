//! What builds need of a repository: which commit a name means, a file of it, and the whole of it.

use std::{collections::BTreeMap, path::Path};

use super::{Error, git, room::Place};

impl Place {
    /// All branches and tags, with the commit (or the tag object) that each stands for.
    pub(super) async fn refs(&self) -> Result<BTreeMap<String, String>, Error> {
        let arguments = ["for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags"];
        let text = git::output(Some(&self.path), &arguments).await?;
        let pair =
            |line: &str| line.split_once(' ').map(|(commit, name)| (name.to_owned(), commit.to_owned()));
        Ok(String::from_utf8_lossy(&text).lines().filter_map(pair).collect())
    }

    /// The commit that a branch, tag, full ref name or commit means; none means the default branch.
    pub async fn resolve(&self, version: Option<&str>) -> Result<String, Error> {
        let version = version.filter(|version| !version.is_empty()).unwrap_or("HEAD");
        let missing = || Error::NoVersion { repository: self.name.clone(), version: version.to_owned() };
        if version.starts_with('-') || version.contains(['\0', '\n', ':', '^', '~', '@', ' ']) {
            return Err(missing());
        }
        let forms = ["", "refs/heads/", "refs/tags/"];
        for wanted in forms.map(|form| format!("{form}{version}^{{commit}}")) {
            match git::output(Some(&self.path), &["rev-parse", "--quiet", "--verify", &wanted]).await {
                Ok(commit) => return Ok(String::from_utf8_lossy(&commit).trim().to_owned()),
                Err(failed) if failed.code.is_some() => {}
                Err(failed) => return Err(failed.into()),
            }
        }
        Err(missing())
    }

    /// A file of a commit.
    pub async fn file(&self, commit: &str, path: &str) -> Result<Vec<u8>, Error> {
        let object = format!("{commit}:{path}");
        git::output(Some(&self.path), &["cat-file", "blob", &object]).await.map_err(|failed| {
            match failed.code {
                Some(_) => Error::NoFile { path: path.to_owned(), commit: commit.to_owned() },
                None => failed.into(),
            }
        })
    }

    /// The message of a commit; nothing where there is no such commit any more.
    pub async fn message(&self, commit: &str) -> Result<Option<String>, Error> {
        let wanted = format!("{commit}^{{commit}}");
        let text = self.if_there(&["show", "--no-patch", "--format=%B", &wanted, "--"]).await?;
        Ok(text.map(|text| text.trim_end().to_owned()))
    }

    /// The names of the files that differ between two commits; without the first, those that the second changed. Nothing
    /// where one of them is not there any more.
    pub async fn changed(&self, before: Option<&str>, after: &str) -> Result<Option<Vec<String>>, Error> {
        let names = ["diff-tree", "-r", "-z", "--name-only", "--no-commit-id"];
        let whole = format!("{after}^{{commit}}");
        let between = match before {
            Some(before) => vec![format!("{before}^{{commit}}"), whole],
            None => vec!["--root".to_owned(), "-m".to_owned(), "--first-parent".to_owned(), whole],
        };
        let arguments: Vec<&str> = names.into_iter().chain(between.iter().map(String::as_str)).collect();
        let text = self.if_there(&arguments).await?;
        Ok(text.map(|text| text.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect()))
    }

    /// What git prints; nothing where it ends with an error.
    async fn if_there(&self, arguments: &[&str]) -> Result<Option<String>, Error> {
        match git::output(Some(&self.path), arguments).await {
            Ok(text) => Ok(Some(String::from_utf8_lossy(&text).into_owned())),
            Err(failed) if failed.code.is_some() => Ok(None),
            Err(failed) => Err(failed.into()),
        }
    }

    /// Puts the commit, with the repository's history, into a new directory. `origin` is what its remote is called;
    /// nothing in it leads to the server's own files. A directory that is there already, left by a crash, is replaced.
    pub async fn checkout(&self, commit: &str, into: &Path, origin: &str) -> Result<(), Error> {
        clone((&self.path.to_string_lossy(), None), into).await?;
        git::output(Some(&into.join(".git")), &["remote", "set-url", "origin", origin]).await?;
        detach(commit, into).await
    }
}

/// Who clones, for one host: no other is told.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The host, with its port if that is not the usual one.
    pub host: String,
    /// The user.
    pub user: String,
    /// The password, or a token.
    pub password: String,
}

/// Clones a repository that is not ours and puts the branch, tag or commit (or its default branch) into the directory;
/// says which commit that is.
pub async fn checkout_foreign(
    (url, login): (&str, Option<&Login>),
    version: Option<&str>,
    into: &Path,
) -> Result<String, Error> {
    clone((url, login), into).await?;
    let place = Place { name: url.to_owned(), path: into.join(".git") };
    let remote = version.map(|version| format!("origin/{version}"));
    let commit = match place.resolve(remote.as_deref()).await {
        Err(Error::NoVersion { .. }) => place.resolve(version).await?,
        found => found?,
    };
    detach(&commit, into).await?;
    Ok(commit)
}

async fn clone((from, login): (&str, Option<&Login>), into: &Path) -> Result<(), Error> {
    match tokio::fs::remove_dir_all(into).await {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::Git(format!("{}: {e}", into.display())));
        }
        _ => {}
    }
    let to = into.to_string_lossy().into_owned();
    // Copies, not hard links: a build may do with its files what it likes.
    // A host that says nothing for a minute is not waited for.
    let patience = ["-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60"];
    let clone = ["clone", "--quiet", "--no-hardlinks", "--no-checkout", "--template=", "--", from, &to];
    let arguments: Vec<&str> = patience.into_iter().chain(clone).collect();
    git::output_with(login, &arguments).await?;
    Ok(())
}

async fn detach(commit: &str, tree: &Path) -> Result<(), Error> {
    let tree = tree.to_string_lossy().into_owned();
    let quiet = [
        "-C",
        &tree,
        "-c",
        "advice.detachedHead=false",
        "checkout",
        "--quiet",
        "--force",
        "--detach",
        commit,
    ];
    git::output(None, &quiet).await?;
    Ok(())
}
