//! An expression that was read ends, whatever it does.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use trainyard_fuzz::bounded;
use trainyard_lang::asl::{Scope, parse_value};

// What panics inside of the evaluator and is contained is no find: only what gets out is.
fuzz_target!(init: { drop(std::panic::take_hook()); }, |text: &str| bounded(|| {
    let output = format!("{{% {text} %}}");
    let state = json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": output, "End": true});
    let Ok(machine) = parse_value(&json!({"StartAt": "S", "States": {"S": state}})) else { return };
    let input = json!({
        "a": [1, {"a": "é", "b": [[2], null]}], "é": {"1": null}, "b": "x,y", "l": vec!["x"; 300],
        "Account": {"Order": [{"Product": [{"Price": 1.5, "Quantity": 2}, {"Price": 3, "Quantity": 1}]}]},
    });
    let _ = machine.graph.states["S"].flow.leave(&Scope::new(&input, 1), None);
}));
