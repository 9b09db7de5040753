//! `IsNull`, `IsString`, ….

use serde_json::Value;

use crate::asl::timestamp;

/// What a value may be asked to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Boolean,
    Numeric,
    String,
    Timestamp,
}

impl Kind {
    /// The kinds by the operators' names.
    pub(super) const ALL: &[(&'static str, Self)] = &[
        ("IsNull", Self::Null),
        ("IsBoolean", Self::Boolean),
        ("IsNumeric", Self::Numeric),
        ("IsString", Self::String),
        ("IsTimestamp", Self::Timestamp),
    ];

    pub(super) fn is(self, value: &Value) -> bool {
        match self {
            Self::Null => value.is_null(),
            Self::Boolean => value.is_boolean(),
            Self::Numeric => value.is_number(),
            Self::String => value.is_string(),
            Self::Timestamp => value.as_str().and_then(timestamp::read).is_some(),
        }
    }
}
