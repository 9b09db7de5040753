//! An event pattern that was read can be asked.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use trainyard_lang::pattern::Pattern;

fuzz_target!(|text: &str| {
    if let Ok(pattern) = Pattern::parse(text) {
        let _ = pattern.matches(&json!({"source": "a", "detail": {"n": [1, 2.5, null], "s": "x"}}));
    }
});
