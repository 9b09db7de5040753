//! Figures, and how they are printed.

use std::time::Duration;

/// How long each of many things took.
#[derive(Clone, Debug, Default)]
pub struct Waits(Vec<Duration>);

impl Waits {
    /// One more.
    pub fn add(&mut self, wait: Duration) {
        self.0.push(wait);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// So long that this part of them took no longer.
    pub fn part(&self, part: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = (sorted.len() as f64 * part) as usize;
        sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

/// What it took to do something many times.
pub struct Took {
    /// How long it took by the clock.
    pub wall: Duration,
    /// How long each of them took.
    pub waits: Waits,
    /// The server's processor time, all of it.
    pub server: Duration,
    /// Ours.
    pub client: Duration,
    /// Transactions of the store, each with one fsync.
    pub syncs: u64,
    /// Commits: several share a transaction.
    pub commits: u64,
}

impl Took {
    /// How many were done in a second.
    pub fn rate(&self) -> f64 {
        self.waits.count() as f64 / self.wall.as_secs_f64()
    }
}

/// The heads of the columns that [`show`] fills.
pub fn head() {
    println!(
        "{:<44}{:>9}{:>9}{:>9}{:>10}{:>10}{:>9}{:>9}{:>7}  the issue wants",
        "", "/s", "p50 ms", "p99 ms", "server ms", "client ms", "commits", "fsyncs", "load"
    );
}

/// One line: everything per thing that was done.
pub fn show(name: &str, took: &Took, wanted: &str) {
    let count = took.waits.count() as f64;
    let each = |time: Duration| time.as_secs_f64() * 1e3 / count;
    let ms = |part| took.waits.part(part).as_secs_f64() * 1e3;
    println!(
        "{name:<44}{:>9.1}{:>9.2}{:>9.2}{:>10.3}{:>10.3}{:>9.2}{:>9.2}{:>7}  {wanted}",
        took.rate(),
        ms(0.5),
        ms(0.99),
        each(took.server),
        each(took.client),
        took.commits as f64 / count,
        took.syncs as f64 / count,
        load(),
    );
}

/// A line with one figure.
pub fn note(name: &str, figure: &str, wanted: &str) {
    println!("{name:<44}{figure:>79}  {wanted}");
}

fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}
