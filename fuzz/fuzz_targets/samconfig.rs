//! Bytes are read as a samconfig.toml or refused with a reason, and so is the text of its overrides.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trainyard_fuzz::bounded;
use trainyard_lang::samconfig::{SamConfig, parse_overrides};

fuzz_target!(|bytes: &[u8]| bounded(|| {
    assert!(!SamConfig::parse(bytes, "default").is_err_and(|found| found.is_empty()));
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert!(!parse_overrides(text).is_err_and(|why| why.is_empty()));
    }
}));
