//! JSON Lines. <https://jsonlines.org/>

use std::io::{BufRead, BufReader, Read};

use super::{Sink, Unread};

pub(super) fn read(bytes: impl Read, sink: &mut Sink<'_>) -> Result<(), Unread> {
    let mut reader = BufReader::new(bytes);
    let mut line = Vec::new();
    let mut number = 0_u64;
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        number += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let item = serde_json::from_slice(&line)
            .map_err(|error| Unread::Form(format!("Line {number} of the object is not JSON: {error}")))?;
        if sink(item).is_break() {
            return Ok(());
        }
    }
}
