//! `States.Base64Decode(text)`: the text that was encoded.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::argument::short_text;
use crate::asl::scope::Scope;

pub(super) fn apply(arguments: &[Value], _: &Scope<'_>) -> Result<Value, String> {
    let bytes = STANDARD.decode(short_text(arguments, 0)?).map_err(|_| "The argument is not Base64")?;
    let text = String::from_utf8(bytes).map_err(|_| "The argument does not encode UTF-8 text")?;
    Ok(text.into())
}
