//! An event pattern that was read can be asked.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::json;
use trainyard_fuzz::bounded;
use trainyard_lang::{matcher, pattern::Pattern};

fuzz_target!(|text: &str| bounded(|| {
    if let Ok(pattern) = Pattern::parse(text) {
        let event = json!({
            "source": "a", "time": "2026-01-01T00:00:00Z", "resources": ["arn:aws:s3:::b", "x"],
            "detail": {"n": [1, 2.5, null, -3e10], "s": "xyzxyzxyz", "ip": "10.0.0.1", "l": [{"a": 1}, {"a": 2, "b": "é"}]},
        });
        let _ = matcher::matches(&pattern, &event.to_string());
    }
}));
