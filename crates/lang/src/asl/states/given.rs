//! Values of fields that are written down, found by a path, or made by JSONata.

use serde_json::Value;

use crate::asl::{
    fault::Fault, fields::Fields, jsonata::Expression, language::Language, path::Path, scope::View,
};

/// A value that a field gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Given<T> {
    /// Written in the definition.
    Fixed(T),
    /// Found in the data by the field's twin whose name ends in `Path`.
    Path(Path),
    /// Made by JSONata.
    Jsonata(Expression),
}

/// A value as it was given, if it is not written in the definition.
pub(crate) enum Come<'g> {
    /// Found by the path.
    Found(&'g Path, Value),
    /// Made by the expression.
    Made(&'g Expression, Value),
}

impl<T> Given<T> {
    /// Reads `name` and, where the language has it, `path_name`, of which at most one may be there.
    pub(crate) fn read(
        fields: &mut Fields<'_>,
        (name, path_name): (&'static str, &'static str),
        fixed: impl FnOnce(&mut Fields<'_>, &'static str) -> Option<T>,
    ) -> Option<Self> {
        if fields.language == Language::Jsonata {
            fields.foreign(&[path_name]);
            if let Some(expression) = Self::expression(fields, name) {
                return expression;
            }
            return fixed(fields, name).map(Self::Fixed);
        }
        fields.one_of(&[name, path_name], false);
        let fixed = fixed(fields, name).map(Self::Fixed);
        fixed.or(fields.reference_path(path_name).map(Self::Path))
    }

    /// The expression that the field is: none if it is none, and nothing in it if it is broken.
    pub(crate) fn expression(fields: &mut Fields<'_>, name: &'static str) -> Option<Option<Self>> {
        let text = fields.value(name).and_then(Value::as_str).and_then(Expression::inside)?;
        Some(Expression::read(text, &fields.place(name), fields.report).map(Self::Jsonata))
    }

    /// The value that is written in the definition, or what comes in its place.
    pub(crate) fn come(
        &self,
        view: View<'_>,
        missing: impl FnOnce(&Path, &crate::asl::path::Missing) -> Fault,
    ) -> Result<Result<&T, Come<'_>>, Fault> {
        match self {
            Self::Fixed(value) => Ok(Ok(value)),
            Self::Path(path) => {
                let found = view.read(path).map_err(|why| missing(path, &why))?;
                Ok(Err(Come::Found(path, found)))
            }
            Self::Jsonata(expression) => Ok(Err(Come::Made(expression, expression.evaluate(view)?))),
        }
    }
}
