//! A path that was read can be followed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use trainyard_lang::asl::{Path, ReferencePath};

fuzz_target!(|text: &str| {
    let input = json!({"a": [1, {"a": "é", "b": [[2], null]}], "é": {"1": null}, "b": true});
    if let Ok(path) = text.parse::<Path>() {
        let _ = path.find(&input);
    }
    if let Ok(path) = text.parse::<ReferencePath>() {
        let _ = path.put(&mut input.clone(), json!(1));
    }
});
