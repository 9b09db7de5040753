//! `Succeed`: ends the execution well.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-succeed.html>

use crate::asl::fields::Fields;

use super::{Selection, result::read_selection};

/// A Succeed state.
#[derive(Clone, Debug, PartialEq)]
pub struct Succeed {
    /// `InputPath`
    pub input_path: Selection,
    /// `OutputPath`
    pub output_path: Selection,
}

pub(super) fn read(fields: &mut Fields<'_>) -> Succeed {
    Succeed {
        input_path: read_selection(fields, "InputPath"),
        output_path: read_selection(fields, "OutputPath"),
    }
}
