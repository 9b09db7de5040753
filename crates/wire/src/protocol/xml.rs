//! XML as AWS's query protocol writes it.

use serde_json::Value;

pub(super) const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// One element.
pub(super) fn element(name: &str, inside: &dyn Fn(&mut String)) -> String {
    element_in(name, "", inside)
}

/// One element with its namespace, if any.
pub(super) fn element_in(name: &str, namespace: &str, inside: &dyn Fn(&mut String)) -> String {
    let mut text = match namespace {
        "" => format!("<{name}>"),
        namespace => format!("<{name} xmlns=\"{namespace}\">"),
    };
    inside(&mut text);
    text.push_str("</");
    text.push_str(name);
    text.push('>');
    text
}

/// One element that holds a text.
pub(super) fn text_element(text: &mut String, name: &str, content: &str) {
    text.push_str(&element(name, &|text| escape(text, content)));
}

/// An object's members as elements; lists have `member` elements, what is null is left out.
pub(super) fn members(text: &mut String, value: &Value) {
    for (name, member) in value.as_object().into_iter().flatten() {
        if !member.is_null() {
            text.push_str(&element(name, &|text| content(text, member)));
        }
    }
}

fn content(text: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) => text.push_str(&value.to_string()),
        Value::String(content) => escape(text, content),
        Value::Array(items) => {
            for item in items {
                text.push_str(&element("member", &|text| content(text, item)));
            }
        }
        Value::Object(_) => members(text, value),
    }
}

/// Characters that XML 1.0 cannot hold at all become U+FFFD.
fn escape(text: &mut String, content: &str) {
    for letter in content.chars() {
        match letter {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\r' => text.push_str("&#13;"),
            '\n' | '\t' => text.push(letter),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => text.push('\u{fffd}'),
            _ => text.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_members() {
        let value = serde_json::json!({"A": [{"B": "<&\u{0}"}, 2], "C": null, "D": {"E": true}});
        let mut text = String::new();
        members(&mut text, &value);
        assert_eq!(
            text,
            "<A><member><B>&lt;&amp;\u{fffd}</B></member><member>2</member></A><D><E>true</E></D>"
        );
    }
}
