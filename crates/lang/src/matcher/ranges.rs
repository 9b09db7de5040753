//! Ranges of numbers, and which of them a number is in.

use std::sync::Arc;

use super::posting::Posting;

const LONGEST_RUN: usize = 32;

/// A closed range.
#[derive(Clone, Debug)]
struct Range {
    low: f64,
    high: f64,
    posting: Posting,
}

/// Ranges in the order of their ends, in runs; copies share what they have in common. A number is looked for in the
/// runs that reach over it.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranges {
    runs: Vec<Run>,
}

#[derive(Clone, Debug)]
struct Run {
    low: f64,
    high: f64,
    ranges: Arc<Vec<Range>>,
}

impl Ranges {
    pub(super) fn posting(&self, low: f64, high: f64) -> Option<&Posting> {
        let run = self.runs.get(self.run_of(low, high))?;
        let at = run.ranges.binary_search_by(|range| order(range, low, high)).ok()?;
        Some(&run.ranges[at].posting)
    }

    pub(super) fn change(&mut self, low: f64, high: f64, change: impl FnOnce(Posting) -> Posting) {
        if self.runs.is_empty() {
            self.runs.push(Run { low, high, ranges: Arc::default() });
        }
        let at = self.run_of(low, high);
        let ranges = Arc::make_mut(&mut self.runs[at].ranges);
        match ranges.binary_search_by(|range| order(range, low, high)) {
            Ok(place) => {
                ranges[place].posting = change(std::mem::take(&mut ranges[place].posting));
                if ranges[place].posting.is_empty() {
                    ranges.remove(place);
                }
            }
            Err(place) => {
                ranges.insert(place, Range { low, high, posting: change(Posting::default()) });
            }
        }
        self.tidy(at);
    }

    /// Tells the postings of all ranges that the number is in.
    pub(super) fn around<'a>(&'a self, number: f64, mut tell: impl FnMut(&'a Posting)) {
        for run in self.runs.iter().take_while(|run| run.low <= number) {
            if run.high < number {
                continue;
            }
            for range in run.ranges.iter().take_while(|range| range.low <= number) {
                if number <= range.high {
                    tell(&range.posting);
                }
            }
        }
    }

    fn run_of(&self, low: f64, high: f64) -> usize {
        let begun = |run: &Run| run.ranges.first().is_some_and(|first| order(first, low, high).is_le());
        self.runs.partition_point(begun).saturating_sub(1)
    }

    fn tidy(&mut self, at: usize) {
        if self.runs[at].ranges.is_empty() {
            self.runs.remove(at);
            return;
        }
        if self.runs[at].ranges.len() > LONGEST_RUN {
            let second = Arc::make_mut(&mut self.runs[at].ranges).split_off(LONGEST_RUN / 2);
            self.runs.insert(at + 1, Run::of(Arc::new(second)));
        }
        self.runs[at] = Run::of(self.runs[at].ranges.clone());
    }
}

impl Run {
    fn of(ranges: Arc<Vec<Range>>) -> Self {
        let low = ranges.first().map_or(f64::INFINITY, |range| range.low);
        let high = ranges.iter().map(|range| range.high).fold(f64::NEG_INFINITY, f64::max);
        Self { low, high, ranges }
    }
}

fn order(range: &Range, low: f64, high: f64) -> std::cmp::Ordering {
    range.low.total_cmp(&low).then(range.high.total_cmp(&high))
}
