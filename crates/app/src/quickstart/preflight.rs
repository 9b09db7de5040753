//! Whether the machine has what every round needs: looked at before anything is made.

use crate::{
    failure::Failure,
    probe::{self, Finding, State},
    screen::Step,
};

/// Fails with one sentence that says what to do. The first round installs the project's requirements.
pub(super) fn check(first: bool) -> Result<(), Failure> {
    let step = Step::begin("   git and python3");
    let findings = probe::needed(first);
    if let Some(missing) = findings.iter().find(|finding| finding.state == State::Missing) {
        step.failed(format!("{}: {}", missing.what, missing.found));
        return Err(Failure::failed(format!("{}: {}", missing.what, missing.found))
            .hint(missing.follows.clone())
            .hint("trainyard doctor    # looks at everything"));
    }
    let found: Vec<_> = findings.iter().map(version).collect();
    step.done(found.join(", "));
    Ok(())
}

fn version(finding: &Finding) -> String {
    let found = finding.found.replace("git version ", "git ");
    let found = found.split(" at ").next().unwrap_or(&found);
    if finding.what == "python3" { format!("Python {found}") } else { found.to_owned() }
}
