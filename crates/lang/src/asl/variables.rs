//! The names of workflow variables.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html>

use super::diagnostic::Code;

/// The most characters of a name.
const NAME_LIMIT: usize = 80;
/// What every state sees under that name already.
const RESERVED: &str = "states";

/// The name that the text begins with; empty if it begins with none.
pub(crate) fn name_at(text: &str) -> &str {
    let begins = |c: char| c.is_alphabetic() || c == '_';
    let goes_on = |c: char| c.is_alphanumeric() || c == '_';
    if !text.starts_with(begins) {
        return "";
    }
    text.split(|c| !goes_on(c)).next().unwrap_or_default()
}

/// What is wrong with the name of a variable that is assigned.
pub(crate) fn fault(name: &str) -> Option<(Code, String)> {
    if name == RESERVED {
        let message = format!("Cannot assign to reserved variable '${name}'.");
        return Some((Code::ReservedVariableName, message));
    }
    let why = if name.is_empty() || name_at(name) != name {
        "the variable name contains invalid characters.".to_owned()
    } else if name.chars().count() > NAME_LIMIT {
        format!("the variable name exceeds the {NAME_LIMIT}-character limit.")
    } else {
        return None;
    };
    Some((Code::InvalidVariableName, format!("Invalid variable name '{name}': {why}")))
}
