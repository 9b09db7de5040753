//! What was written since the log was last moved into the tables' file, and when that is to be done again. Pure.

use crate::wal::Extent;

/// Fewer changes than this stay in the log, which costs next to nothing when the store is opened again.
pub(super) const WORTH_MOVING: usize = 64;

/// A log of so many frames, of a page each, is moved without waiting for quiet.
const LONG: u32 = 4000;

/// A log that was moved begins anew with the next change, unless somebody reads it just then: after so many more frames
/// it is tried again.
const AGAIN: u32 = 250;

#[derive(Debug, Default)]
pub(super) struct Unmoved {
    changes: usize,
    frames: u32,
    /// How far the log went.
    end: Extent,
    /// Whether it was moved and has not begun anew since.
    is_left_over: bool,
}

impl Unmoved {
    pub(super) fn written(&mut self, changes: usize) {
        self.changes += changes;
    }

    /// How far the log goes now; where that is not known, SQLite moves it by itself.
    pub(super) fn log_ends_at(&mut self, end: Option<Extent>) {
        let Some(end) = end else { return };
        let before = if end.salts == self.end.salts { self.end.frames } else { 0 };
        if end.salts != self.end.salts {
            self.is_left_over = false;
        }
        self.frames += end.frames.saturating_sub(before);
        self.end = end;
    }

    /// All that nobody reads is moved.
    pub(super) fn moved(&mut self) {
        *self = Self { end: self.end, is_left_over: true, ..Self::default() };
    }

    /// How many changes there are.
    pub(super) fn changes(&self) -> usize {
        self.changes
    }

    /// Whether they are to be moved when it is quiet.
    pub(super) fn are_worth_moving(&self) -> bool {
        self.changes >= WORTH_MOVING
    }

    /// Whether they are to be moved at once.
    pub(super) fn are_many(&self) -> bool {
        self.frames >= if self.is_left_over { AGAIN } else { LONG }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(unmoved: &mut Unmoved, log: u8, ends: &[u32]) {
        let ends = ends.iter().map(|frames| Extent { frames: *frames, salts: [log; 8] });
        ends.for_each(|end| unmoved.log_ends_at(Some(end)));
    }

    #[test]
    fn frames_are_counted_over_a_log_that_begins_anew() {
        let mut unmoved = Unmoved::default();
        ends(&mut unmoved, 1, &[10, 25, 25]);
        ends(&mut unmoved, 2, &[5, 7]);
        ends(&mut unmoved, 3, &[9]);
        unmoved.log_ends_at(None);
        assert_eq!(unmoved.frames, 25 + 7 + 9);
        ends(&mut unmoved, 3, &[LONG - 33]);
        assert!(!unmoved.are_many());
        ends(&mut unmoved, 3, &[LONG - 32]);
        assert!(unmoved.are_many());
    }

    #[test]
    fn a_log_that_does_not_begin_anew_is_moved_again_soon() {
        let mut unmoved = Unmoved::default();
        ends(&mut unmoved, 1, &[LONG]);
        unmoved.moved();
        ends(&mut unmoved, 1, &[LONG, LONG + AGAIN - 1]);
        assert!(!unmoved.are_many());
        ends(&mut unmoved, 1, &[LONG + AGAIN]);
        assert!(unmoved.are_many());
        unmoved.moved();
        ends(&mut unmoved, 2, &[2 * AGAIN]);
        assert!(!unmoved.are_many(), "it has begun anew");
    }
}
