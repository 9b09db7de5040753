//! A world of a run's own: processes, file system, and no power over either.
//! <https://man7.org/linux/man-pages/man7/namespaces.7.html>

use std::{
    fs, io,
    os::fd::AsFd,
    process::{Command, ExitCode},
};

use nix::{
    errno::Errno,
    mount::{MntFlags, MsFlags, mount, umount2},
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sched::{CloneFlags, unshare},
    sys::{
        signal::{Signal, killpg},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{Gid, Pid, Uid, chdir, getegid, geteuid, pivot_root},
};

use super::{control::Control, lay, power, wake::Wake};
use crate::process::view::{Power, View};

/// From now on, the children of this process are in a world of processes of their own, which ends with the first
/// of them.
pub(super) fn set_children_apart(power: Power) -> io::Result<()> {
    let mut flags = CloneFlags::CLONE_NEWPID;
    let (uid, gid) = (geteuid(), getegid());
    if power.borrowed {
        flags |= CloneFlags::CLONE_NEWUSER;
    }
    unshare(flags).map_err(|errno| told("making namespaces", errno))?;
    if power.borrowed { map_ids((Uid::from_raw(0), uid), (Gid::from_raw(0), gid)) } else { Ok(()) }
}

/// Lays the view out and moves this process into it.
pub(super) fn enter(view: &View) -> io::Result<()> {
    let private = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWIPC;
    unshare(private).map_err(|errno| told("making a mount namespace", errno))?;
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)
        .map_err(|errno| told("making mounts private", errno))?;
    lay::lay_out(view)?;
    chdir(&view.base)?;
    pivot_root(".", ".").map_err(|errno| told("changing the root", errno))?;
    umount2(".", MntFlags::MNT_DETACH).map_err(|errno| told("letting go of the old root", errno))?;
    chdir("/")?;
    if view.power.confine { confine() } else { power::keep_little() }
}

/// Gives away all power over what was laid out. The user stays who it was outside of everything: the first
/// namespace, if there was one, made it root.
fn confine() -> io::Result<()> {
    let (uid, gid) = (geteuid(), getegid());
    let before = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let outside = |inside: u32, map: &str| -> u32 {
        let mut numbers = map.split_ascii_whitespace().map(str::parse::<u32>);
        match (numbers.next(), numbers.next(), numbers.next()) {
            (Some(Ok(first)), Some(Ok(outer)), Some(Ok(1))) if first == inside => outer,
            _ => inside,
        }
    };
    let groups = fs::read_to_string("/proc/self/gid_map").unwrap_or_default();
    let own = (outside(uid.as_raw(), &before), outside(gid.as_raw(), &groups));
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)
        .map_err(|errno| told("making a namespace without power", errno))?;
    map_ids((Uid::from_raw(own.0), uid), (Gid::from_raw(own.1), gid))
}

/// One user and one group inside, each standing for one outside.
fn map_ids(user: (Uid, Uid), group: (Gid, Gid)) -> io::Result<()> {
    let at = |error: io::Error| io::Error::new(error.kind(), format!("mapping users: {error}"));
    fs::write("/proc/self/setgroups", "deny").map_err(at)?;
    fs::write("/proc/self/uid_map", format!("{} {} 1", user.0, user.1)).map_err(at)?;
    fs::write("/proc/self/gid_map", format!("{} {} 1", group.0, group.1)).map_err(at)
}

/// Runs the program as a child and stays as the `init` of its world: reaps what is orphaned, passes on the wish to
/// end, and ends, and with it everything, when the program does or the supervisor is gone.
pub(super) fn watch_over(mut command: Command, control: &mut Control) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    let child = command.process_group(0).spawn()?;
    let pid = Pid::from_raw(child.id() as i32);
    // Only now: the program does not inherit what this process holds back.
    let wake = Wake::new()?;
    control.do_not_wait()?;
    loop {
        while let Some(line) = control.hear()? {
            if line == "term" {
                let _ = killpg(pid, Signal::SIGTERM);
            }
        }
        if control.has_ended() {
            return Ok(ExitCode::FAILURE);
        }
        if let Some(code) = reap(pid)? {
            control.say(&format!("code {code}"))?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut fds = vec![PollFd::new(control.as_fd(), PollFlags::POLLIN)];
        fds.extend(wake.fd().map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        wake.asked_to_end();
    }
}

/// Takes note of all that have ended; how the one did, if it is among them.
fn reap(one: Pid) -> io::Result<Option<i32>> {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, code)) if pid == one => return Ok(Some(code)),
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == one => return Ok(Some(128 + signal as i32)),
            Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return Ok(None),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

fn told(what: &str, errno: Errno) -> io::Error {
    let error = io::Error::from(errno);
    io::Error::new(error.kind(), format!("{what}: {error}"))
}
