//! Whatever a file is called and holds: what is said about it stands inside of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trainyard_fuzz::bounded;
use trainyard_lang::lint::lint;

fuzz_target!(|bytes: &[u8]| bounded(|| {
    for path in ["machine.asl.json", "machine.asl.yaml", "template.yaml"] {
        for seen in lint(path, bytes, &|path| Err(format!("there is no {path}"))) {
            // YAML ends lines at carriage returns too; what is missing at the end stands on the line after it.
            let lines = seen.text.split(['\n', '\r']).count() + 1;
            for one in &seen.found {
                assert!(one.position.is_none_or(|at| at.line as usize <= lines), "{path}: {one:?}");
            }
        }
    }
}));
