//! The events that are told of themselves, as AWS's services tell them: what an event of a kind can be.
//!
//! A pattern is judged by them without an event ([`judge`]), and their JSON schemas are in `docs/events`.

mod fit;
mod judge;
mod kinds;
mod schema;
#[cfg(test)]
mod tests;

pub use self::{fit::misfits, judge::judge, kinds::KINDS, schema::schema};

/// A kind of events.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Who tells it.
    pub source: &'static str,
    /// What AWS calls it.
    pub detail_type: &'static str,
    /// The fields of its detail, by dotted name.
    pub fields: &'static [Field],
    /// A field that says what was decided: a rule that does not look at it acts on every decision.
    pub decided_by: Option<&'static str>,
}

/// A field of the detail.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its dotted name, below `detail`.
    pub name: &'static str,
    /// What it can be.
    pub values: Values,
}

/// What a field can be. Any of them may be missing from an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A text.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// Texts in a list.
    Texts,
    /// An object or list whose fields are not told here.
    Open,
}
