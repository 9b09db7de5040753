//! What a run on an image sees: the image's files over the host's system.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use trainyard_domain::job::Mount;

use super::{
    Power, Step, View,
    plan::{self, Access, Piece},
};

/// The host's system directories, as far as they are there. Not what is installed in `/opt` or somebody's home,
/// but for the two package managers that keep everything there.
const SYSTEM: [&str; 11] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/nix",
    "/home/linuxbrew/.linuxbrew",
    // How many processors there are is read there.
    "/sys/devices/system",
];
/// What of it is not for everybody.
const CLOSED: [&str; 8] = [
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/ssh",
    "/etc/ssl/private",
];
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// All that a view is made from.
pub(crate) struct Sight<'a> {
    /// An empty directory of the host's to lay it out on.
    pub base: &'a Path,
    /// A directory for what the run writes outside its mounts.
    pub scratch: &'a Path,
    /// What the image brings: where it is seen, and where it is.
    pub image: &'a [(PathBuf, PathBuf)],
    /// The host's Python, wherever it is.
    pub python: Option<&'a Path>,
    /// The run's mounts.
    pub mounts: &'a [Mount],
    /// Where it starts: made if it is not there.
    pub working_dir: &'a Path,
    /// What nobody may see.
    pub hide: &'a [PathBuf],
}

/// The view of a run on an image: a file system of its own in memory, with the host's system read-only, the
/// image's files (the run changes its own copy of them), its mounts, and `/tmp` on the disk.
pub(crate) fn of_image(sight: &Sight<'_>, power: Power) -> io::Result<View> {
    let mut pieces = Vec::new();
    let host = |path: &Path| Piece { at: path.to_owned(), from: path.to_owned(), access: Access::Read };
    let mut shown: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).filter(|path| path.exists()).collect();
    shown.extend(resolver());
    if let Some(python) = sight.python.filter(|python| !shown.iter().any(|above| python.starts_with(above))) {
        shown.push(python.to_owned());
    }
    pieces.extend(shown.iter().map(|path| host(path)));
    for name in ["tmp", "var/tmp"] {
        let from = sight.scratch.join(name);
        fs::create_dir_all(&from)?;
        fs::set_permissions(&from, Permissions::from_mode(0o1777))?;
        pieces.push(Piece { at: Path::new("/").join(name), from, access: Access::Write });
    }
    for (at, from) in sight.image {
        if !sight.mounts.iter().any(|mount| at.starts_with(&mount.target)) {
            let access = Access::Pretend(sight.scratch.join("changes"));
            pieces.push(Piece { at: at.clone(), from: from.clone(), access });
        }
    }
    pieces.extend(sight.mounts.iter().map(mounted));
    let mut steps: Vec<Step> =
        ["/dev", "/proc", "/run", "/root", "/home"].map(|at| Step::Folder { at: at.into() }).into();
    steps.extend(plan::steps(pieces)?);
    devices(&mut steps);
    let closed = CLOSED.iter().map(PathBuf::from).chain(sight.hide.iter().cloned());
    let closed = closed.filter(|path| shown.iter().any(|above| path.starts_with(above)));
    steps.extend(topmost(closed.collect()).into_iter().filter_map(hidden));
    steps.push(Step::Processes { at: "/proc".into() });
    steps.push(Step::Folder { at: sight.working_dir.to_owned() });
    make_changes(&steps)?;
    Ok(View { base: sight.base.to_owned(), steps, power })
}

pub(super) fn mounted(mount: &Mount) -> Piece {
    let access = if mount.read_only { Access::Read } else { Access::Write };
    Piece { at: mount.target.clone(), from: mount.source.clone(), access }
}

/// Without those that lie in others.
pub(super) fn topmost(mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
    paths.sort();
    paths.dedup_by(|path, above| path.starts_with(above));
    paths
}

/// Lays something empty over it; nothing to do where it is not there.
pub(super) fn hidden(path: PathBuf) -> Option<Step> {
    let kind = fs::symlink_metadata(&path).ok()?.file_type();
    if kind.is_dir() {
        return Some(Step::Memory { at: path, open: false });
    }
    kind.is_file().then(|| Step::Bind { from: "/dev/null".into(), at: path, read_only: true })
}

/// Where the resolver's configuration really is, where `/etc` has only a link to it.
pub(super) fn resolver() -> Option<PathBuf> {
    let real = fs::canonicalize("/etc/resolv.conf").ok()?;
    let known = real.starts_with("/etc") || real.starts_with("/usr");
    real.parent().filter(|_| !known).map(Path::to_owned)
}

pub(super) fn devices(steps: &mut Vec<Step>) {
    for name in DEVICES {
        let path = Path::new("/dev").join(name);
        if path.exists() {
            steps.push(Step::Bind { from: path.clone(), at: path, read_only: false });
        }
    }
    steps.push(Step::Folder { at: "/dev/shm".into() });
    steps.push(Step::Memory { at: "/dev/shm".into(), open: true });
    steps.push(Step::Folder { at: "/dev/pts".into() });
    steps.push(Step::Terminals { at: "/dev/pts".into() });
    let links = [
        ("ptmx", "pts/ptmx"),
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ];
    for (name, target) in links {
        steps.push(Step::Link { at: Path::new("/dev").join(name), target: target.into() });
    }
}

pub(super) fn make_changes(steps: &[Step]) -> io::Result<()> {
    for step in steps {
        if let Step::Overlay { changes, .. } = step {
            fs::create_dir_all(changes.join("upper"))?;
            fs::create_dir_all(changes.join("work"))?;
        }
    }
    Ok(())
}
