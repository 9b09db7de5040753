//! `InputPath`, `OutputPath` and `ResultPath`.

use serde_json::{Map, Value};

use crate::asl::{
    fault::Fault,
    fields::Fields,
    path::{Missing, Path, ReferencePath},
    scope::Scope,
};

/// `InputPath` and `OutputPath`: what part of the data is taken.
#[derive(Clone, Debug, PartialEq)]
pub enum Selection {
    /// The field is absent or `$`.
    Whole,
    /// `null`: an empty object in place of the data.
    Nothing,
    /// What the path finds.
    Path(Path),
}

/// `ResultPath`: where a result goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Where {
    /// In place of the input: the field is absent or `$`.
    Replace,
    /// Nowhere (`null`): the input goes on as it is.
    Discard,
    /// Into the input.
    Into(ReferencePath),
}

impl Selection {
    /// Takes the part of the scope's input.
    pub fn take(&self, scope: &Scope<'_>) -> Result<Value, Fault> {
        match self {
            Self::Whole => Ok(scope.input.clone()),
            Self::Nothing => Ok(Value::Object(Map::new())),
            Self::Path(path) => scope.read(path).map_err(|missing| invalid(path, &missing)),
        }
    }
}

/// The fault of a field of a state whose path finds nothing, in AWS's words.
pub(crate) fn invalid(path: &Path, missing: &Missing) -> Fault {
    let cause = format!("Invalid path '{}' : {}", path.text(), missing.reason());
    match missing {
        Missing::NoResult(_) => Fault::runtime(cause),
        Missing::TooMuch => Fault::too_large(cause),
    }
}

impl Where {
    /// The input with the result where it belongs.
    pub fn put(&self, input: &Value, result: Value) -> Result<Value, Fault> {
        match self {
            Self::Replace => Ok(result),
            Self::Discard => Ok(input.clone()),
            Self::Into(path) => {
                let mut whole = input.clone();
                path.put(&mut whole, result).map_err(|_| Fault {
                    error: "States.ResultPathMatchFailure",
                    cause: format!("Unable to apply ReferencePath {} to input {input}", path.text()),
                })?;
                Ok(whole)
            }
        }
    }
}

pub(crate) fn read_selection(fields: &mut Fields<'_>, name: &'static str) -> Selection {
    if fields.value(name).is_some_and(Value::is_null) {
        return Selection::Nothing;
    }
    match fields.path(name) {
        Some(path) if !path.is_whole_input() => Selection::Path(path),
        _ => Selection::Whole,
    }
}

pub(crate) fn read_result_path(fields: &mut Fields<'_>) -> Where {
    if fields.value("ResultPath").is_some_and(Value::is_null) {
        return Where::Discard;
    }
    let Some(text) = fields.text("ResultPath") else { return Where::Replace };
    match text.parse::<ReferencePath>() {
        Ok(_) if text == "$" => Where::Replace,
        Ok(path) => Where::Into(path),
        Err(why) => {
            fields.report.schema(&fields.at("ResultPath"), format!("Value is not a Reference Path ({why})"));
            Where::Replace
        }
    }
}
