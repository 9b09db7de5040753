//! Laying out what a run sees, step by step, below an empty directory.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, symlink},
    path::{Path, PathBuf},
};

use nix::mount::{MsFlags, mount};

use crate::process::view::{Step, View, mounts};

const NONE: Option<&str> = None;
/// Files of `/proc` that change the whole machine, and belong to root whatever power it has.
const KERNEL: [&str; 5] = ["sys", "sysrq-trigger", "irq", "bus", "fs"];
/// Files of `/proc` that tell of the whole machine what is nobody's business.
const KERNEL_SECRETS: [&str; 5] = ["kcore", "keys", "timer_list", "sched_debug", "latency_stats"];

/// Lays it all out. Nothing of it is seen outside of this process's mount namespace.
pub(super) fn lay_out(view: &View) -> io::Result<()> {
    memory(&view.base, "mode=755")?;
    for step in &view.steps {
        lay(&view.base, step)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", name(step))))?;
    }
    Ok(())
}

fn lay(base: &Path, step: &Step) -> io::Result<()> {
    let place = |at: &Path| base.join(at.strip_prefix("/").unwrap_or(at));
    match step {
        Step::Folder { at } => folder(&place(at)),
        Step::Bind { from, at, read_only } => bind(from, &place(at), *read_only),
        Step::Overlay { from, changes, at } => {
            let at = place(at);
            prepare(from, &at)?;
            overlay(from, changes, &at)
                .or_else(|_| memory(changes, "mode=700").and_then(|()| overlay_in(from, changes, &at)))
                .or_else(|_| bind(from, &at, true))
        }
        Step::Link { at, target } => symlink(target, place(at)),
        Step::Memory { at, open } => memory(&place(at), if *open { "mode=1777" } else { "mode=700" }),
        Step::Processes { at } => processes(&place(at)),
        Step::Terminals { at } => {
            let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
            // Not every system lets us; a run that needs no terminal does not miss them.
            let _ = mount(
                Some("devpts"),
                &place(at),
                Some("devpts"),
                flags,
                Some("newinstance,ptmxmode=0666,mode=620"),
            );
            Ok(())
        }
    }
}

fn name(step: &Step) -> String {
    let (what, at) = match step {
        Step::Folder { at } => ("making", at),
        Step::Bind { at, .. } | Step::Overlay { at, .. } => ("mounting", at),
        Step::Link { at, .. } => ("linking", at),
        Step::Memory { at, .. } | Step::Processes { at } | Step::Terminals { at } => ("mounting", at),
    };
    format!("{what} {}", at.display())
}

fn folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o755).create(path)
}

fn memory(path: &Path, options: &str) -> io::Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    Ok(mount(Some("tmpfs"), path, Some("tmpfs"), flags, Some(options))?)
}

fn processes(at: &Path) -> io::Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), at, Some("proc"), flags, NONE)?;
    let there = |names: &[&str]| -> Vec<PathBuf> {
        let paths = names.iter().map(|name| at.join(name));
        paths.filter(|path| path.exists()).collect()
    };
    for path in there(&KERNEL) {
        bind(&path, &path, true)?;
    }
    for path in there(&KERNEL_SECRETS) {
        bind(Path::new("/dev/null"), &path, true)?;
    }
    Ok(())
}

fn bind(from: &Path, at: &Path, read_only: bool) -> io::Result<()> {
    prepare(from, at)?;
    mount(Some(from), at, NONE, MsFlags::MS_BIND | MsFlags::MS_REC, NONE)?;
    if read_only {
        for (path, flags) in mounts_below(at)? {
            let flags = flags | MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
            mount(NONE, &path, NONE, flags, NONE)?;
        }
    }
    Ok(())
}

/// Makes the place to mount on, if there is none.
fn prepare(from: &Path, at: &Path) -> io::Result<()> {
    if fs::symlink_metadata(from)?.is_dir() {
        return folder(at);
    }
    if fs::symlink_metadata(at).is_err() {
        OpenOptions::new().write(true).create_new(true).open(at)?;
    }
    Ok(())
}

/// An overlay whose changes go to a place that is empty as yet.
fn overlay_in(from: &Path, changes: &Path, at: &Path) -> io::Result<()> {
    folder(&changes.join("upper"))?;
    folder(&changes.join("work"))?;
    overlay(from, changes, at)
}

fn overlay(from: &Path, changes: &Path, at: &Path) -> io::Result<()> {
    let options = format!(
        "lowerdir={},upperdir={},workdir={}",
        from.display(),
        changes.join("upper").display(),
        changes.join("work").display()
    );
    // What separates the options cannot be in them.
    if options.chars().filter(|c| matches!(c, ',' | ':' | '\\')).count() != 2 {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    for more in ["", ",userxattr"] {
        let options = format!("{options}{more}");
        if mount(Some("overlay"), at, Some("overlay"), flags, Some(options.as_str())).is_ok() {
            return Ok(());
        }
    }
    Err(io::ErrorKind::Unsupported.into())
}

/// The mounts at this path and below it, with the flags that a change of others must keep.
fn mounts_below(path: &Path) -> io::Result<Vec<(PathBuf, MsFlags)>> {
    let below = mounts::all()?.into_iter().filter(|mount| mount.at.starts_with(path));
    let flags =
        |options: &str| options.split(',').fold(MsFlags::empty(), |flags, option| flags | flag(option));
    Ok(below.map(|mount| (mount.at, flags(&mount.options))).collect())
}

fn flag(option: &str) -> MsFlags {
    match option {
        "ro" => MsFlags::MS_RDONLY,
        "nosuid" => MsFlags::MS_NOSUID,
        "nodev" => MsFlags::MS_NODEV,
        "noexec" => MsFlags::MS_NOEXEC,
        "noatime" => MsFlags::MS_NOATIME,
        "nodiratime" => MsFlags::MS_NODIRATIME,
        "relatime" => MsFlags::MS_RELATIME,
        _ => MsFlags::empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_found() {
        let found = mounts_below(Path::new("/proc")).unwrap();
        assert!(found.iter().any(|(path, _)| path == Path::new("/proc")), "{found:?}");
    }
}
