//! `MaxConcurrency`, `ToleratedFailureCount`, `ToleratedFailurePercentage` and other numbers of a Map.

use serde_json::Value;

use crate::asl::{
    fault::Fault,
    fields::Fields,
    flow::Flow,
    scope::Scope,
    states::{
        given::{Come, Given},
        result::invalid,
    },
};

/// A whole number, not negative.
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    name: &'static str,
    given: Given<u64>,
}

/// A percentage.
#[derive(Clone, Debug, PartialEq)]
pub struct Percentage(Given<f64>);

const PERCENTAGE: &str = "ToleratedFailurePercentage";

impl Count {
    pub(super) fn read(fields: &mut Fields<'_>, name: &'static str, path_name: &'static str) -> Option<Self> {
        Self::read_at_least(fields, 0, (name, path_name))
    }

    pub(super) fn read_at_least(
        fields: &mut Fields<'_>,
        low: u64,
        names: (&'static str, &'static str),
    ) -> Option<Self> {
        let fixed = |fields: &mut Fields<'_>, name| fields.integer(name, low, i32::MAX.unsigned_abs().into());
        Given::read(fields, names, fixed).map(|given| Self { name: names.0, given })
    }

    /// The number.
    pub fn evaluate(&self, flow: &Flow, scope: &Scope<'_>) -> Result<u64, Fault> {
        let dollar = flow.input(scope)?;
        let name = self.name;
        match self.given.come(scope.view(&dollar), invalid)? {
            Ok(count) => Ok(*count),
            Err(Come::Found(path, value)) => {
                let text = value.as_str().and_then(|text| text.trim().parse().ok());
                let number = value.as_i64().or(text);
                let number = number.ok_or_else(|| no_number(name, "integer", path.text(), &value))?;
                let negative = |_| Fault::runtime(format!("{name} cannot be negative."));
                u64::try_from(number).map_err(negative)
            }
            Err(Come::Made(expression, value)) => {
                if !value.is_number() {
                    return Err(expression.unexpected("number", &value));
                }
                let fault = |why: &str| Fault::query(format!("{name} {why}")).located(expression.field());
                let number = value.as_i64().ok_or_else(|| fault(&format!("must be an integer: {value}")))?;
                u64::try_from(number).map_err(|_| fault("cannot be negative."))
            }
        }
    }
}

impl Percentage {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let fixed = |fields: &mut Fields<'_>, name| {
            let number = fields.number(name, 0.0)?;
            if number > 100.0 {
                fields.report.schema(&fields.at(name), "Maximum value is 100.0");
            }
            Some(number)
        };
        Given::read(fields, (PERCENTAGE, "ToleratedFailurePercentagePath"), fixed).map(Self)
    }

    /// The percentage, from 0 to 100.
    pub fn evaluate(&self, flow: &Flow, scope: &Scope<'_>) -> Result<f64, Fault> {
        let dollar = flow.input(scope)?;
        let outside = format!("{PERCENTAGE} must be between 0 and 100.");
        let (value, fault) = match self.0.come(scope.view(&dollar), invalid)? {
            Ok(number) => return Ok(*number),
            Err(Come::Found(path, value)) => {
                let text = value.as_str().and_then(|text| text.trim().parse::<f64>().ok());
                let number = value.as_f64().or(text);
                let number = number.ok_or_else(|| no_number(PERCENTAGE, "float", path.text(), &value))?;
                (number.into(), Fault::runtime(outside))
            }
            Err(Come::Made(expression, value)) => {
                if !value.is_number() {
                    return Err(expression.unexpected("number", &value));
                }
                (value, Fault::query(outside).located(expression.field()))
            }
        };
        value.as_f64().filter(|number| (0.0..=100.0).contains(number)).ok_or(fault)
    }
}

fn no_number(name: &str, kind: &str, path: &str, value: &Value) -> Fault {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Fault::runtime(format!(
        "The {name}Path field refers to value \"{text}\" which is not a valid {kind}: {path}"
    ))
}
