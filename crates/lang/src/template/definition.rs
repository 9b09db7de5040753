//! `DefinitionSubstitutions`: values put into the text of a state machine's definition.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-stepfunctions-statemachine.html>

use std::collections::BTreeMap;

/// The text with every `${Name}` of the map replaced by its value, as it stands: the author sees to the quotes around
/// it, so that a number can stand where a number must. What the map does not name is left. Values are not looked
/// into again.
pub fn substitute(definition: &str, values: &BTreeMap<String, String>) -> String {
    let (mut out, mut rest) = (String::with_capacity(definition.len()), definition);
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let named = from[2..].split_once('}').and_then(|(name, behind)| Some((values.get(name)?, behind)));
        match named {
            Some((value, behind)) => {
                out.push_str(value);
                rest = behind;
            }
            None => {
                out.push_str("${");
                rest = &from[2..];
            }
        }
    }
    out + rest
}
