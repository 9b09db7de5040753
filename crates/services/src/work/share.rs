//! How many hands a lane may have beside others. Pure.

use super::{ALL_HANDS, MOST_HANDS};

/// The most hands that one lane may have, where lanes would have so many each, so that all of them together have no more
/// than [`ALL_HANDS`]: what some do not need the others share. It is one at least.
pub(super) fn share(wishes: impl Iterator<Item = usize>) -> usize {
    let mut wishes: Vec<usize> = wishes.collect();
    wishes.sort_unstable();
    let (mut hands, mut lanes) = (ALL_HANDS, wishes.len());
    for wish in wishes {
        let share = hands / lanes;
        if wish > share {
            return share.max(1);
        }
        (hands, lanes) = (hands - wish, lanes - 1);
    }
    ALL_HANDS
}

/// How many hands a lane may take that has so many, when all have so many. Its share is its own, even if others have
/// more than theirs until their hands come back; and one that has none may have one for longer than that.
pub(super) fn free(share: usize, (lane, all): (usize, usize)) -> usize {
    let more = share.saturating_sub(lane).min((2 * ALL_HANDS).saturating_sub(all));
    let first = usize::from(lane == 0 && all < MOST_HANDS);
    more.max(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wishes: &[usize], expect: usize) {
        assert_eq!(share(wishes.iter().copied()), expect, "{wishes:?}");
    }

    #[test]
    fn what_some_do_not_need_the_others_share() {
        check(&[], 256);
        check(&[64, 64, 64, 64], 256);
        check(&[64, 64, 64, 64, 64], 51);
        check(&[32; 9], 28);
        // 100 with one piece each leave the others what is left.
        check(&[&[1; 100][..], &[64, 64, 64]].concat(), 52);
        check(&[1; 300], 1);
        check(&[&[0; 300][..], &[64; 8]].concat(), 32);
    }

    /// Lanes come one after another, each takes what it can get, and nothing ever comes back.
    #[test]
    fn lanes_that_hang_leave_each_other_a_share() {
        let mut lanes: Vec<usize> = Vec::new();
        let take = |lanes: &mut Vec<usize>| {
            let share = share(lanes.iter().copied().chain([64]));
            let taken = free(share, (0, lanes.iter().sum())).min(64);
            lanes.push(taken);
            taken
        };
        assert_eq!([(); 6].map(|()| take(&mut lanes)), [64, 64, 64, 64, 51, 42]);
        while take(&mut lanes) > 0 {}
        assert!(lanes.len() > 250, "{} have some", lanes.len());
        assert_eq!(lanes.iter().sum::<usize>(), MOST_HANDS);
    }

    #[test]
    fn a_lane_that_has_more_than_its_share_takes_no_more() {
        let share = share([64, 64, 64, 64, 64].into_iter());
        assert_eq!(free(share, (64, 256)), 0);
        assert_eq!(free(share, (share, 256)), 0);
        assert_eq!(free(share, (share - 1, 256)), 1);
    }
}
