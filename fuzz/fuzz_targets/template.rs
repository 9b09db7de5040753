//! A payload template that was read can be filled: paths and intrinsic functions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use trainyard_fuzz::bounded;
use trainyard_lang::asl::{Scope, parse_value};

fuzz_target!(|text: &str| bounded(|| {
    let state = json!({"Type": "Pass", "Parameters": {"a.$": text, "b": [{"c.$": text}]}, "End": true});
    let Ok(machine) = parse_value(&json!({"StartAt": "S", "States": {"S": state}})) else { return };
    let input = json!({"a": [1, {"a": "é", "b": [[2], null]}], "é": {"1": null}, "b": "x,y"});
    let _ = machine.graph.states["S"].flow.arguments(&Scope::new(&input, 1));
}));
