//! `Succeed`: ends the execution, or its branch, well.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-succeed.html>

use crate::asl::{
    fields::Fields,
    flow::{Flow, Takes},
};

pub(super) fn read(fields: &mut Fields<'_>) -> Flow {
    Flow::read(fields, Takes { assign: false, ..Takes::NOTHING })
}
