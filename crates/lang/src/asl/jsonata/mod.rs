//! JSONata: the expressions in `{% … %}`, and JSON that holds them.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>
//!
//! The language itself is `jsonata-core`'s. What is ours: what expressions see, AWS's functions, what AWS refuses,
//! the words of its faults, and the bounds of what an expression may cost.

mod check;
mod convert;
mod evaluate;
mod expression;
mod forms;
mod functions;
mod guard;
mod names;
#[cfg(test)]
mod official;
mod picture;
mod query;
#[cfg(test)]
mod tests;

pub(crate) use self::evaluate::{Known, Outcome};
pub use self::{expression::Expression, query::Query};
