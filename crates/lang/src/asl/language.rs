//! `QueryLanguage`.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>

use std::fmt;

use super::fields::Fields;

/// The language of a state's expressions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// `JSONPath`, which is meant where nothing is said.
    #[default]
    JsonPath,
    /// `JSONata`
    Jsonata,
}

impl Language {
    /// The name in definitions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JsonPath => "JSONPath",
            Self::Jsonata => "JSONata",
        }
    }

    /// The one that this is not.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::JsonPath => Self::Jsonata,
            Self::Jsonata => Self::JsonPath,
        }
    }

    /// What the object says, or else what is said around it.
    pub(crate) fn read(fields: &mut Fields<'_>, outer: Option<Self>) -> Self {
        let Some(text) = fields.text("QueryLanguage") else { return outer.unwrap_or_default() };
        match text {
            "JSONata" => Self::Jsonata,
            "JSONPath" => {
                if outer == Some(Self::Jsonata) {
                    let message =
                        "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
                    fields.report.schema(&fields.pointer, message);
                }
                Self::JsonPath
            }
            _ => {
                let message = "Value should be one of the following: [JSONPath, JSONata]";
                fields.report.schema(&fields.at("QueryLanguage"), message);
                // AWS reads the rest as if it were this one.
                Self::Jsonata
            }
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
