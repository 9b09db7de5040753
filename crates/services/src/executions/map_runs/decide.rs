//! What a map run does next. Pure.

use trainyard_domain::Failure;

use super::map_run::{MapRun, Stop};

/// How many children run at once where nothing is said.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-asl-use-map-state-distributed.html>
const MOST_AT_ONCE: u64 = 10_000;

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Next {
    /// The items are read.
    Read,
    /// So many children begin, or go on.
    Start(u64),
    /// No more children begin.
    Stop(Stop),
    /// Children that are under way are ended.
    StopChildren,
    /// Nothing, until a child ends.
    Wait,
    /// The results are handed on.
    End,
    /// Nothing any more.
    Over,
}

/// `awaited`: whether the execution still waits for it.
pub(super) fn next(run: &MapRun, awaited: bool) -> Next {
    let children = &run.executions;
    if run.ended.is_some() {
        return Next::Over;
    }
    if run.stop.is_some() {
        return if children.running > 0 { Next::StopChildren } else { Next::End };
    }
    if !awaited {
        return Next::Stop(Stop::Aborted);
    }
    if !run.read {
        return Next::Read;
    }
    if is_exceeded(run) {
        return Next::Stop(Stop::Failed(exceeded()));
    }
    let most = if run.concurrency == 0 { MOST_AT_ONCE } else { run.concurrency.min(MOST_AT_ONCE) };
    let left = children.pending() + children.waiting.total();
    let room = most.saturating_sub(children.running).min(left);
    match (room, children.running) {
        (0, 0) => Next::End,
        (0, _) => Next::Wait,
        (room, _) => Next::Start(room),
    }
}

fn is_exceeded(run: &MapRun) -> bool {
    exceeds((run.tolerated_count, run.tolerated_percentage), run.items.lost(), run.items.total)
}

/// Whether more items have failed than may. Where only one threshold is given, only that one counts; where none is,
/// none may fail.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/maprun-fail-threshold.html>
pub(in super::super) fn exceeds(
    (count, percentage): (Option<u64>, Option<f64>),
    failed: u64,
    total: u64,
) -> bool {
    let by_count = count.is_some_and(|most| failed > most);
    // Items are far fewer than what a float counts exactly.
    #[allow(clippy::cast_precision_loss, reason = "see above")]
    let by_part = percentage.is_some_and(|most| failed as f64 * 100.0 > most * total as f64);
    let unsaid = count.is_none() && percentage.is_none();
    by_count || by_part || (unsaid && failed > 0)
}

pub(in super::super) fn exceeded() -> Failure {
    Failure::new(
        "States.ExceedToleratedFailureThreshold",
        "The specified tolerated failure threshold was exceeded",
    )
}

#[cfg(test)]
mod tests {
    use super::{super::tests::map_run, *};
    use crate::executions::execution::Status;

    /// A map run of so many children of one item each, of which so many have ended so, and so many run.
    fn under_way(total: u64, ends: &[(Status, u64)], running: u64) -> MapRun {
        let mut run = map_run();
        run.read = true;
        (run.executions.total, run.items.total) = (total, total);
        for (status, count) in ends {
            for _ in 0..*count {
                run.begin(1);
                run.end(*status, 1);
            }
        }
        (0..running).for_each(|_| run.begin(1));
        run
    }

    fn check(run: &MapRun, awaited: bool, expect: Next) {
        assert_eq!(next(run, awaited), expect, "{run:?}");
    }

    #[test]
    fn no_more_children_run_than_may() {
        let limited = |concurrency| MapRun { concurrency, ..under_way(100, &[(Status::Succeeded, 10)], 5) };
        check(&limited(6), true, Next::Start(1));
        check(&limited(5), true, Next::Wait);
        // It was made smaller while more of them ran.
        check(&limited(2), true, Next::Wait);
        check(&limited(0), true, Next::Start(85));
        check(&under_way(20_000, &[], 0), true, Next::Start(10_000));
    }

    #[test]
    fn it_ends_when_all_have_ended() {
        check(&MapRun { read: false, ..under_way(0, &[], 0) }, true, Next::Read);
        check(&under_way(0, &[], 0), true, Next::End);
        check(&under_way(2, &[(Status::Succeeded, 1)], 1), true, Next::Wait);
        check(&under_way(2, &[(Status::Succeeded, 2)], 0), true, Next::End);
        let over = MapRun { ended: Some(trainyard_domain::Timestamp(1)), ..under_way(2, &[], 1) };
        check(&over, false, Next::Over);
    }

    #[test]
    fn failures_are_tolerated_up_to_a_threshold() {
        let fails = |count, part, failed| {
            let run = under_way(10, &[(Status::Failed, failed), (Status::Succeeded, 1)], 1);
            let run = MapRun { tolerated_count: count, tolerated_percentage: part, ..run };
            next(&run, true) == Next::Stop(Stop::Failed(exceeded()))
        };
        assert!(!fails(None, None, 0) && fails(None, None, 1));
        assert!(!fails(Some(2), None, 2) && fails(Some(2), None, 3));
        assert!(!fails(None, Some(20.0), 2) && fails(None, Some(20.0), 3));
        assert!(!fails(None, Some(100.0), 8));
        assert!(fails(Some(5), Some(10.0), 2) && fails(Some(1), Some(90.0), 2));
        assert!(fails(Some(0), None, 1) && fails(None, Some(0.0), 1));
        let late = MapRun { tolerated_count: Some(1), ..under_way(3, &[(Status::TimedOut, 2)], 0) };
        check(&late, true, Next::Stop(Stop::Failed(exceeded())));
    }

    #[test]
    fn what_stops_ends_its_children_first() {
        let run = under_way(9, &[], 2);
        check(&run, false, Next::Stop(Stop::Aborted));
        let stopping = MapRun { stop: Some(Stop::Aborted), ..run };
        check(&stopping, false, Next::StopChildren);
        let ended = MapRun { stop: Some(Stop::Aborted), ..under_way(9, &[(Status::Aborted, 2)], 0) };
        check(&ended, false, Next::End);
        let unread = MapRun { read: false, stop: Some(Stop::Failed(exceeded())), ..under_way(0, &[], 0) };
        check(&unread, true, Next::End);
    }
}
