//! What a batch leaves on trails: that of many changes becomes few rows. Pure.

use std::collections::BTreeMap;

use crate::changes::TrailChange;

/// A row of several records is no longer than that: whoever wants one of them reads them all.
const LONGEST_ROW: usize = 64 << 10;

/// The trails of a batch.
#[derive(Default)]
pub(super) struct Trails<'a> {
    left: BTreeMap<&'a str, Vec<&'a str>>,
    /// Trails, and the number before which records go.
    pub(super) shortened: Vec<(&'a str, u64)>,
}

impl<'a> Trails<'a> {
    /// Takes what changes that hold do to trails.
    pub(super) fn take(&mut self, changes: &'a [TrailChange]) {
        for change in changes {
            match change {
                TrailChange::Leave { trail, record } => self.left.entry(trail).or_default().push(record),
                // No number of a record is greater: they are signed on the disk.
                TrailChange::Shorten { trail, before } => {
                    self.shortened.push((trail, (*before).min(i64::MAX as u64)));
                }
            }
        }
    }

    /// The rows that are to be written, each with its trail.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&'a str, &[&'a str])> {
        self.left.iter().flat_map(|(trail, records)| {
            let mut rest = records.as_slice();
            std::iter::from_fn(move || {
                let (row, behind) = rest.split_at_checked(row_of(rest))?;
                rest = behind;
                (!row.is_empty()).then_some((*trail, row))
            })
        })
    }
}

/// How many of the records become one row.
fn row_of(records: &[&str]) -> usize {
    let mut bytes = 0;
    let fits = |record: &&&str| {
        bytes += record.len() + 1;
        bytes <= LONGEST_ROW
    };
    records.iter().take_while(fits).count().max(1).min(records.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_at_once_becomes_few_rows() {
        let leave =
            |trail: &str, bytes| TrailChange::Leave { trail: trail.into(), record: "x".repeat(bytes) };
        let half = LONGEST_ROW / 2 - 1;
        let first = [leave("a", half), leave("b", 1), leave("a", half), leave("a", 1)];
        let second = [leave("a", LONGEST_ROW * 2), leave("a", 3), leave("b", 2)];
        let mut trails = Trails::default();
        trails.take(&first);
        trails.take(&second);
        let rows: Vec<_> = trails
            .rows()
            .map(|(trail, row)| (trail, row.iter().map(|record| record.len()).collect::<Vec<_>>()))
            .collect();
        let (a, long) = ("a", LONGEST_ROW * 2);
        assert_eq!(
            rows,
            [(a, vec![half, half]), (a, vec![1]), (a, vec![long]), (a, vec![3]), ("b", vec![1, 2])]
        );
    }
}
