//! Reading the entries of `Choices`.

use serde_json::{Map, Value};

use super::{Choice, Condition, Kind, Operand, Operator, Relation, Test};
use crate::asl::{
    assign::Assign,
    diagnostic::Report,
    fields::{Fields, below},
    flow::Exit,
    language::Language,
    path::Path,
    states::Given,
    timestamp,
};

/// What an operator compares.
#[derive(Clone, Copy)]
enum Family {
    Boolean,
    Numeric,
    String,
    Timestamp,
}

/// An entry, with its `Next`.
pub(crate) fn read_choice(mut fields: Fields<'_>, value: &Value) -> Option<Choice> {
    fields.require(&["Next"]);
    let next = fields.text("Next").map(str::to_owned);
    let (condition, exit) = match fields.language {
        Language::JsonPath => {
            let condition = read_condition(value, &fields.pointer, true, fields.report);
            for foreign in ["Output", "Condition"].into_iter().filter(|name| fields.has(name)) {
                let message = format!(
                    "The QueryLanguage is set to 'JSONPath', but field '{foreign}' is only supported for the \
                     'JSONata' QueryLanguage"
                );
                fields.report.schema(&fields.pointer, message);
            }
            (condition, Exit { output: None, assign: Assign::read(&mut fields) })
        }
        Language::Jsonata => {
            fields.foreign(&["Variable", "And", "Or", "Not"]);
            let read = (read_jsonata(&mut fields), Exit::read(&mut fields));
            fields.finish();
            read
        }
    };
    Some(Choice { condition: condition?, next: next?, exit })
}

fn read_jsonata(fields: &mut Fields<'_>) -> Option<Condition> {
    fields.require(&["Condition"]);
    match Given::expression(fields, "Condition") {
        Some(Some(Given::<bool>::Jsonata(expression))) => Some(Condition::Jsonata(expression)),
        Some(_) => None,
        None => {
            let always = fields.boolean("Condition")?;
            let all = Condition::And(Vec::new());
            Some(if always { all } else { Condition::Not(Box::new(all)) })
        }
    }
}

fn read_condition(value: &Value, pointer: &str, top: bool, report: &Report) -> Option<Condition> {
    let Value::Object(members) = value else {
        report.schema(pointer, "Expected value of type Object");
        return None;
    };
    let mut variable = None;
    let mut operators = Vec::new();
    for (name, value) in members {
        let at = below(pointer, name);
        match name.as_str() {
            "Comment" => {}
            "Next" if top => {}
            "Next" => report.schema(pointer, "Field 'Next' is not supported"),
            "Variable" => variable = read_path(value, &at, report).or(variable),
            "Assign" | "Output" | "Condition" if top => {}
            _ => operators.push((name.as_str(), value, at)),
        }
    }
    let [(name, value, at)] = &operators[..] else {
        report.schema(pointer, one_operator(members, &operators));
        return None;
    };
    let combined = |all: Option<Vec<Condition>>| all.filter(|all| !all.is_empty());
    let refused = match *name {
        "And" => return combined(read_list(value, at, report)).map(Condition::And),
        "Or" => return combined(read_list(value, at, report)).map(Condition::Or),
        "Not" => return read_condition(value, at, false, report).map(|one| Condition::Not(Box::new(one))),
        _ if !members.contains_key("Variable") => Some("These fields are required: [Variable]"),
        _ => None,
    };
    if let Some(message) = refused {
        report.schema(pointer, message);
    }
    let operator = read_operator(name, value, pointer, report);
    Some(Condition::Test { variable: variable?, test: Test(operator?) })
}

/// What is wrong with no operator, or with several of them.
fn one_operator(members: &Map<String, Value>, operators: &[(&str, &Value, String)]) -> String {
    let combined = operators.iter().any(|(name, ..)| matches!(*name, "And" | "Or" | "Not"));
    if combined || !members.contains_key("Variable") {
        let all = "[And, Or, Not, Variable, Condition]";
        return format!("The object must have only one of the following fields, {all}");
    }
    let names: Vec<_> = operators.iter().map(|(name, ..)| *name).collect();
    match names[..] {
        [] => "A comparison operator is required".to_owned(),
        _ => format!("There should only be one of the following fields: [{}]", names.join(", ")),
    }
}

fn read_list(value: &Value, pointer: &str, report: &Report) -> Option<Vec<Condition>> {
    let Some(list) = value.as_array().filter(|list| !list.is_empty()) else {
        report.schema(pointer, "Value cannot be empty");
        return None;
    };
    let read = |(at, value)| read_condition(value, &format!("{pointer}/{at}"), false, report);
    list.iter().enumerate().map(read).collect()
}

fn read_path(value: &Value, pointer: &str, report: &Report) -> Option<Path> {
    let read = match value.as_str() {
        Some(text) => text.parse::<Path>().map_err(|why| why.to_string()),
        None => Err("it is not a string".to_owned()),
    };
    match read {
        Ok(path) => {
            path.variable().into_iter().for_each(|variable| report.refer(variable));
            Some(path)
        }
        Err(_) if !value.as_str().is_some_and(|text| text.starts_with('$')) => {
            let message = "Value is not a Reference Path: Reference path didn't start with '$'";
            report.schema(pointer, message);
            None
        }
        Err(why) => {
            report.schema(pointer, format!("Value is not a Reference Path: {why}"));
            None
        }
    }
}

fn read_operator(name: &str, value: &Value, pointer: &str, report: &Report) -> Option<Operator> {
    let at = format!("{pointer}/{name}");
    let boolean = || {
        let read = value.as_bool();
        if read.is_none() {
            report.schema(&at, "Expected value of type Boolean");
        }
        read
    };
    if name == "IsPresent" {
        return boolean().map(Operator::Present);
    }
    if let Some((_, kind)) = Kind::ALL.iter().find(|(known, _)| *known == name) {
        return boolean().map(|expected| Operator::Is { kind: *kind, expected });
    }
    if name == "StringMatches" {
        let pattern = value.as_str().map(str::to_owned);
        if pattern.is_none() {
            report.schema(&at, "Expected value of type String");
        }
        return pattern.map(Operator::Matches);
    }
    let (short, is_path) = name.strip_suffix("Path").map_or((name, false), |short| (short, true));
    let Some((family, relation)) = comparison(short) else {
        report.schema(pointer, format!("Field '{name}' is not supported"));
        return None;
    };
    let operand = if is_path {
        Operand::Path(read_path(value, &at, report)?)
    } else {
        Operand::Literal(read_literal(family, value, &at, report)?)
    };
    Some(match family {
        Family::Boolean => Operator::Boolean(operand),
        Family::Numeric => Operator::Numeric(relation, operand),
        Family::String => Operator::String(relation, operand),
        Family::Timestamp => Operator::Timestamp(relation, operand),
    })
}

fn comparison(name: &str) -> Option<(Family, Relation)> {
    if name == "BooleanEquals" {
        return Some((Family::Boolean, Relation::Equal));
    }
    let families =
        [("Numeric", Family::Numeric), ("String", Family::String), ("Timestamp", Family::Timestamp)];
    families.into_iter().find_map(|(prefix, family)| {
        let rest = name.strip_prefix(prefix)?;
        let (_, relation) = Relation::ALL.iter().find(|(known, _)| *known == rest)?;
        Some((family, *relation))
    })
}

fn read_literal(family: Family, value: &Value, at: &str, report: &Report) -> Option<Value> {
    let (right, kind) = match family {
        Family::Boolean => (value.is_boolean(), "Expected value of type Boolean"),
        Family::Numeric => (value.is_number(), "Expected value of type Number"),
        Family::String => (value.is_string(), "Expected value of type String"),
        Family::Timestamp => {
            (value.as_str().and_then(timestamp::read).is_some(), "String does not match RFC3339 timestamp")
        }
    };
    if !right {
        report.schema(at, kind);
    }
    right.then(|| value.clone())
}
