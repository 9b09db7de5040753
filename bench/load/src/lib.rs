//! What the benchmarks of a whole server share: a server as a process of its own, signed requests over kept connections,
//! and figures with what they cost.
#![allow(clippy::print_stdout, reason = "figures are printed")]

pub mod disk;
pub mod figures;
pub mod link;
pub mod server;
pub mod sign;

use std::path::PathBuf;

/// What a measurement gives.
pub type Done<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A JSON API of the server.
#[derive(Clone, Copy, Debug)]
pub struct Api {
    /// The name that requests are signed for.
    pub signing: &'static str,
    /// What `X-Amz-Target` begins with.
    pub target: &'static str,
    /// Of the protocol.
    pub version: &'static str,
}

/// Where the servers keep their data: `BENCH_DIR`, else here, which is more often a disk than `/tmp` is.
pub fn directory() -> Done<PathBuf> {
    Ok(std::env::var_os("BENCH_DIR").map_or_else(std::env::current_dir, |named| Ok(named.into()))?)
}

/// How many times, for a scenario that does this many when nothing else is said: `BENCH_SCALE` makes it more or less.
pub fn times(count: usize) -> usize {
    let scale = std::env::var("BENCH_SCALE").ok().and_then(|text| text.parse::<f64>().ok()).unwrap_or(1.0);
    ((count as f64 * scale) as usize).max(1)
}

/// The binary and those of the scenarios that the command line names.
pub fn arguments<T: Copy>(
    program: &str,
    all: &[(&'static str, T)],
) -> Done<(PathBuf, Vec<(&'static str, T)>)> {
    let names: Vec<_> = all.iter().map(|(name, _)| *name).collect();
    let mut arguments = std::env::args().skip(1);
    let Some(binary) = arguments.next() else {
        return Err(format!("usage: {program} BINARY [{}]…", names.join(" | ")).into());
    };
    let wanted: Vec<String> = arguments.collect();
    if let Some(name) = wanted.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(format!("there is no scenario `{name}`").into());
    }
    let chosen = all.iter().filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|one| one == name));
    Ok((PathBuf::from(binary).canonicalize()?, chosen.copied().collect()))
}
