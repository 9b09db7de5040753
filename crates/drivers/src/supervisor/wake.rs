//! Waking up when a signal comes: as something to poll on Linux, by looking often elsewhere.

pub(super) use platform::Wake;

#[cfg(target_os = "linux")]
mod platform {
    use std::{
        io,
        os::fd::{AsFd, BorrowedFd},
        time::Duration,
    };

    use nix::sys::{
        signal::{SigSet, Signal},
        signalfd::{SfdFlags, SignalFd},
    };

    /// The signals that wait to be noticed.
    pub(in crate::supervisor) struct Wake(SignalFd);

    impl Wake {
        /// How long to wait at most between two looks.
        pub(in crate::supervisor) const TICK: Duration = Duration::from_secs(1);

        /// Keeps the signals from ending this process.
        pub(in crate::supervisor) fn new() -> io::Result<Self> {
            let mut signals = SigSet::empty();
            for signal in [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
                signals.add(signal);
            }
            signals.thread_block()?;
            Ok(Self(SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?))
        }

        /// What to poll.
        pub(in crate::supervisor) fn fd(&self) -> Option<BorrowedFd<'_>> {
            Some(self.0.as_fd())
        }

        /// Takes all that came; whether one asked this process to end.
        pub(in crate::supervisor) fn asked_to_end(&self) -> bool {
            let mut asked = false;
            while let Ok(Some(signal)) = self.0.read_signal() {
                asked |= signal.ssi_signo != Signal::SIGCHLD as u32;
            }
            asked
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::{io, os::fd::BorrowedFd, time::Duration};

    use nix::sys::signal::{SigSet, Signal};

    /// The signals are kept away; files in the directory say the same.
    pub(in crate::supervisor) struct Wake;

    impl Wake {
        /// How long to wait at most between two looks.
        pub(in crate::supervisor) const TICK: Duration = Duration::from_millis(50);

        /// Keeps the signals from ending this process.
        pub(in crate::supervisor) fn new() -> io::Result<Self> {
            let mut signals = SigSet::empty();
            for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
                signals.add(signal);
            }
            signals.thread_block()?;
            Ok(Self)
        }

        /// What to poll.
        pub(in crate::supervisor) fn fd(&self) -> Option<BorrowedFd<'_>> {
            None
        }

        /// Never known here.
        pub(in crate::supervisor) fn asked_to_end(&self) -> bool {
            false
        }
    }
}
