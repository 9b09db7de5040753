//! What a state has come to that was tried by itself.

use std::collections::BTreeMap;

use serde_json::Value;
use trainyard_domain::Failure;
use trainyard_lang::asl::{Stage, State, StateKind};

use super::Trial;
use crate::{
    Outcome, Payload,
    frame::{Phase, ROOT},
};

/// What has become of the state and of the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How it has ended.
    pub end: End,
    /// The data at each stage that is shown of such a state.
    pub stages: BTreeMap<Stage, Value>,
    /// The variables afterwards.
    pub variables: BTreeMap<String, Payload>,
    /// The place of the retrier that the failure is for, whether or not it has attempts left.
    pub retrier: Option<usize>,
    /// The place of the catcher that has taken the failure.
    pub catcher: Option<usize>,
}

/// How a state has ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// Well.
    Left {
        /// What it hands on.
        output: Payload,
        /// Where it leads; none if it is the last one.
        next: Option<String>,
    },
    /// Badly, and a catcher goes on.
    Caught {
        /// Why.
        failure: Failure,
        /// What the catcher hands on.
        output: Payload,
        /// Where it leads.
        next: Option<String>,
    },
    /// Badly, and it would be tried again.
    Retried {
        /// Why.
        failure: Failure,
        /// In so many seconds.
        seconds: u64,
    },
    /// Badly, for good.
    Failed(Failure),
}

impl Trial {
    /// What the state has come to. None while it waits for an answer.
    pub fn report(&self) -> Option<Report> {
        let end = self.end()?;
        let state = self.state()?;
        let mut stages = self.notes.stages.borrow().clone();
        stages.retain(|stage, _| is_shown(state, *stage));
        Some(Report {
            end,
            stages,
            variables: self.variables(),
            retrier: self.notes.retrier.get(),
            catcher: self.notes.catcher.get(),
        })
    }

    fn end(&self) -> Option<End> {
        if let Some(Outcome::Failed { failure }) = self.run.outcome() {
            return Some(End::Failed(failure.clone()));
        }
        if let Some(Outcome::Succeeded { output }) = self.run.outcome() {
            return Some(End::Left { output: output.clone(), next: None });
        }
        let noted = self.notes.failure.borrow().clone();
        match &self.run.frame(ROOT)?.phase {
            Phase::Between { next, output } => {
                let (output, next) = (output.clone(), next.as_deref().map(str::to_owned));
                Some(match noted.filter(|_| self.notes.catcher.get().is_some()) {
                    Some(failure) => End::Caught { failure, output, next },
                    None => End::Left { output, next },
                })
            }
            Phase::Retrying { at, .. } => {
                let seconds = at.since(self.at.now).as_secs();
                Some(End::Retried { failure: noted?, seconds })
            }
            _ => None,
        }
    }

    fn variables(&self) -> BTreeMap<String, Payload> {
        self.run.frame(ROOT).map(|frame| (*frame.variables).clone()).unwrap_or_default()
    }
}

/// Which stages AWS shows of a state: of Parallel and Map not what goes into the branches and not what comes out of
/// them, and of a Pass state no result but its own `Result`.
fn is_shown(state: &State, stage: Stage) -> bool {
    match (&state.kind, stage) {
        (_, Stage::AfterItems) => false,
        (StateKind::Map(_) | StateKind::Parallel(_), Stage::Result) => false,
        (StateKind::Parallel(_), stage) => {
            !matches!(stage, Stage::AfterInputPath | Stage::AfterParameters | Stage::AfterArguments)
        }
        (StateKind::Pass(pass), Stage::Result) => pass.result.is_some(),
        _ => true,
    }
}
