//! `States.UUID()`: a random UUID of version 4.

use serde_json::Value;

use crate::asl::scope::Scope;

pub(super) fn apply(_: &[Value], scope: &Scope<'_>) -> Result<Value, String> {
    let (high, low) = (scope.roll(), scope.roll());
    let high = (high & !0xf000) | 0x4000;
    let low = (low & !(0b11 << 62)) | (0b10 << 62);
    let text = format!("{high:016x}{low:016x}");
    Ok(format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]).into())
}
