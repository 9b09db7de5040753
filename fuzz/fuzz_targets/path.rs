//! A path that was read can be followed, and where it names one place, written to.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use trainyard_fuzz::bounded;
use trainyard_lang::asl::{Path, ReferencePath};

fuzz_target!(|text: &str| bounded(|| {
    let input = json!({"a": [1, {"a": "é", "b": [[2], null]}], "é": {"1": null}, "b": true});
    if let Ok(path) = text.parse::<Path>() {
        let _ = path.find(&input);
    }
    if let Ok(path) = text.parse::<ReferencePath>() {
        let mut written = input.clone();
        match path.put(&mut written, json!("new")) {
            Ok(()) => assert!(text.parse::<Path>().is_ok_and(|path| path.find(&written).is_ok())),
            Err(_) => assert_eq!(written, input),
        }
    }
}));
