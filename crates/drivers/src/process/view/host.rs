//! What a run on the host sees: all of it, without what is nobody's business. What root would change there, it changes
//! for itself only.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use trainyard_domain::job::Mount;

use super::{
    Power, Sight, Step, View, mounts,
    pieces::{devices, hidden, make_changes, mounted, resolver, topmost},
    plan::{self, Access, Piece},
};

/// Where people keep what lets them into other places, below their homes.
const SECRETS: [&str; 11] = [
    ".aws",
    ".ssh",
    ".gnupg",
    ".kube",
    ".docker",
    ".azure",
    ".config/gcloud",
    ".config/gh",
    ".netrc",
    ".git-credentials",
    ".pypirc",
];
/// What root could read and is nobody's business. The passwords' file stays: packages add users.
const CLOSED: [&str; 3] = ["/etc/ssh", "/etc/ssl/private", "/etc/sudoers.d"];
/// What is not files of the host's: it is laid out anew.
const MADE: [&str; 4] = ["/dev", "/proc", "/run", "/sys"];
/// Where programs of NixOS are found.
const CURRENT_SYSTEM: &str = "/run/current-system";
/// File systems that hold files of the host's. Others are the system's own, or a container's.
const KINDS: [&str; 14] = [
    "bcachefs", "btrfs", "cifs", "ext2", "ext3", "ext4", "f2fs", "fuseblk", "nfs", "nfs4", "tmpfs",
    "virtiofs", "xfs", "zfs",
];

/// Secrets of whoever runs this process; of everybody, where it is root.
pub(crate) fn secrets() -> Vec<PathBuf> {
    let mut homes: Vec<PathBuf> = env::home_dir().into_iter().collect();
    if nix::unistd::geteuid().is_root() {
        homes.push("/root".into());
        homes.extend(fs::read_dir("/home").into_iter().flatten().flatten().map(|entry| entry.path()));
    }
    homes.iter().flat_map(|home| SECRETS.map(|name| home.join(name))).collect()
}

/// The view of a run on the host. Sockets of `/run` are not in it: by them the host's services do as they are told.
pub(crate) fn of_host(sight: &Sight<'_>, power: Power) -> io::Result<View> {
    let mut hide: Vec<PathBuf> = sight.hide.to_vec();
    if !power.confine {
        hide.extend(CLOSED.map(PathBuf::from));
    }
    let hide = topmost(hide.iter().filter_map(|path| fs::canonicalize(path).ok()).collect());
    let is_hidden = |path: &Path| hide.iter().any(|hidden| path.starts_with(hidden));
    let (inside, open): (Vec<&Mount>, Vec<&Mount>) =
        sight.mounts.iter().partition(|mount| is_hidden(&mount.target));
    let mut pieces = match power.confine {
        true => vec![Piece { at: "/".into(), from: "/".into(), access: Access::Write }],
        false => copied(&sight.scratch.join("changes"), is_hidden)?,
    };
    pieces.extend(open.into_iter().map(mounted));
    let mut steps: Vec<Step> = Vec::new();
    if !power.confine {
        steps.extend(MADE.map(|at| Step::Folder { at: at.into() }));
    }
    steps.extend(plan::steps(pieces)?);
    if !power.confine {
        devices(&mut steps);
        steps.push(Step::Bind { from: "/sys".into(), at: "/sys".into(), read_only: true });
    }
    services_of_none(&mut steps);
    steps.extend(hide.into_iter().filter_map(hidden));
    for mount in inside {
        steps.push(Step::Folder { at: mount.target.clone() });
        let (from, at) = (mount.source.clone(), mount.target.clone());
        steps.push(Step::Bind { from, at, read_only: mount.read_only });
    }
    steps.push(Step::Processes { at: "/proc".into() });
    make_changes(&steps)?;
    Ok(View { base: sight.base.to_owned(), steps, power })
}

/// The host's files, of which the run changes a copy of its own.
fn copied(changes: &Path, is_hidden: impl Fn(&Path) -> bool) -> io::Result<Vec<Piece>> {
    let is_made = |path: &Path| MADE.iter().any(|made| path.starts_with(made));
    let mut tops: Vec<PathBuf> =
        fs::read_dir("/")?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    // What is mounted below them is a file system of its own, which theirs does not show.
    let below = mounts::all()?.into_iter().filter(|mount| KINDS.contains(&mount.kind.as_str()));
    tops.extend(
        below.map(|mount| mount.at).filter(|at| at != Path::new("/") && at.exists() && !is_hidden(at)),
    );
    tops.retain(|path| !is_made(path));
    tops.sort();
    tops.dedup();
    let access = || Access::Pretend(changes.to_owned());
    Ok(tops.into_iter().map(|path| Piece { at: path.clone(), from: path, access: access() }).collect())
}

/// An empty `/run`, but for what names and programs are found by.
fn services_of_none(steps: &mut Vec<Step>) {
    let run = Path::new("/run");
    if !run.is_dir() {
        return;
    }
    steps.push(Step::Memory { at: run.into(), open: true });
    if let Some(resolver) = resolver().filter(|path| path.starts_with(run)) {
        steps.push(Step::Folder { at: resolver.clone() });
        steps.push(Step::Bind { from: resolver.clone(), at: resolver, read_only: true });
    }
    if let Ok(target) = fs::read_link(CURRENT_SYSTEM) {
        steps.push(Step::Link { at: CURRENT_SYSTEM.into(), target });
    }
}
