//! How much is in an archive.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use trainyard_store::Store;

use super::Kept;
use crate::bus::Error;

/// How much is in an archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArchiveTally {
    /// How many events.
    pub events: u64,
    /// As how many bytes they are kept.
    pub bytes: u64,
}

/// The tallies that were taken lately. Nothing counts along with the events, which would make them wait for each other:
/// a tally looks at all of them, and is then good for some times as long as that took. So it is exact for all but very
/// large archives, and never costs more than a part of a core.
#[derive(Default)]
pub(in crate::bus) struct Tallies(Mutex<HashMap<String, Taken>>);

struct Taken {
    tally: ArchiveTally,
    until: Instant,
}

/// A tally is good for so many times as long as it took.
const GOOD_FOR: u32 = 10;
/// One that took less than this is not kept.
const QUICK: Duration = Duration::from_millis(5);

impl Tallies {
    /// How much is in the archive of that id.
    pub(super) async fn of(&self, store: &Store, archive: &str) -> Result<ArchiveTally, Error> {
        let start = Instant::now();
        if let Some(taken) = self.lock().get(archive).filter(|taken| taken.until > start) {
            return Ok(taken.tally);
        }
        let (events, bytes) = store.weigh::<Kept>(archive).await?;
        let tally = ArchiveTally { events, bytes };
        let took = start.elapsed();
        let mut taken = self.lock();
        taken.retain(|_, taken| taken.until > start);
        if took > QUICK {
            taken.insert(archive.to_owned(), Taken { tally, until: start + took * GOOD_FOR });
        }
        Ok(tally)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Taken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
