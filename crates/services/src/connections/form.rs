//! JSON as `application/x-www-form-urlencoded`, and values in URLs. Pure.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html#url-encode-request-body>

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// All but what RFC 3986 leaves as it is.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// How lists are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Arrays {
    /// `a[0]=x&a[1]=y`
    #[default]
    Indices,
    /// `a=x&a=y`
    Repeat,
    /// `a=x,y`
    Commas,
    /// `a[]=x&a[]=y`
    Brackets,
}

/// The text as it stands in a query or a form.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Names and values as a query or a form.
pub(super) fn joined<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let pairs = pairs.into_iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// An object's members as a form; anything else is its own text.
pub(super) fn form(value: &Value, arrays: Arrays) -> String {
    let Value::Object(members) = value else { return text(value) };
    let mut out = Vec::new();
    for (name, member) in members {
        flatten(name, member, arrays, &mut out);
    }
    out.join("&")
}

fn flatten(name: &str, value: &Value, arrays: Arrays, out: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (inner, member) in members {
                flatten(&format!("{name}[{inner}]"), member, arrays, out);
            }
        }
        Value::Array(items) if arrays == Arrays::Commas => {
            let items: Vec<String> = items.iter().map(|item| encoded(&text(item))).collect();
            out.push(format!("{}={}", encoded(name), items.join(",")));
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                let name = match arrays {
                    Arrays::Indices => format!("{name}[{at}]"),
                    Arrays::Brackets => format!("{name}[]"),
                    Arrays::Repeat | Arrays::Commas => name.to_owned(),
                };
                flatten(&name, item, arrays, out);
            }
        }
        scalar => out.push(format!("{}={}", encoded(name), encoded(&text(scalar)))),
    }
}

/// A text as it is, nothing for null, anything else as JSON.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_are_written_as_asked() {
        let check = |arrays, expect: &str| assert_eq!(form(&json!({"a": ["x", "y z"]}), arrays), expect);
        check(Arrays::Indices, "a%5B0%5D=x&a%5B1%5D=y%20z");
        check(Arrays::Repeat, "a=x&a=y%20z");
        check(Arrays::Commas, "a=x,y%20z");
        check(Arrays::Brackets, "a%5B%5D=x&a%5B%5D=y%20z");
    }

    #[test]
    fn members_are_flattened() {
        let check = |value: Value, expect: &str| assert_eq!(form(&value, Arrays::default()), expect);
        check(
            json!({"description": "Monthly subscription", "metadata": {"order_details": "a b"}}),
            "description=Monthly%20subscription&metadata%5Border_details%5D=a%20b",
        );
        check(
            json!({"n": 1, "t": true, "z": null, "l": [{"a": [2]}], "ü&=": "é"}),
            "n=1&t=true&z=&l%5B0%5D%5Ba%5D%5B0%5D=2&%C3%BC%26%3D=%C3%A9",
        );
        check(json!({}), "");
        check(json!("a=b"), "a=b");
    }
}
