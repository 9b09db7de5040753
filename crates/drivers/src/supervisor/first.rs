//! The first process of a run: it lays out what the run sees, waits until the run is marked as begun, and
//! becomes the run's program, or starts it and stays as the `init` of the run's own processes.

use std::{
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use nix::{
    sys::{
        resource::{Resource, setrlimit},
        signal::SigSet,
    },
    unistd::Pid,
};

use super::{complain, control::Control};
use crate::process::{directory::Directory, order::Order};

/// What a shell answers where there is no such program.
const NOT_FOUND: u8 = 127;

/// Does it all; returns only when the run's program is not there, or has ended.
pub(super) fn begin(directory: &Path) -> io::Result<ExitCode> {
    end_with_parent()?;
    SigSet::empty().thread_set_mask()?;
    let mut control = Control::given()?;
    let order = match lay_out(directory) {
        Ok(order) => order,
        Err(error) => {
            control.say(&format!("refused {error}"))?;
            return Ok(ExitCode::FAILURE);
        }
    };
    control.say("ready")?;
    let go = control.hear()?;
    let Some(limits) = go.as_deref().and_then(|line| line.strip_prefix("go ")) else {
        return Ok(ExitCode::FAILURE);
    };
    let (memory, processes) = limits.split_once(' ').unwrap_or((limits, "0"));
    // Others of this user's processes count too where the run's are in no namespace of their own.
    let processes = if order.view.is_some() { processes } else { "0" };
    be_modest(memory.parse().unwrap_or(0), processes.parse().unwrap_or(0));
    let Some(mut command) = command(&order) else { return Ok(ExitCode::from(NOT_FOUND)) };
    if order.view.is_some() {
        return watch_over(command, &mut control);
    }
    let error = command.exec();
    complain(&format!("cannot run `{}`: {error}", order.command[0]));
    Ok(ExitCode::from(NOT_FOUND - 1))
}

fn lay_out(directory: &Path) -> io::Result<Order> {
    let order = Directory::new(directory).order()?;
    match &order.view {
        Some(view) => enter(view)?,
        // A group of its own, so that a signal reaches all of the run and nothing else.
        None => nix::unistd::setpgid(Pid::from_raw(0), Pid::from_raw(0))?,
    }
    give_up_power()?;
    Ok(order)
}

/// The run's program, looked up as the run sees the world. Says what is missing and returns `None` if it is not
/// there.
fn command(order: &Order) -> Option<Command> {
    let name = order.command.first().map(String::as_str).unwrap_or_default();
    let search = order.env.get("PATH").map(String::as_str).unwrap_or_default();
    if !order.working_dir.is_dir() {
        complain(&format!("there is no working directory {}", order.working_dir.display()));
        return None;
    }
    let Some(program) = look_up(name, search, &order.working_dir) else {
        complain(&match name.contains('/') {
            true => format!("there is no program `{name}`"),
            false => format!("there is no program `{name}` on the PATH {search}"),
        });
        return None;
    };
    let mut command = Command::new(program);
    command.arg0(name).args(&order.command[1..]).env_clear().envs(&order.env);
    command.current_dir(&order.working_dir).stdin(Stdio::null());
    Some(command)
}

fn look_up(name: &str, search: &str, working_dir: &Path) -> Option<PathBuf> {
    let is_program =
        |path: &PathBuf| path.is_file() && nix::unistd::access(path, nix::unistd::AccessFlags::X_OK).is_ok();
    if name.contains('/') {
        // What is there and cannot be run gets a better word from the system.
        return Some(working_dir.join(name)).filter(|path| path.exists());
    }
    let places = search.split(':').filter(|place| !place.is_empty() && !name.is_empty());
    places.map(|place| working_dir.join(place).join(name)).find(is_program)
}

/// Takes what limits there are where control groups set none, leaves no memory with secrets in it behind on the disk,
/// and goes first when the machine has no memory left. None is worth failing for.
fn be_modest(memory_bytes: u64, processes: u64) {
    if memory_bytes > 0 {
        let _ = setrlimit(Resource::RLIMIT_DATA, memory_bytes, memory_bytes);
    }
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    if processes > 0 {
        bound_processes(processes);
    }
    if cfg!(target_os = "linux") {
        let _ = std::fs::write("/proc/self/oom_score_adj", "300");
    }
}

#[cfg(target_os = "linux")]
use super::{
    namespaces::{enter, watch_over},
    power::give_up_power,
};

#[cfg(not(target_os = "linux"))]
fn enter(_: &crate::process::view::View) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(target_os = "linux"))]
fn watch_over(_: Command, _: &mut Control) -> io::Result<ExitCode> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(target_os = "linux")]
fn end_with_parent() -> io::Result<()> {
    Ok(nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?)
}

#[cfg(not(target_os = "linux"))]
fn end_with_parent() -> io::Result<()> {
    Ok(())
}

/// Counts those of this run only, in the namespace of users that it has.
#[cfg(target_os = "linux")]
fn bound_processes(most: u64) {
    let _ = setrlimit(Resource::RLIMIT_NPROC, most, most);
}

#[cfg(not(target_os = "linux"))]
fn bound_processes(_: u64) {}

#[cfg(not(target_os = "linux"))]
fn give_up_power() -> io::Result<()> {
    Ok(())
}
