//! Templates, and the definitions of state machines that they name or hold.

use std::collections::BTreeMap;

use super::{Seen, definition, pattern};
use crate::{
    source::{Diagnostic, Node, Severity},
    template::{Resource, Template},
};

/// Gets the bytes of a file, or says why there are none.
type Read<'r> = &'r dyn Fn(&str) -> Result<Vec<u8>, String>;

/// Looks at a template and at the definitions in files of their own.
pub(super) fn lint(bytes: &[u8], read: Read<'_>) -> (Vec<Diagnostic>, Vec<Seen>) {
    let draft = match Template::draft(bytes) {
        Ok(draft) => draft,
        Err(found) => return (found, Vec::new()),
    };
    let template = draft.template();
    let (mut found, mut others, mut texts) = (Vec::new(), Vec::new(), BTreeMap::new());
    for file in template.definition_files() {
        match read(&file.path) {
            Err(why) => found.push(Diagnostic::error(format!("{}: {why}", file.path)).at(file.position)),
            Ok(bytes) => {
                let given = template.resource(&file.logical_id).map(substitutions).unwrap_or_default();
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let of_file = definition::lint(&bytes, Some(&given));
                texts.insert(file.path.clone(), text.clone());
                others.push(Seen { path: file.path, text, found: of_file });
            }
        }
    }
    found.extend(template.resources.iter().filter_map(inline).flatten());
    found.extend(template.resources.iter().filter_map(pattern::of_rule).flatten());
    // A file that is not there was said to be missing already.
    let missing = found.iter().any(|one| one.severity == Severity::Error);
    found.extend(if missing { draft.faults().to_vec() } else { draft.expand(&texts).1 });
    (found, others)
}

/// The names of what is put into the definition.
fn substitutions(machine: &Resource) -> Vec<&str> {
    let given = machine.properties.get("DefinitionSubstitutions");
    given.into_iter().flat_map(Node::entries).map(|entry| entry.key.as_str()).collect()
}

/// What is wrong with a definition that stands in the template itself. One that is put together by functions is not
/// known before the template is deployed.
fn inline(machine: &Resource) -> Option<Vec<Diagnostic>> {
    let definition =
        machine.properties.get("Definition").filter(|_| machine.kind.ends_with("::StateMachine"))?;
    if has_functions(definition) {
        return None;
    }
    let pointer = machine.cursor().pointer.key("Definition");
    let found = definition::judged(definition).into_iter();
    Some(found.map(|one| one.clone().pointing(format!("{pointer}{}", one.pointer).as_str().into())).collect())
}

fn has_functions(node: &Node) -> bool {
    let function = |key: &str| key == "Ref" || key.starts_with("Fn::");
    node.items().iter().any(has_functions)
        || node.entries().iter().any(|entry| function(&entry.key) || has_functions(&entry.value))
}
