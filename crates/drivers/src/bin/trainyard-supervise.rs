//! The supervisor alone, for this crate's own tests and measurements. The product runs the same code as
//! `trainyard supervise <directory>`.

use std::{path::Path, process::ExitCode};

fn main() -> ExitCode {
    match std::env::args_os().skip(1).collect::<Vec<_>>().as_slice() {
        [verb, directory] if verb == "supervise" => trainyard_drivers::supervisor::main(Path::new(directory)),
        _ => ExitCode::from(64),
    }
}
