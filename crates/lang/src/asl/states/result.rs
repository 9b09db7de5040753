//! `InputPath`, `OutputPath` and `ResultPath`.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::asl::{
    fault::Fault,
    fields::Fields,
    path::{Found, Missing, Path, ReferencePath},
    scope::Scope,
};

/// `InputPath` and `OutputPath`: what part of the data is taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Selection {
    /// The field is absent or `$`.
    #[default]
    Whole,
    /// `null`: an empty object in place of the data.
    Nothing,
    /// What the path finds.
    Path(Path),
}

/// `ResultPath`: where a result goes.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Where {
    /// In place of the input: the field is absent or `$`.
    #[default]
    Replace,
    /// Nowhere (`null`): the input goes on as it is.
    Discard,
    /// Into the input.
    Into(ReferencePath),
}

impl Selection {
    /// Takes the part of `value`, which `$` means.
    pub(crate) fn take<'s>(
        &'s self,
        scope: &'s Scope<'_>,
        value: Cow<'s, Value>,
    ) -> Result<Cow<'s, Value>, Fault> {
        let path = match self {
            Self::Whole => return Ok(value),
            Self::Nothing => return Ok(Cow::Owned(Value::Object(Map::new()))),
            Self::Path(path) => path,
        };
        match value {
            Cow::Borrowed(value) => scope.view(value).look(path).map(Found::into_cow),
            Cow::Owned(value) => scope.view(&value).read(path).map(Cow::Owned),
        }
        .map_err(|missing| invalid(path, &missing))
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
    pub(crate) fn put<'s>(&self, input: &'s Value, result: Cow<'s, Value>) -> Result<Cow<'s, Value>, Fault> {
        match self {
            Self::Replace => Ok(result),
            Self::Discard => Ok(Cow::Borrowed(input)),
            Self::Into(path) => {
                let mut whole = input.clone();
                path.put(&mut whole, result.into_owned()).map_err(|_| {
                    let cause = format!("Unable to apply ReferencePath {} to input {input}", path.text());
                    Fault::named("States.ResultPathMatchFailure", cause)
                })?;
                Ok(Cow::Owned(whole))
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
            let message = match text.starts_with('$') {
                true => format!("Value is not a Reference Path ({why})"),
                false => "Value must be a valid JSONPath.".to_owned(),
            };
            fields.report.schema(&fields.at("ResultPath"), message);
            Where::Replace
        }
    }
}
