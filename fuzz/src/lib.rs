//! What every target asks of what it runs: that it ends soon, and without much memory.

use std::{sync::Mutex, time::Duration};

use rustix::time::{ClockId, clock_gettime};

/// How much of a processor an input may take. The build is a slow one: this finds what cannot be stopped, not what
/// is a little slow.
const TIME: Duration = Duration::from_millis(500);
/// What takes less time than this has no time to take much memory.
const SHORT: Duration = Duration::from_millis(5);
/// How much memory an input may take, in KiB.
const MEMORY: u64 = 96 * 1024;

/// The most memory that the process has had, in KiB, when somebody looked last.
static PEAK: Mutex<Option<u64>> = Mutex::new(None);

/// Runs it, and panics if that took too much.
pub fn bounded(run: impl FnOnce()) {
    let begun = processor_time();
    if let Ok(mut peak) = PEAK.lock() {
        *peak = peak.or_else(peak_memory);
    }
    run();
    let spent = processor_time().saturating_sub(begun);
    assert!(spent < TIME, "took {} ms of a processor", spent.as_millis());
    if spent > SHORT {
        look_at_memory();
    }
}

fn look_at_memory() {
    let (Ok(mut peak), Some(now)) = (PEAK.lock(), peak_memory()) else { return };
    let before = peak.replace(now).unwrap_or(now);
    let grown = now.saturating_sub(before);
    assert!(grown < MEMORY, "took {grown} KiB of memory");
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Of Linux; elsewhere nobody looks.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}
