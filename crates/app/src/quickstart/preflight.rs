//! Whether the machine has what every round needs: looked at before anything is made.

use crate::{
    failure::Failure,
    probe::{self, State},
    screen::Step,
};

/// Fails with one sentence that says what to do.
pub(super) fn check() -> Result<(), Failure> {
    let step = Step::begin("   git and python3");
    let findings = probe::needed();
    if let Some(missing) = findings.iter().find(|finding| finding.state == State::Missing) {
        step.failed(&missing.found);
        return Err(Failure::failed(format!("{}: {}", missing.what, missing.found))
            .hint(missing.follows.clone())
            .hint("trainyard doctor    # looks at everything"));
    }
    let version = |found: &str| found.split(" at ").next().unwrap_or(found).replace("git version ", "git ");
    let found: Vec<_> = findings.iter().map(|finding| version(&finding.found)).collect();
    step.done(found.join(", Python "));
    Ok(())
}
