//! What a build's phases are, from what is remembered of it and what its script has marked. Pure.
//! <https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html>

use trainyard_domain::Timestamp;
use trainyard_lang::buildspec::{Block, Buildspec, Mark, PhaseName};

use super::build::{Build, Phase, Status};
use crate::jobs::{End, Job, Phase as JobPhase, Stop};

/// What is seen of a build's run.
#[derive(Clone, Copy, Default)]
pub(super) struct Run<'a> {
    /// What the script has marked so far.
    pub marks: &'a [Mark],
    /// What it runs.
    pub buildspec: Option<&'a Buildspec>,
}

/// How a build has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// As what.
    pub status: Status,
    /// When.
    pub at: Timestamp,
    /// CodeBuild's code and the explanation, where it is not a command's own.
    pub context: Option<(String, String)>,
}

/// The verdict on a build whose job is over.
pub(super) fn verdict(job: &Job) -> Verdict {
    let status = match (job.phase, job.stop) {
        (JobPhase::Ended(End::Completed), _) => Status::Succeeded,
        (JobPhase::Ended(End::Stopped), Some(Stop::Limit)) => Status::TimedOut,
        (JobPhase::Ended(End::Stopped), _) => Status::Stopped,
        _ if job.failure.as_deref().is_some_and(|why| why.starts_with("InternalServerError")) => {
            Status::Fault
        }
        _ => Status::Failed,
    };
    let code = match status {
        Status::TimedOut => "BUILD_TIMED_OUT",
        Status::Fault => "INTERNAL_SERVICE_ERROR",
        _ => "CLIENT_ERROR",
    };
    let explained = match status {
        Status::TimedOut => Some("Build has timed out.".to_owned()),
        _ => job.failure.clone(),
    };
    Verdict {
        status,
        at: job.ended.unwrap_or(job.modified),
        context: explained.map(|why| (code.to_owned(), why)),
    }
}

/// The build's phases, as far as it is; with a verdict, all that it will ever have.
pub(super) fn phases(build: &Build, run: &Run<'_>, verdict: Option<&Verdict>) -> Vec<Phase> {
    let mut phases = vec![Phase::done("SUBMITTED", build.created, build.created)];
    match (build.taken_up, build.fetched) {
        (None, _) => phases.push(Phase::open("QUEUED", build.created)),
        (Some(taken), fetched) => {
            phases.push(Phase::done("QUEUED", build.created, taken));
            phases.push(Phase::done("PROVISIONING", taken, taken));
            match fetched {
                None => phases.push(Phase::open("DOWNLOAD_SOURCE", taken)),
                Some(fetched) => {
                    phases.push(Phase::done("DOWNLOAD_SOURCE", taken, fetched));
                    phases.extend(script_phases(run, fetched));
                }
            }
        }
    }
    if let Some(verdict) = verdict {
        close(&mut phases, verdict);
    }
    phases
}

/// The phases of the buildspec. One that it does not name takes no time.
fn script_phases(run: &Run<'_>, from: Timestamp) -> Vec<Phase> {
    let begun = |name: PhaseName| {
        run.marks.iter().find_map(|mark| match mark {
            Mark::PhaseStarted { phase, at } if *phase == name => Some(Timestamp(*at)),
            _ => None,
        })
    };
    let finished = run.marks.iter().any(|mark| matches!(mark, Mark::Finished { status: 0, .. }));
    let mut phases = Vec::new();
    let mut at = from;
    for name in PhaseName::ALL {
        let passed =
            finished || PhaseName::ALL.into_iter().any(|later| later > name && begun(later).is_some());
        match begun(name) {
            Some(started) => {
                let phase = script_phase(run, name, started);
                at = phase.ended.unwrap_or(started);
                phases.push(phase);
            }
            None if passed => phases.push(Phase::done(&name.api_name(), at, at)),
            None => {}
        }
    }
    phases
}

fn script_phase(run: &Run<'_>, name: PhaseName, started: Timestamp) -> Phase {
    let ended = run.marks.iter().find_map(|mark| match mark {
        Mark::PhaseEnded { phase, status, at } if *phase == name => Some((*status, Timestamp(*at))),
        _ => None,
    });
    match ended {
        None => Phase::open(&name.api_name(), started),
        Some((0, at)) => Phase::done(&name.api_name(), started, at),
        Some((_, at)) => Phase {
            name: name.api_name(),
            status: Some(Status::Failed),
            started,
            ended: Some(at),
            context: failed_command(run, name),
        },
    }
}

/// What CodeBuild says of the command that made a phase fail.
fn failed_command(run: &Run<'_>, name: PhaseName) -> Option<(String, String)> {
    let (block, index, status) = run.marks.iter().find_map(|mark| match mark {
        Mark::CommandFailed { phase, block, index, status, .. } if *phase == name => {
            Some((*block, *index, *status))
        }
        _ => None,
    })?;
    let phase = run.buildspec.and_then(|spec| spec.phases.iter().find(|phase| phase.name == name));
    let commands = phase.map(|phase| match block {
        Block::Commands => &phase.commands,
        Block::Finally => &phase.finally,
    });
    let command = commands.and_then(|commands| commands.get(index)).map_or("", |command| command.trim_end());
    let why = format!("Error while executing command: {command}. Reason: exit status {status}");
    Some(("COMMAND_EXECUTION_ERROR".to_owned(), why))
}

/// Ends what is open, and adds what always stands at the end.
fn close(phases: &mut Vec<Phase>, verdict: &Verdict) {
    let ran = phases.iter().any(|phase| phase.name == "INSTALL" || phase.context.is_some());
    let open = phases.iter().position(|phase| phase.ended.is_none());
    // What never ran has failed before its source mattered: there was no machine for it.
    let blamed =
        open.or_else(|| (!ran && verdict.status != Status::Succeeded).then(|| phases.len().min(3) - 1));
    if let Some(at) = blamed {
        phases.truncate(at + 1);
        let phase = &mut phases[at];
        (phase.status, phase.ended) = (Some(verdict.status), Some(verdict.at));
        phase.context = verdict.context.clone();
    }
    let last = phases.iter().filter_map(|phase| phase.ended).max().unwrap_or(verdict.at);
    let at = verdict.at.max(last);
    if phases.iter().any(|phase| phase.name == "POST_BUILD") {
        phases.push(Phase::done("UPLOAD_ARTIFACTS", at, at));
    }
    phases.push(Phase::done("FINALIZING", at, at));
    phases.push(Phase {
        name: "COMPLETED".to_owned(),
        status: None,
        started: at,
        ended: None,
        context: None,
    });
}

/// The variables that the script told at its end.
pub(super) fn exported(marks: &[Mark]) -> Vec<(String, String)> {
    let told = marks.iter().filter_map(|mark| match mark {
        Mark::Exported { name, value } => Some((name.clone(), value.clone())),
        _ => None,
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builds::tests::a_build;

    const SPEC: &str = "version: 0.2\nphases:\n  pre_build:\n    commands: ['true', 'cc x.c']\n  build:\n    commands: [make]\n";

    #[track_caller]
    fn check(marks: &[Mark], verdict: Option<Status>, expect: &[(&str, Option<Status>)]) -> Vec<Phase> {
        let spec = Buildspec::parse(SPEC.as_bytes()).unwrap();
        let mut build = a_build();
        (build.taken_up, build.fetched) = (Some(Timestamp(10)), Some(Timestamp(20)));
        let context = Some(("CLIENT_ERROR".to_owned(), "why".to_owned()));
        let verdict = verdict.map(|status| Verdict { status, at: Timestamp(90), context });
        let found = phases(&build, &Run { marks, buildspec: Some(&spec) }, verdict.as_ref());
        let first = ["SUBMITTED", "QUEUED", "PROVISIONING"].map(|name| (name, Some(Status::Succeeded)));
        let seen: Vec<_> = found.iter().map(|phase| (phase.name.as_str(), phase.status)).collect();
        let expect: Vec<_> = if expect[0].0 == "PROVISIONING" {
            first[..2].iter().chain(expect).copied().collect()
        } else {
            first.iter().chain(expect).copied().collect()
        };
        assert_eq!(seen, expect);
        found
    }

    fn start(phase: PhaseName, at: i64) -> Mark {
        Mark::PhaseStarted { phase, at }
    }

    fn end(phase: PhaseName, status: i32, at: i64) -> Mark {
        Mark::PhaseEnded { phase, status, at }
    }

    const WELL: Option<Status> = Some(Status::Succeeded);

    #[test]
    fn a_good_build_has_all_phases() {
        use PhaseName::{Build, PreBuild};
        let marks = [
            start(PreBuild, 30),
            end(PreBuild, 0, 40),
            start(Build, 40),
            end(Build, 0, 50),
            Mark::Finished { status: 0, at: 50 },
        ];
        let names = [
            "DOWNLOAD_SOURCE",
            "INSTALL",
            "PRE_BUILD",
            "BUILD",
            "POST_BUILD",
            "UPLOAD_ARTIFACTS",
            "FINALIZING",
        ];
        let mut expect = names.map(|name| (name, WELL)).to_vec();
        expect.push(("COMPLETED", None));
        let found = check(&marks, WELL, &expect);
        assert_eq!((found[5].started, found[5].ended), (Timestamp(30), Some(Timestamp(40))));
    }

    #[test]
    fn a_failing_command_is_named() {
        let marks = [
            start(PhaseName::PreBuild, 30),
            Mark::CommandFailed {
                phase: PhaseName::PreBuild,
                block: Block::Commands,
                index: 1,
                status: 4,
                at: 35,
            },
            end(PhaseName::PreBuild, 4, 35),
            Mark::Finished { status: 4, at: 36 },
        ];
        let failed = Some(Status::Failed);
        let expect = [
            ("DOWNLOAD_SOURCE", WELL),
            ("INSTALL", WELL),
            ("PRE_BUILD", failed),
            ("FINALIZING", WELL),
            ("COMPLETED", None),
        ];
        let found = check(&marks, failed, &expect);
        let why = "Error while executing command: cc x.c. Reason: exit status 4".to_owned();
        assert_eq!(found[5].context, Some(("COMMAND_EXECUTION_ERROR".to_owned(), why)));
    }

    #[test]
    fn a_build_under_way_shows_its_open_phase() {
        let marks = [start(PhaseName::PreBuild, 30)];
        let open = Some(Status::InProgress);
        check(&marks, None, &[("DOWNLOAD_SOURCE", WELL), ("INSTALL", WELL), ("PRE_BUILD", open)]);
        check(&[], None, &[("DOWNLOAD_SOURCE", WELL)]);
    }

    #[test]
    fn what_is_cut_short_ends_its_open_phase() {
        let marks = [start(PhaseName::PreBuild, 30)];
        let stopped = Some(Status::Stopped);
        let expect = [
            ("DOWNLOAD_SOURCE", WELL),
            ("INSTALL", WELL),
            ("PRE_BUILD", stopped),
            ("FINALIZING", WELL),
            ("COMPLETED", None),
        ];
        check(&marks, stopped, &expect);
    }

    #[test]
    fn a_build_without_a_machine_fails_in_provisioning() {
        let failed = Some(Status::Failed);
        let found =
            check(&[], failed, &[("PROVISIONING", failed), ("FINALIZING", WELL), ("COMPLETED", None)]);
        assert_eq!(found[2].context.as_ref().unwrap().1, "why");
    }
}
