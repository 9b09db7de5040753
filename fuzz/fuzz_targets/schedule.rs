//! A schedule that was read has a next moment, or none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trainyard_lang::schedule::Schedule;

fuzz_target!(|text: &str| {
    if let Ok(schedule) = text.parse::<Schedule>() {
        let _ = schedule.next(0, 1_700_000_000_000);
    }
});
