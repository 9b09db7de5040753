//! What the disk gives: without it no wall figure means anything.

use std::{
    fs::File,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use crate::{Done, figures::Waits};

const TIMES: usize = 500;

/// How long it takes to append 512 bytes and have them on disk, as a line.
pub fn measure(directory: &Path) -> Done<String> {
    let path = directory.join("disk");
    let mut file = File::create(&path)?;
    let mut waits = Waits::default();
    let began = Instant::now();
    while waits.count() < TIMES && began.elapsed() < Duration::from_secs(10) {
        let one = Instant::now();
        file.write_all(&[b'x'; 512])?;
        file.sync_data()?;
        waits.add(one.elapsed());
    }
    std::fs::remove_file(path)?;
    let (half, most) = (waits.part(0.5), waits.part(0.99));
    let load = std::fs::read_to_string("/proc/loadavg")?;
    Ok(format!("disk: append 512 B + fdatasync p50 {half:.2?}, p99 {most:.2?}; load {}", load.trim()))
}
