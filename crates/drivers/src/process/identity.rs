//! Which process, which boot: numbers alone come round again.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;

/// One process of one boot, never another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// Its number.
    pub pid: i32,
    /// When it started, in the system's own terms.
    pub start: String,
    /// Which boot of the machine.
    pub boot: String,
}

impl Identity {
    /// The process that has this number now; `None` if there is none.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        Some(Self { pid, start: platform::start(pid)?, boot: boot() })
    }

    /// Whether it still runs (or waits to be reaped).
    pub(crate) fn is_there(&self) -> bool {
        Self::of(self.pid).is_some_and(|now| now == *self)
    }
}

/// This boot of the machine; empty where the system does not tell.
pub(crate) fn boot() -> String {
    platform::boot().map(|text| text.trim().to_owned()).unwrap_or_default()
}

/// What the clock says.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(target_os = "linux")]
mod platform {
    use std::fs;

    pub(super) fn boot() -> Option<String> {
        fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()
    }

    /// The 22nd field of `/proc/<pid>/stat`; the second, in brackets, may hold anything.
    pub(super) fn start(pid: i32) -> Option<String> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19).map(str::to_owned)
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::process::Command;

    pub(super) fn boot() -> Option<String> {
        told("sysctl", &["-n", "kern.bootsessionuuid"])
    }

    pub(super) fn start(pid: i32) -> Option<String> {
        told("ps", &["-o", "lstart=", "-p", &pid.to_string()])
    }

    fn told(program: &str, arguments: &[&str]) -> Option<String> {
        let output = Command::new(program).args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        (!text.is_empty()).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_itself_and_no_other() {
        let own = Identity::of(std::process::id() as i32).unwrap();
        assert!(own.is_there());
        assert!(!Identity { start: "1".into(), ..own.clone() }.is_there());
        assert!(!Identity { boot: "another".into(), ..own }.is_there());
        assert_eq!(boot(), boot());
    }
}
