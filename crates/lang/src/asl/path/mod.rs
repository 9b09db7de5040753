//! JSONPath as Step Functions reads it: `$` is the state's data, `$$` the context object, `$name` a variable.
//!
//! A path is *definite* when it can name at most one node. A definite path that finds nothing is a failure; an
//! indefinite one then finds an empty list.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html>

mod eval;
mod filter;
#[cfg(test)]
mod oracle;
mod parse;
mod reference;
#[cfg(test)]
mod tests;

pub(crate) use eval::{Budget, VISITS};
pub use eval::{Found, Missing};
pub use reference::{NoPlace, ReferencePath};

use self::filter::Filter;

/// A path, checked and ready to be followed.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    text: String,
    root: Root,
    steps: Vec<Step>,
}

/// Where a path begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// `$`
    Input,
    /// `$$`
    Context,
    /// `$name`
    Variable(String),
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Child(String),
    Children(Vec<String>),
    Index(i64),
    Indexes(Vec<i64>),
    Slice {
        from: Option<i64>,
        to: Option<i64>,
    },
    Wildcard,
    Filter(Filter),
    /// `..`: this node and all below it.
    Descend,
}

/// The text is no path that we take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAPath(pub(crate) String);

impl Path {
    /// The text as the definition has it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where it begins.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// The variable that it begins at.
    pub fn variable(&self) -> Option<&str> {
        match &self.root {
            Root::Variable(name) => Some(name),
            Root::Input | Root::Context => None,
        }
    }

    /// Whether it is just `$`.
    pub fn is_whole_input(&self) -> bool {
        self.root == Root::Input && self.steps.is_empty()
    }

    /// Whether it can name at most one node.
    pub fn is_definite(&self) -> bool {
        let last = self.steps.len().saturating_sub(1);
        self.steps.iter().enumerate().all(|(at, step)| match step {
            Step::Child(_) | Step::Index(_) => true,
            Step::Children(_) => at == last,
            Step::Indexes(_) | Step::Slice { .. } | Step::Wildcard | Step::Filter(_) | Step::Descend => false,
        })
    }
}

impl std::str::FromStr for Path {
    type Err = NotAPath;

    fn from_str(text: &str) -> Result<Self, NotAPath> {
        parse::path(text)
    }
}
