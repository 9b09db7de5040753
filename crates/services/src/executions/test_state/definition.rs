//! Which state is tried.

use trainyard_lang::asl::{self, Diagnostic, State, StateKind};

use super::{Error, Executions, TestSpec};

impl Executions {
    /// The state, out of a definition without a fault.
    pub(super) fn tried_state(&self, spec: &TestSpec) -> Result<State, Error> {
        let state = match &spec.state {
            Some(name) => {
                let machine = self.checked(&spec.definition, asl::parse(&spec.definition))?;
                let found = machine.graph.find(name).cloned();
                found.ok_or_else(|| Error::Invalid("State not found in definition".to_owned()))?
            }
            None => self.checked(&spec.definition, asl::parse_state(&spec.definition))?,
        };
        check_inside(&state, spec)?;
        Ok(state)
    }

    /// What was read, if Step Functions would take it. What is not built here can be mocked all the same.
    fn checked<T>(&self, definition: &str, read: Result<T, Vec<Diagnostic>>) -> Result<T, Error> {
        let written: serde_json::Value = serde_json::from_str(definition).unwrap_or_default();
        let found = asl::diagnose(&written, |resource| self.implements(resource));
        match read {
            Ok(read) if found.is_empty() => Ok(read),
            Ok(_) => Err(Error::InvalidDefinition(found)),
            Err(faults) => Err(Error::InvalidDefinition(faults.into_iter().chain(found).collect())),
        }
    }
}

/// What is said of the inside of a Map or a Parallel must be about one.
fn check_inside(state: &State, spec: &TestSpec) -> Result<(), Error> {
    let configuration = &spec.configuration;
    let is_map = matches!(state.kind, StateKind::Map(_));
    let only_map = [
        ("mapIterationFailureCount", configuration.failed_iterations.is_some()),
        ("mapItemReaderData", configuration.reader_data.is_some()),
    ];
    if let Some((name, _)) = only_map.iter().find(|(_, given)| *given && !is_map) {
        return Err(Error::Invalid(format!("{name} can only be specified for Map states")));
    }
    let Some(name) = &configuration.error_caused_by else { return Ok(()) };
    if state.graphs().iter().any(|graph| graph.find(name).is_some()) {
        return Ok(());
    }
    Err(Error::Invalid(format!("errorCausedByState '{name}' is not a state inside the tested state")))
}
