//! The directory of a variant: its spec, and its runs, one after the other; only the last one can be alive.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use trainyard_domain::job::LogPage;

use crate::process::{directory::Directory, durable, log};

/// So many runs are kept for their logs.
const KEPT: usize = 3;
/// A place in the log of a variant: the run's number above, the place in its own log below.
const PLACE_BITS: u32 = 40;

/// `spec.json` of one run of a variant.
#[derive(Serialize, Deserialize)]
pub(super) struct Address {
    /// Where it is to listen on this machine.
    pub port: u16,
}

/// The runs of a variant, oldest first.
pub(super) fn all(variant: &Directory) -> io::Result<Vec<(u64, Directory)>> {
    let mut runs = Vec::new();
    let entries = match fs::read_dir(place(variant)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(runs),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let number = entry.file_name().to_str().and_then(|name| name.parse::<u64>().ok());
        runs.extend(number.map(|number| (number, Directory::new(entry.path()))));
    }
    runs.sort_by_key(|(number, _)| *number);
    Ok(runs)
}

/// The last run.
pub(super) fn last(variant: &Directory) -> io::Result<Option<Directory>> {
    Ok(all(variant)?.pop().map(|(_, run)| run))
}

/// Makes a further run, and forgets the oldest ones.
pub(super) fn add(variant: &Directory, address: &Address) -> io::Result<Directory> {
    let runs = all(variant)?;
    for (_, old) in runs.iter().rev().skip(KEPT - 1) {
        old.remove()?;
    }
    let number = runs.last().map_or(1, |(number, _)| number + 1);
    if !place(variant).is_dir() {
        // The variant may have been removed meanwhile: its own directory is not made anew here.
        fs::create_dir(place(variant))?;
        durable::sync_directory(variant.path())?;
    }
    let run = Directory::new(place(variant).join(number.to_string()));
    run.create(address, None)?;
    Ok(run)
}

/// What the variant has printed, in all of its runs.
pub(super) fn page(variant: &Directory, from: u64) -> io::Result<LogPage> {
    let (number, place) = (from >> PLACE_BITS, from & ((1 << PLACE_BITS) - 1));
    let mut page = LogPage { lines: Vec::new(), next: from };
    for (run_number, run) in all(variant)?.into_iter().filter(|(n, _)| *n >= number) {
        let place = if run_number == number { place } else { 0 };
        let part = log::page(&run.log(), place)?;
        page = LogPage { next: run_number << PLACE_BITS | part.next, lines: part.lines };
        if !page.lines.is_empty() {
            break;
        }
    }
    Ok(page)
}

fn place(variant: &Directory) -> PathBuf {
    Path::new(variant.path()).join("runs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_of_runs_follow_each_other() {
        let parent = tempfile::tempdir().unwrap();
        let variant = Directory::new(parent.path().join("v"));
        variant.create(&"spec", None).unwrap();
        assert_eq!(page(&variant, 0).unwrap(), LogPage::default());
        for number in 1..=4 {
            let run = add(&variant, &Address { port: 1 }).unwrap();
            fs::write(run.log(), format!("1 run {number}\n")).unwrap();
        }
        let (mut texts, mut from) = (Vec::new(), 0);
        loop {
            let page = page(&variant, from).unwrap();
            if page.lines.is_empty() {
                break;
            }
            from = page.next;
            texts.extend(page.lines.into_iter().map(|line| line.text));
        }
        assert_eq!(texts, ["run 2", "run 3", "run 4"]);
    }
}
