//! The supervisor proper.

use std::{
    fs,
    io::{self, PipeReader, Read},
    os::{
        fd::AsFd,
        unix::{fs::MetadataExt, process::ExitStatusExt},
    },
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    fcntl::{FcntlArg, OFlag, fcntl},
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use trainyard_domain::job::Exit;

use super::{STAGE, capture::Capture, control::Control, wake::Wake};
use crate::process::{
    directory::{Directory, Started},
    groups::{self, Groups, PROCESSES},
    identity::{self, Identity},
    lock::Lock,
    order::Order,
};

/// How long what still holds the output open, after all that could be ended has been, is listened to.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How long to wait for room on the disk.
const ROOM: Duration = Duration::from_secs(1);
/// The grace where this process itself is asked to end.
const OWN_GRACE: Duration = Duration::from_secs(10);

/// Runs what the directory says, unless it has been run or another supervisor is at it.
pub(super) fn supervise(path: &Path) -> io::Result<()> {
    // Fails only where this process leads a group already, as when a person starts it by hand.
    let _ = nix::unistd::setsid();
    let wake = Wake::new()?;
    let run = Directory::new(path);
    let Some(_lock) = Lock::take(path)? else { return Ok(()) };
    if run.has_ended()? || run.started()?.is_some() {
        return Ok(());
    }
    if run.stop_asked()?.is_some() {
        return run.finish_unstarted();
    }
    let order = run.order()?;
    let groups = Groups::make(&group_name(path), &order.resources);
    let begun =
        begin(run, &order, &groups, wake).and_then(|watch| watch.map_or(Ok(()), |w| w.see_out(&groups)));
    groups::clear(&groups.directories);
    begun
}

/// Starts the run's first process and lets it go when the run is marked as begun. `None` if it is refused.
fn begin(run: Directory, order: &Order, groups: &Groups, wake: Wake) -> io::Result<Option<Watch>> {
    let capture = Capture::begin(&run.log(), order.log_bytes, identity::now())?;
    let (output, input) = io::pipe()?;
    let (mut control, theirs) = Control::pair()?;
    let whole = order.view.is_some();
    if let Err(error) = prepare_children(order) {
        run.refuse(&format!("the process driver cannot run it: {error}"))?;
        return Ok(None);
    }
    let mut child = Command::new(own_program()?)
        .arg("supervise")
        .arg(run.path())
        .env_clear()
        .env(STAGE, "1")
        .stdin(Stdio::from(theirs))
        .stdout(input.try_clone()?)
        .stderr(input)
        .spawn()?;
    groups.add(child.id());
    match control.hear()?.as_deref() {
        Some("ready") => {}
        answer => {
            let _ = child.kill();
            let why =
                answer.and_then(|line| line.strip_prefix("refused ")).unwrap_or("its first process vanished");
            run.refuse(&format!("the process driver cannot run it: {why}"))?;
            return Ok(None);
        }
    }
    let pid = child.id() as i32;
    let process = Identity::of(pid).unwrap_or(Identity { pid, start: String::new(), boot: identity::boot() });
    let started = Started { time: identity::now(), process, groups: groups.directories.clone() };
    if let Err(error) = run.start(&started) {
        let _ = child.kill();
        return Err(error);
    }
    let memory = if groups.limit_memory() { 0 } else { order.resources.memory_bytes };
    let processes = if groups.limit_processes() { 0 } else { PROCESSES };
    // A first process that is gone already has left its exit status.
    let _ = control.say(&format!("go {memory} {processes}"));
    control.do_not_wait()?;
    fcntl(&output, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    let inode = fs::metadata(run.path())?.ino();
    let (code, silent, grace, end) = (None, false, None, None);
    Ok(Some(Watch {
        run,
        inode,
        started,
        child,
        whole,
        control,
        output,
        capture,
        wake,
        code,
        silent,
        grace,
        end,
    }))
}

/// A run that is being watched over.
struct Watch {
    run: Directory,
    inode: u64,
    started: Started,
    child: Child,
    /// Whether the run's processes end with its first process, which has them in a namespace.
    whole: bool,
    control: Control,
    output: PipeReader,
    capture: Capture,
    wake: Wake,
    /// What the first process said about how the run ended.
    code: Option<i32>,
    /// Whether nobody can print any more.
    silent: bool,
    /// The last wish that it end.
    grace: Option<Duration>,
    /// When it is ended by force.
    end: Option<Instant>,
}

impl Watch {
    fn see_out(mut self, groups: &Groups) -> io::Result<()> {
        let status = loop {
            self.wait();
            self.listen();
            self.silent = self.read()?;
            let asked = self.wake.asked_to_end();
            if self.is_gone() {
                self.kill();
                let _ = self.child.wait();
                kill_orphans();
                return Ok(());
            }
            self.mind_the_end(asked)?;
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
        };
        if !self.whole {
            let _ = killpg(self.pid(), Signal::SIGKILL);
        }
        kill_orphans();
        self.last_words()?;
        let code = self.code.or(status.code()).unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
        let ended = identity::now();
        if let Err(error) = self.capture.finish(ended) {
            super::complain(&format!("the end of the log may not survive power loss: {error}"));
        }
        let _ = fs::remove_dir_all(self.run.scratch());
        let out_of_memory = code != 0 && groups.out_of_memory();
        let exit =
            Exit { code, out_of_memory, started: self.started.time, ended: ended.max(self.started.time) };
        // On a full disk the end waits for room: without it, a run that ended well would count as lost.
        while !self.is_gone() {
            match self.run.finish(&exit) {
                Ok(()) => break,
                Err(error) => super::complain(&format!("cannot write down how it ended: {error}")),
            }
            std::thread::sleep(ROOM);
        }
        Ok(())
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id() as i32)
    }

    /// Waits until something happens, or it is time to look.
    fn wait(&self) {
        let left = self.end.map_or(Wake::TICK, |end| end.saturating_duration_since(Instant::now()));
        let left = left.clamp(Duration::from_millis(10), Wake::TICK);
        let mut fds = Vec::with_capacity(3);
        if !self.silent {
            fds.push(PollFd::new(self.output.as_fd(), PollFlags::POLLIN));
        }
        if !self.control.has_ended() {
            fds.push(PollFd::new(self.control.as_fd(), PollFlags::POLLIN));
        }
        fds.extend(self.wake.fd().map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
        let _ = poll(&mut fds, timeout(left));
    }

    fn listen(&mut self) {
        while let Ok(Some(line)) = self.control.hear() {
            self.code = line.strip_prefix("code ").and_then(|code| code.parse().ok()).or(self.code);
        }
    }

    /// Takes what was printed, for a while. Whether the end of it was seen.
    fn read(&mut self) -> io::Result<bool> {
        let mut bytes = [0; 64 << 10];
        for _ in 0..64 {
            match self.output.read(&mut bytes) {
                Ok(0) => return Ok(true),
                Ok(count) => self.capture.take(&bytes[..count], identity::now()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Whether the directory was taken away.
    fn is_gone(&self) -> bool {
        match fs::metadata(self.run.path()) {
            Ok(meta) => meta.ino() != self.inode,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    /// Passes on the wish that it end; ends it by force when its time is over.
    fn mind_the_end(&mut self, asked: bool) -> io::Result<()> {
        let wish = self.run.stop_asked()?.map(|stop| Duration::from_millis(stop.grace_ms));
        let now = Instant::now();
        if let Some(grace) = wish.or(asked.then_some(OWN_GRACE))
            && self.grace != Some(grace)
        {
            if self.end.is_none() {
                self.terminate();
            }
            // A second wish may be less patient, never more.
            let end = now.checked_add(grace).unwrap_or(now + OWN_GRACE);
            self.end = Some(self.end.map_or(end, |before| before.min(end)));
            self.grace = Some(grace);
        }
        if self.end.is_some_and(|end| end <= now) {
            self.kill();
        }
        Ok(())
    }

    fn terminate(&mut self) {
        if self.whole {
            let _ = self.control.say("term");
        } else {
            let _ = killpg(self.pid(), Signal::SIGTERM);
        }
    }

    fn kill(&mut self) {
        if !self.whole {
            let _ = killpg(self.pid(), Signal::SIGKILL);
        }
        let _ = self.child.kill();
    }

    /// Reads to the end of the output. Nobody holds it open any more, unless somebody got away.
    fn last_words(&mut self) -> io::Result<()> {
        let until = Instant::now() + LAST_WORDS;
        while !self.read()? {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            poll(&mut [PollFd::new(self.output.as_fd(), PollFlags::POLLIN)], timeout(left))?;
        }
        Ok(())
    }
}

fn timeout(left: Duration) -> PollTimeout {
    PollTimeout::try_from(left.as_millis().max(1)).unwrap_or(PollTimeout::MAX)
}

/// Different for two runs of one id in two servers.
fn group_name(path: &Path) -> String {
    format!("{}-{}", path.file_name().unwrap_or_default().to_string_lossy(), std::process::id())
}

#[cfg(target_os = "linux")]
fn own_program() -> io::Result<std::path::PathBuf> {
    // Also right when the file has been replaced by a newer one meanwhile.
    Ok("/proc/self/exe".into())
}

#[cfg(not(target_os = "linux"))]
fn own_program() -> io::Result<std::path::PathBuf> {
    std::env::current_exe()
}

/// What has to be set here for the processes to come.
#[cfg(target_os = "linux")]
fn prepare_children(order: &Order) -> io::Result<()> {
    // Orphans of the run become this process's children, so that they can be found.
    nix::sys::prctl::set_child_subreaper(true)?;
    order.view.as_ref().map_or(Ok(()), |view| super::namespaces::set_children_apart(view.power))
}

#[cfg(not(target_os = "linux"))]
fn prepare_children(_: &Order) -> io::Result<()> {
    Ok(())
}

/// Ends by force what is left of the run, wherever it hid.
#[cfg(target_os = "linux")]
fn kill_orphans() {
    use nix::sys::{
        signal::kill,
        wait::{WaitPidFlag, WaitStatus, waitpid},
    };
    let own = std::process::id();
    loop {
        let children = fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
        for pid in children.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        // A child that was killed leaves its own children here.
        match waitpid(None, children.is_empty().then_some(WaitPidFlag::WNOHANG)) {
            Err(nix::errno::Errno::EINTR) => {}
            Err(_) | Ok(WaitStatus::StillAlive) => return,
            Ok(_) => {}
        }
    }
}

/// Who left the run's process group got away here: this system does not tell who they are.
#[cfg(not(target_os = "linux"))]
fn kill_orphans() {}
