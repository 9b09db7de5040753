//! Bytes are read as a buildspec or refused with a reason.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trainyard_fuzz::bounded;
use trainyard_lang::buildspec::Buildspec;

fuzz_target!(|bytes: &[u8]| bounded(|| {
    assert!(!Buildspec::parse(bytes).is_err_and(|found| found.is_empty()));
}));
