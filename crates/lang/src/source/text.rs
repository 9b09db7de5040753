//! From bytes to text.

use super::{Diagnostic, Position};

/// Texts longer than this are refused, in bytes: AWS's limit for a definition and for a template.
pub const MAX_BYTES: usize = 1024 * 1024;

/// The text of `bytes` without a byte order mark.
pub(super) fn checked(bytes: &[u8]) -> Result<&str, Vec<Diagnostic>> {
    if bytes.len() > MAX_BYTES {
        let message = format!("the text has {} bytes, more than the {MAX_BYTES} that are read", bytes.len());
        return Err(vec![Diagnostic::error(message)]);
    }
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let good = String::from_utf8_lossy(&bytes[..e.valid_up_to()]);
        let message = match bytes {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "the text is UTF-16; save it as UTF-8",
            _ => "the text is not UTF-8 from here on",
        };
        vec![Diagnostic::error(message).at(Position::of_offset(&good, good.len()))]
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}
