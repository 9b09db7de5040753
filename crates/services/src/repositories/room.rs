//! The room's verbs.

use std::{
    collections::BTreeMap,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use trainyard_domain::{AccountId, Arn, Principal};
use trainyard_store::{Changes, Error as StoreError, Expect, Held, List};

use super::{
    Error, Repository,
    decide::{self, Change},
    git, names,
};
use crate::{audit, bus, ground::Ground};

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Repositories {
    ground: Ground,
    config: RepositoriesConfig,
}

/// Pushes themselves pack nothing: that would keep their clients waiting. These are git's own bounds.
const TIDY: [&str; 8] =
    ["-c", "gc.auto=6700", "-c", "gc.autoPackLimit=50", "-c", "gc.autoDetach=false", "gc", "--auto"];

/// Where the repositories are, and what they take.
#[derive(Clone, Debug)]
pub struct RepositoriesConfig {
    /// Below this: `<account>/<name>.git`.
    pub directory: PathBuf,
    /// How many bytes one push may have.
    pub push_limit: u64,
}

impl RepositoriesConfig {
    /// In this directory, with a limit of 2 GiB for one push.
    pub fn in_directory(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), push_limit: 2 << 30 }
    }
}

/// A repository's directory, which is there.
#[derive(Clone, Debug)]
pub struct Place {
    /// The repository's name.
    pub name: String,
    /// The bare repository.
    pub path: PathBuf,
}

impl Repositories {
    /// On this ground.
    pub fn new(ground: Ground, config: RepositoriesConfig) -> Self {
        Self { ground, config }
    }

    /// How many bytes one push may have.
    pub fn push_limit(&self) -> u64 {
        self.config.push_limit
    }

    /// The repository of that name.
    pub async fn get(&self, account: &AccountId, name: &str) -> Result<Repository, Error> {
        Ok(self.held(account, name).await?.value)
    }

    /// Where the repository is.
    pub async fn place(&self, account: &AccountId, name: &str) -> Result<Place, Error> {
        self.held(account, name).await?;
        self.prepare(account, name).await
    }

    /// Makes the repository, unless it is there.
    pub async fn ensure(&self, by: &Principal, name: &str) -> Result<Place, Error> {
        names::check_name(name)?;
        let account = &by.account;
        if self.ground.store.get::<Repository>(account.as_str(), name).await?.is_none() {
            let repository = Repository {
                account: account.clone(),
                name: name.to_owned(),
                created: self.ground.now(),
                refs: BTreeMap::new(),
            };
            let mut changes = Changes::new();
            changes.put(&repository, Expect::Absent)?;
            audit::note(&mut changes, &self.ground, by, "codecommit:CreateRepository", repository.arn())?;
            match self.ground.store.commit(changes).await {
                Ok(()) | Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.prepare(account, name).await
    }

    /// Tells what is different from what was told last, and remembers it in the same commit. Doing it again tells
    /// nothing again. `pusher` is who did it, if that is known.
    pub async fn compare(
        &self,
        account: &AccountId,
        name: &str,
        pusher: Option<&Arn>,
    ) -> Result<Vec<Change>, Error> {
        loop {
            // The document is read first: refs that are newer than it are told late, never backwards.
            let Held { version, value: mut repository } = self.held(account, name).await?;
            let place = self.prepare(account, name).await?;
            let refs = place.refs().await?;
            let found = decide::changes(&repository.refs, &refs);
            if found.is_empty() {
                return Ok(found);
            }
            place.give_head(&refs).await?;
            let mut changes = Changes::new();
            for change in &found {
                let told = (pusher, self.ground.now());
                bus::tell(&mut changes, &decide::event(&repository, version, change, told))?;
            }
            repository.refs = refs;
            changes.put(&repository, Expect::Version(version))?;
            match self.ground.store.commit(changes).await {
                Err(StoreError::Conflict(_)) => {}
                other => return other.map(|()| found).map_err(Error::from),
            }
        }
    }

    /// Compares all repositories: when the server starts, before it serves. One that gives trouble is logged and
    /// keeps no other from being compared.
    pub async fn compare_all(&self) -> Result<(), Error> {
        let mut after = None;
        loop {
            let page = self.ground.store.list::<Repository>(List::everywhere().after(after)).await?;
            for Held { value: Repository { account, name, .. }, .. } in page.items {
                match self.compare(&account, &name, None).await {
                    Ok(found) if found.is_empty() => {}
                    Ok(found) => {
                        tracing::info!(name, refs = found.len(), "a push is told that a crash kept back")
                    }
                    Err(error) => tracing::warn!(name, %error, "the refs of a repository cannot be compared"),
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Packs what many small pushes left, and lets go of what nothing has led to for two weeks. Does nothing where
    /// that is not worth it, and no harm while somebody pushes or fetches.
    /// <https://git-scm.com/docs/git-gc>
    pub async fn tidy(&self) -> Result<(), Error> {
        let mut after = None;
        loop {
            let page = self.ground.store.list::<Repository>(List::everywhere().after(after)).await?;
            for Held { value: Repository { account, name, .. }, .. } in page.items {
                let place = self.prepare(&account, &name).await?;
                if let Err(error) = git::output(Some(&place.path), &TIDY).await {
                    tracing::warn!(name, error = error.said, "a repository cannot be packed");
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    async fn held(&self, account: &AccountId, name: &str) -> Result<Held<Repository>, Error> {
        let held = self.ground.store.get(account.as_str(), name).await?;
        held.ok_or_else(|| Error::NoRepository(name.to_owned()))
    }

    /// Makes the directory where it is missing: whole or not at all.
    async fn prepare(&self, account: &AccountId, name: &str) -> Result<Place, Error> {
        let parent = self.config.directory.join(account.as_str());
        let place = Place { name: name.to_owned(), path: parent.join(names::directory(name)) };
        if tokio::fs::try_exists(&place.path).await.map_err(trouble(&place.path))? {
            return Ok(place);
        }
        private_directory(&parent)?;
        let fresh = parent.join(format!(".{}", self.ground.uuid()));
        let quiet = ["init", "--quiet", "--bare", "--template=", "--", &fresh.to_string_lossy()];
        git::output(None, &quiet).await?;
        tokio::fs::write(fresh.join("config"), self.configuration()).await.map_err(trouble(&fresh))?;
        git::output(Some(&fresh), &["symbolic-ref", "HEAD", "refs/heads/main"]).await?;
        match tokio::fs::rename(&fresh, &place.path).await {
            // Somebody else was faster.
            Err(_) if place.path.exists() => {
                tokio::fs::remove_dir_all(&fresh).await.map_err(trouble(&fresh))?;
            }
            renamed => renamed.map_err(trouble(&place.path))?,
        }
        let synced = tokio::fs::File::open(&parent).await.map_err(trouble(&parent))?.sync_all().await;
        synced.map_err(trouble(&parent))?;
        Ok(place)
    }

    /// A repository's own configuration. What was pushed survives power loss; no hook runs; what is pushed is checked.
    fn configuration(&self) -> String {
        let limit = self.config.push_limit;
        format!(
            "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n\thooksPath = /dev/null\n\
             \tfsync = all\n\tfsyncMethod = fsync\n\
             [http]\n\treceivepack = true\n\tuploadpack = true\n\
             [receive]\n\tfsckObjects = true\n\tautogc = false\n\tdenyDeleteCurrent = ignore\n\tmaxInputSize = {limit}\n\
             [uploadpack]\n\tallowReachableSHA1InWant = true\n\
             [gc]\n\tauto = 0\n"
        )
    }
}

impl Place {
    /// A repository whose default branch is not there takes the first branch that is.
    async fn give_head(&self, refs: &BTreeMap<String, String>) -> Result<(), Error> {
        let head = git::output(Some(&self.path), &["symbolic-ref", "HEAD"]).await?;
        if refs.contains_key(String::from_utf8_lossy(&head).trim()) {
            return Ok(());
        }
        if let Some(branch) = refs.keys().find(|name| name.starts_with("refs/heads/")) {
            git::output(Some(&self.path), &["symbolic-ref", "HEAD", branch]).await?;
        }
        Ok(())
    }
}

fn private_directory(path: &Path) -> Result<(), Error> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(trouble(path))
}

fn trouble(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    move |error| Error::Git(format!("{}: {error}", path.display()))
}
