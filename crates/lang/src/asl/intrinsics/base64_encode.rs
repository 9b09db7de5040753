//! `States.Base64Encode(text)`: the UTF-8 bytes of the text in Base64.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::argument::short_text;
use crate::asl::scope::Scope;

pub(super) fn apply(arguments: &[Value], _: &Scope<'_>) -> Result<Value, String> {
    Ok(STANDARD.encode(short_text(arguments, 0)?).into())
}
