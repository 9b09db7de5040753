//! `States.UUID()`: a random UUID of version 4.

use serde_json::Value;

use crate::asl::scope::Scope;

pub(super) fn apply(_: &[Value], scope: &Scope<'_>) -> Result<Value, String> {
    Ok(uuid_of(scope.roll(), scope.roll()).into())
}

/// The UUID of so much chance.
pub(crate) fn uuid_of(high: u64, low: u64) -> String {
    let high = (high & !0xf000) | 0x4000;
    let low = (low & !(0b11 << 62)) | (0b10 << 62);
    let text = format!("{high:016x}{low:016x}");
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}
