//! `TimeoutSeconds` and `HeartbeatSeconds`, as numbers or as paths.

use crate::asl::{fault::Fault, fields::Fields, machine::SECONDS_LIMIT, path::Path, scope::Scope};

use super::result::invalid;

/// A number of seconds.
#[derive(Clone, Debug, PartialEq)]
pub enum Seconds {
    /// Written in the definition.
    Fixed(u64),
    /// Found in the data.
    Path {
        /// The field's name, for messages.
        field: &'static str,
        /// Where it is.
        path: Path,
    },
}

impl Seconds {
    /// The number; at least 1.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<u64, Fault> {
        let (field, path) = match self {
            Self::Fixed(seconds) => return Ok(*seconds),
            Self::Path { field, path } => (field, path),
        };
        let value = scope.read(path).map_err(|missing| invalid(path, &missing))?;
        value.as_u64().filter(|seconds| (1..=SECONDS_LIMIT).contains(seconds)).ok_or_else(|| {
            Fault::runtime(format!(
                "The {field} parameter does not reference a whole number between 1 and {SECONDS_LIMIT}: {} == \
                 {value}",
                path.text()
            ))
        })
    }
}

/// Reads `name` and `path_name`, of which at most one may be there.
pub(crate) fn read_seconds(
    fields: &mut Fields<'_>,
    name: &'static str,
    path_name: &'static str,
) -> Option<Seconds> {
    fields.one_of(&[name, path_name], false);
    let fixed = fields.integer(name, 1, SECONDS_LIMIT).map(Seconds::Fixed);
    let path = fields.definite_path(path_name).map(|path| Seconds::Path { field: path_name, path });
    fixed.or(path)
}
