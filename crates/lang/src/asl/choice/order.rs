//! The relations that the ordering operators ask for.

use std::cmp::Ordering;

/// `Equals`, `LessThan`, …
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Relation {
    /// The relations by the ends of the operators' names.
    pub(super) const ALL: &[(&str, Self)] = &[
        ("Equals", Self::Equal),
        ("LessThan", Self::Less),
        ("LessThanEquals", Self::LessEqual),
        ("GreaterThan", Self::Greater),
        ("GreaterThanEquals", Self::GreaterEqual),
    ];

    pub(super) fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterEqual => ordering.is_ge(),
        }
    }
}
