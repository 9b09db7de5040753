//! A text is read as a definition or refused with a reason.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trainyard_fuzz::bounded;
use trainyard_lang::asl;

fuzz_target!(|text: &str| bounded(|| match asl::parse(text) {
    Ok(machine) => assert!(!machine.graph.all_states().is_empty()),
    Err(found) => assert!(!found.is_empty()),
}));
