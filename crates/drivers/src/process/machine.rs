//! How much there is of this machine.

const GIB: u64 = 1 << 30;

/// Bytes of memory that runs may reserve together: what the system tells, rounded up to a whole GiB, since it
/// leaves out what the kernel keeps and a machine sold as 8 GiB is to take a job of 8 GiB.
pub(crate) fn memory_bytes() -> u64 {
    told().map_or(4 * GIB, |bytes| bytes.div_ceil(GIB) * GIB)
}

#[cfg(target_os = "linux")]
fn told() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(not(target_os = "linux"))]
fn told() -> Option<u64> {
    let output = std::process::Command::new("sysctl").args(["-n", "hw.memsize"]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
