//! JSONata: the expressions in `{% … %}`, and JSON that holds them.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>

mod expression;
mod query;

pub use self::{expression::Expression, query::Query};
