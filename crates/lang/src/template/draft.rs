//! A template that something may be wrong with: what could be read of it is checked all the same, so that everything
//! is said at once.

use std::collections::BTreeMap;

use super::{DefinitionFile, Template, functions, order, read, references, sam};
use crate::source::{self, Diagnostic};

/// What could be read of a template, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    template: Template,
    faults: Vec<Diagnostic>,
}

impl Draft {
    /// Fails only if nothing can be read.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Vec<Diagnostic>> {
        let root = source::read_json_or_yaml(bytes)?;
        let (root, mut faults) = functions::long_form(root);
        let (template, more) = read::template(&root)?;
        let more: Vec<_> = more.into_iter().filter(|fault| !faults.iter().any(|f| is_of(f, fault))).collect();
        faults.extend(more);
        faults.sort_by_key(|fault| fault.position);
        Ok(Self { template, faults })
    }

    pub(super) fn of(template: Template) -> Self {
        Self { template, faults: Vec::new() }
    }

    /// What is wrong so far, in the order of the text.
    pub fn faults(&self) -> &[Diagnostic] {
        &self.faults
    }

    /// What could be read.
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// The files that SAM's resources name: [`Template::definition_files`].
    pub fn definition_files(&self) -> Vec<DefinitionFile> {
        self.template.definition_files()
    }

    /// The template, if nothing is wrong.
    pub fn finish(self) -> Result<Template, Vec<Diagnostic>> {
        if self.faults.is_empty() { Ok(self.template) } else { Err(self.faults) }
    }

    /// [`Template::expand`], and all that is wrong. SAM's resources stay as they are where something is wrong with
    /// them, or with the reading of the template.
    pub fn expand(self, definitions: &BTreeMap<String, String>) -> (Template, Vec<Diagnostic>) {
        let Self { mut template, faults: mut found } = self;
        if found.is_empty() {
            (template, found) = sam::expand(&template, definitions);
        }
        found.extend(references::check(&template));
        if found.is_empty() {
            found.extend(order::order(&template).err().unwrap_or_default());
        }
        found.sort_by_key(|fault| fault.position);
        (template, found)
    }
}

/// Whether the second is wrong only for what the first says: a function that is refused leaves nothing in its place.
fn is_of(function: &Diagnostic, fault: &Diagnostic) -> bool {
    let (function, fault) = (function.pointer.to_string(), fault.pointer.to_string());
    function == fault || function.rsplit_once('/').is_some_and(|(place, _)| place == fault)
}
