//! What follows for a running job from what is seen of it. Pure.

use std::time::Duration;

use trainyard_domain::{
    Timestamp,
    job::{Exit, JobStatus},
};

use super::job::{End, Job, Kind, Stop};

/// What is to be done next.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// Let the driver run it.
    Launch,
    /// Look again soon.
    Watch,
    /// Ask it to end.
    Interrupt(Stop),
    /// It has run: keep its results.
    Collect(Exit),
    /// It is over without results.
    End(End, Option<String>),
}

/// Decides what to do with a job in its running phase.
pub(super) fn next(job: &Job, seen: &JobStatus, now: Timestamp) -> Step {
    match seen {
        JobStatus::Absent if job.stop.is_some() => Step::End(End::Stopped, None),
        // It ran once and is never started again.
        JobStatus::Absent if job.started.is_some() => Step::End(End::Failed, Some(vanished(NO_TRACE))),
        JobStatus::Absent => Step::Launch,
        JobStatus::Waiting { .. } | JobStatus::Running { .. } => match (job.stop, overdue(job, seen, now)) {
            (Some(stop), _) => Step::Interrupt(stop),
            (None, true) => Step::Interrupt(Stop::Limit),
            (None, false) => Step::Watch,
        },
        JobStatus::Ended(exit) if never_ran(job, exit) => Step::End(End::Stopped, None),
        JobStatus::Ended(exit) => Step::Collect(exit.clone()),
        JobStatus::Lost { reason } if job.stop.is_some() => Step::End(End::Stopped, Some(reason.clone())),
        JobStatus::Lost { reason } => Step::End(End::Failed, Some(vanished(reason))),
        JobStatus::Refused { .. } if job.stop.is_some() => Step::End(End::Stopped, None),
        JobStatus::Refused { reason } => Step::End(End::Failed, Some(refused(reason))),
    }
}

/// Stopped while it waited: there is nothing to keep.
fn never_ran(job: &Job, exit: &Exit) -> bool {
    job.stop.is_some() && job.started.is_none() && exit.started == exit.ended
}

const NO_TRACE: &str = "the driver has no trace of it any more";

fn vanished(reason: &str) -> String {
    format!("InternalServerError: the job's process vanished: {reason}")
}

fn overdue(job: &Job, seen: &JobStatus, now: Timestamp) -> bool {
    match seen {
        JobStatus::Running { since } => now.since(*since) >= job.plan.limit,
        _ => false,
    }
}

/// AWS's reasons begin with a word for who must act.
fn refused(reason: &str) -> String {
    if reason.starts_with("CapacityError") { reason.to_owned() } else { format!("ClientError: {reason}") }
}

/// How a job that has run is over.
pub(super) fn verdict(job: &Job, exit: &Exit) -> End {
    match (job.stop, exit.code) {
        (Some(_), _) => End::Stopped,
        (None, 0) => End::Completed,
        (None, _) => End::Failed,
    }
}

/// A failure reason is at most so long in SageMaker's API.
const LONGEST_REASON: usize = 1024;

/// Why a job failed, in SageMaker's form. `said` is what the job wrote to its failure file.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-signal-success-failure.html>
pub(super) fn failure(kind: Kind, exit: &Exit, said: &str) -> String {
    let code = exit.code;
    let said = match (kind, said.trim()) {
        (Kind::Build, _) => return format!("the build's shell ended with exit code {code}"),
        _ if exit.out_of_memory => {
            return format!(
                "ClientError: Please use an instance type with more memory, or reduce the size of job data processed on an instance., exit code: {code}"
            );
        }
        (Kind::Processing, "") => "See job logs for more information",
        (_, said) => said,
    };
    let (begin, end) = ("AlgorithmError: ", format!(", exit code: {code}"));
    let room = LONGEST_REASON - begin.len() - end.len();
    format!("{begin}{}{end}", said.chars().take(room).collect::<String>())
}

/// How often a running job is looked at: a short job's end is seen at once, a long one costs nothing.
pub(super) fn pause(age: Duration) -> Duration {
    (age / 50).clamp(Duration::from_millis(50), Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::tests::a_job;

    fn exit(code: i32) -> Exit {
        Exit { code, out_of_memory: false, started: Timestamp(0), ended: Timestamp(9) }
    }

    #[track_caller]
    fn check(stop: Option<Stop>, seen: JobStatus, now: i64, expect: Step) {
        let mut job = a_job();
        job.stop = stop;
        job.plan.limit = Duration::from_secs(60);
        assert_eq!(next(&job, &seen, Timestamp(now)), expect);
    }

    #[test]
    fn a_job_is_launched_watched_and_collected() {
        let running = JobStatus::Running { since: Timestamp(1000) };
        check(None, JobStatus::Absent, 0, Step::Launch);
        check(None, running.clone(), 2000, Step::Watch);
        check(None, running.clone(), 61_000, Step::Interrupt(Stop::Limit));
        check(Some(Stop::Asked), running, 2000, Step::Interrupt(Stop::Asked));
        check(None, JobStatus::Waiting { reason: String::new() }, 999_999, Step::Watch);
        check(None, JobStatus::Ended(exit(0)), 0, Step::Collect(exit(0)));
    }

    #[test]
    fn a_job_that_is_to_stop_is_never_launched() {
        check(Some(Stop::Asked), JobStatus::Absent, 0, Step::End(End::Stopped, None));
    }

    #[test]
    fn a_lost_job_has_failed() {
        let lost = JobStatus::Lost { reason: "the machine was restarted".to_owned() };
        let why = "InternalServerError: the job's process vanished: the machine was restarted".to_owned();
        check(None, lost, 0, Step::End(End::Failed, Some(why)));
    }

    #[test]
    fn a_job_that_ran_is_never_started_again() {
        let mut job = a_job();
        job.started = Some(Timestamp(1));
        let step = next(&job, &JobStatus::Absent, Timestamp(2));
        assert!(matches!(&step, Step::End(End::Failed, Some(why)) if why.contains("no trace")), "{step:?}");
    }

    #[test]
    fn a_job_that_was_stopped_while_it_waited_leaves_nothing() {
        let unstarted = Exit { code: 143, out_of_memory: false, started: Timestamp(5), ended: Timestamp(5) };
        check(Some(Stop::Asked), JobStatus::Ended(unstarted), 0, Step::End(End::Stopped, None));
        check(Some(Stop::Asked), JobStatus::Ended(exit(143)), 0, Step::Collect(exit(143)));
    }

    #[test]
    fn capacity_keeps_its_own_word() {
        let refused = |reason: &str| JobStatus::Refused { reason: reason.to_owned() };
        check(
            None,
            refused("CapacityError: x"),
            0,
            Step::End(End::Failed, Some("CapacityError: x".to_owned())),
        );
        check(None, refused("no"), 0, Step::End(End::Failed, Some("ClientError: no".to_owned())));
    }

    #[test]
    fn the_reason_names_the_exit_code() {
        assert_eq!(failure(Kind::Training, &exit(1), "bad\n"), "AlgorithmError: bad, exit code: 1");
        let long = failure(Kind::Training, &exit(137), &"é".repeat(2000));
        assert!(long.chars().count() == 1024 && long.ends_with(", exit code: 137"));
    }
}
