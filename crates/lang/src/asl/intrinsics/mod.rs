//! The functions of payload templates, one file each.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html>

mod argument;
mod array;
mod array_contains;
mod array_get_item;
mod array_length;
mod array_partition;
mod array_range;
mod array_unique;
mod base64_decode;
mod base64_encode;
mod format;
mod hash;
mod json_merge;
mod json_to_string;
mod math_add;
mod math_random;
mod parse;
mod string_split;
mod string_to_json;
#[cfg(test)]
mod tests;
mod uuid;

pub(crate) use self::{hash::digest, uuid::uuid_of};

use std::ops::RangeInclusive;

use serde_json::Value;

use super::{
    fault::Fault,
    path::{Missing, Path},
    scope::{Scope, View},
};

/// A call of a function, checked: the function exists and takes so many arguments.
#[derive(Clone, Debug)]
pub struct Call {
    text: String,
    function: &'static Function,
    arguments: Vec<Argument>,
}

#[derive(Clone, Debug, PartialEq)]
enum Argument {
    Literal(Value),
    Path(Path),
    Call(Call),
}

/// A function of the table.
#[derive(Debug)]
struct Function {
    name: &'static str,
    takes: RangeInclusive<usize>,
    apply: fn(&[Value], &Scope<'_>) -> Result<Value, String>,
}

/// Why a call gave no value.
#[derive(Debug)]
pub(crate) enum CallFault {
    /// A path among the arguments names nothing.
    NoArgument(String),
    /// The function refuses its arguments.
    Failed(String),
    /// More than that.
    Fault(Fault),
}

/// As many arguments as anybody likes.
const ANY: usize = usize::MAX;

/// All functions.
static FUNCTIONS: &[Function] = &[
    Function { name: "States.Array", takes: 0..=ANY, apply: array::apply },
    Function { name: "States.ArrayContains", takes: 2..=2, apply: array_contains::apply },
    Function { name: "States.ArrayGetItem", takes: 2..=2, apply: array_get_item::apply },
    Function { name: "States.ArrayLength", takes: 1..=1, apply: array_length::apply },
    Function { name: "States.ArrayPartition", takes: 2..=2, apply: array_partition::apply },
    Function { name: "States.ArrayRange", takes: 3..=3, apply: array_range::apply },
    Function { name: "States.ArrayUnique", takes: 1..=1, apply: array_unique::apply },
    Function { name: "States.Base64Decode", takes: 1..=1, apply: base64_decode::apply },
    Function { name: "States.Base64Encode", takes: 1..=1, apply: base64_encode::apply },
    Function { name: FORMAT, takes: 1..=ANY, apply: format::apply },
    Function { name: "States.Hash", takes: 2..=2, apply: hash::apply },
    Function { name: "States.JsonMerge", takes: 3..=3, apply: json_merge::apply },
    Function { name: "States.JsonToString", takes: 1..=1, apply: json_to_string::apply },
    Function { name: "States.MathAdd", takes: 2..=2, apply: math_add::apply },
    Function { name: "States.MathRandom", takes: 2..=3, apply: math_random::apply },
    Function { name: "States.StringSplit", takes: 2..=2, apply: string_split::apply },
    Function { name: "States.StringToJson", takes: 1..=1, apply: string_to_json::apply },
    Function { name: "States.UUID", takes: 0..=0, apply: uuid::apply },
];

/// The one function whose first argument keeps its escapes until it is filled in.
const FORMAT: &str = "States.Format";

impl PartialEq for Call {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Call {
    /// Reads a call; the reason is for a person.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        parse::call(text)
    }

    /// The variables that its arguments refer to.
    pub(crate) fn variables(&self) -> Vec<&str> {
        let mut all = Vec::new();
        for argument in &self.arguments {
            match argument {
                Argument::Literal(_) => {}
                Argument::Path(path) => all.extend(path.variable()),
                Argument::Call(call) => all.extend(call.variables()),
            }
        }
        all
    }

    pub(crate) fn evaluate(&self, view: View<'_>) -> Result<Value, CallFault> {
        let arguments = self.arguments.iter().map(|a| self.argument(a, view));
        let arguments = arguments.collect::<Result<Vec<_>, _>>()?;
        let value = (self.function.apply)(&arguments, view.scope).map_err(|why| {
            CallFault::Failed(format!("The function '{}' had the following error: {why}", self.text))
        })?;
        view.scope.spend(&value).map_err(CallFault::Fault)?;
        Ok(value)
    }

    fn argument(&self, argument: &Argument, view: View<'_>) -> Result<Value, CallFault> {
        match argument {
            Argument::Literal(value) => Ok(value.clone()),
            Argument::Call(call) => call.evaluate(view),
            Argument::Path(path) => view.read(path).map_err(|missing| match missing {
                Missing::NoResult(_) => CallFault::NoArgument(format!(
                    "The function '{}' had the following error: The JsonPath argument for the field '{}' could \
                     not be found in the input '{}'",
                    self.text,
                    path.text(),
                    view.dollar
                )),
                Missing::TooMuch => CallFault::Fault(Fault::too_large(format!(
                    "The JsonPath argument '{}' of the function '{}' selects too much.",
                    path.text(),
                    self.text
                ))),
            }),
        }
    }
}
