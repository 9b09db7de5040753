//! The server's own log: what it could not do and will try again, and what it found broken. Never what users send.

use std::{fs::File, io, path::Path, sync::Mutex};

use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    registry,
    util::SubscriberInitExt,
};

use crate::{failure::Failure, printer};

/// `TRAINYARD_LOG`: error, warn (the default), info, debug or trace.
fn level() -> LevelFilter {
    let named = std::env::var("TRAINYARD_LOG").ok();
    named.and_then(|name| name.parse().ok()).unwrap_or(LevelFilter::WARN)
}

/// `s3s` calls it an error when a client makes one, and shows what was signed: neither is the server's trouble.
fn ours() -> Targets {
    Targets::new().with_default(level()).with_target("s3s", LevelFilter::OFF)
}

/// To stderr, for a server in the foreground.
pub(crate) fn to_stderr() {
    // A second call in one process leaves the first in place.
    let lines = fmt::layer().with_ansi(printer::colours()).with_writer(io::stderr);
    let _ = registry().with(lines.with_filter(ours())).try_init();
}

/// To a file, for a server behind a screen of its own.
pub(crate) fn to_file(path: &Path) -> Result<(), Failure> {
    let file = File::options().create(true).append(true).open(path);
    let file = file.map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
    let lines = fmt::layer().with_ansi(false).with_writer(Mutex::new(file));
    let _ = registry().with(lines.with_filter(ours())).try_init();
    Ok(())
}
