//! `TimeoutSeconds` and `HeartbeatSeconds`: numbers, paths or JSONata.

use crate::asl::{fault::Fault, fields::Fields, flow::Flow, machine::SECONDS_LIMIT, scope::Scope};

use super::{
    given::{Come, Given},
    result::invalid,
};

/// A number of seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Seconds {
    /// The field's name, for messages.
    name: &'static str,
    given: Given<u64>,
}

impl Seconds {
    /// The number; at least 1.
    pub fn evaluate(&self, flow: &Flow, scope: &Scope<'_>) -> Result<u64, Fault> {
        let dollar = flow.input(scope)?;
        let come = match self.given.come(scope.view(&dollar), invalid)? {
            Ok(seconds) => return Ok(*seconds),
            Err(come) => come,
        };
        let name = self.name;
        let wanted = format!("a whole number between 1 and {SECONDS_LIMIT}");
        let (value, fault) = match come {
            Come::Found(path, value) => {
                let cause = format!(
                    "The {name}Path parameter does not reference {wanted}: {} == {value}",
                    path.text()
                );
                (value, Fault::runtime(cause))
            }
            Come::Made(expression, value) if !value.is_number() => {
                return Err(expression.unexpected("number", &value));
            }
            Come::Made(expression, value) => {
                let cause = format!("The {name} field must be {wanted} but was: {value}");
                (value, Fault::query(cause).located(expression.field()))
            }
        };
        value.as_u64().filter(|seconds| (1..=SECONDS_LIMIT).contains(seconds)).ok_or(fault)
    }

    /// The number, if it is written in the definition.
    pub fn fixed(&self) -> Option<u64> {
        match self.given {
            Given::Fixed(seconds) => Some(seconds),
            Given::Path(_) | Given::Jsonata(_) => None,
        }
    }
}

/// Reads `name` and `path_name`, of which at most one may be there.
pub(crate) fn read_seconds(
    fields: &mut Fields<'_>,
    name: &'static str,
    path_name: &'static str,
) -> Option<Seconds> {
    let fixed = |fields: &mut Fields<'_>, name| fields.integer(name, 1, SECONDS_LIMIT);
    Given::read(fields, (name, path_name), fixed).map(|given| Seconds { name, given })
}
