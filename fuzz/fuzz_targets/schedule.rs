//! A schedule that was read has a next moment, or none, and that is later.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trainyard_fuzz::bounded;
use trainyard_lang::schedule::Schedule;

fuzz_target!(|text: &str| bounded(|| {
    if let Ok(schedule) = text.parse::<Schedule>() {
        let after = 1_700_000_000_000;
        assert!(schedule.next(0, after).is_none_or(|next| next > after));
    }
}));
