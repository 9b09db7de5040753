//! One state by itself: what leads to it and what it leads to is not there.

use super::{
    diagnostic::{Diagnostic, Report},
    graph::Graph,
    language::Language,
    machine::read_object,
    states::{Around, State},
};

/// Reads the definition of one state. Every fault of it is in the error; where it leads is not looked at.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html>
pub fn parse_state(text: &str) -> Result<State, Vec<Diagnostic>> {
    let definition = read_object(text)?;
    let report = Report::default();
    let around = Around::new(Language::default());
    let state = State::read("", &definition, String::new(), &report, around);
    let diagnostics = report.into_diagnostics();
    state.filter(|_| diagnostics.is_empty()).ok_or(diagnostics)
}

impl Graph {
    /// The state of that name, also of one inside of a Parallel or a Map; the outermost if there are several.
    pub fn find(&self, name: &str) -> Option<&State> {
        let inside = || {
            let graphs = self.states.values().flat_map(State::graphs);
            graphs.into_iter().find_map(|graph| graph.find(name))
        };
        self.states.get(name).or_else(inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asl::parse;

    #[test]
    fn where_a_single_state_leads_does_not_matter() {
        let state = parse_state(r#"{"Type": "Pass", "Next": "Somewhere"}"#).unwrap();
        assert_eq!((state.name.as_str(), state.pointer.as_str()), ("", ""));
        let faults = parse_state(r#"{"Type": "Pass", "Next": 1, "Colour": "red"}"#).unwrap_err();
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].ends_with(" at /Next"), "{faults:?}");
        assert!(parse_state("[]").is_err());
        assert!(parse_state(r#"{"Type": "Pause"}"#).is_err());
    }

    #[test]
    fn states_are_found_at_any_depth() {
        let text = r#"{"StartAt": "Outer", "States": {"Outer": {"Type": "Parallel", "End": true, "Branches": [
            {"StartAt": "Each", "States": {"Each": {"Type": "Map", "End": true, "ItemProcessor":
                {"StartAt": "Inner", "States": {"Inner": {"Type": "Succeed"}}}}}}]}}}"#;
        let machine = parse(text).unwrap();
        for (name, found) in [("Outer", true), ("Each", true), ("Inner", true), ("inner", false), ("", false)]
        {
            assert_eq!(machine.graph.find(name).map(|state| state.name == name), found.then_some(true));
        }
    }
}
