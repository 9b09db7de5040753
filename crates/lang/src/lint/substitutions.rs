//! The places of a definition that its template fills: `${Name}`.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-stepfunctions-statemachine.html>

use serde_json::Value;

use crate::source::Position;

/// One such place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) at: Position,
    start: usize,
    end: usize,
}

/// All places, in the order of the text. What is no name is none: JSONata has `${` too.
pub(super) fn places(text: &str) -> Vec<Place> {
    let mut found = Vec::new();
    let (mut line, mut line_start, mut counted) = (1, 0, 0);
    for (start, _) in text.match_indices("${") {
        let behind = &text[start + 2..];
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
        let name = &behind[..behind.find(|c| !is_name(c)).unwrap_or(behind.len())];
        if name.is_empty() || !behind[name.len()..].starts_with('}') {
            continue;
        }
        for (at, _) in text[counted..start].match_indices('\n') {
            (line, line_start) = (line + 1, counted + at + 1);
        }
        counted = start;
        let column = u32::try_from(text[line_start..start].chars().count()).unwrap_or(u32::MAX - 1) + 1;
        let at = Position { line, column };
        found.push(Place { name: name.to_owned(), at, start, end: start + 3 + name.len() });
    }
    found
}

/// Whether the text has such a place.
pub(super) fn has_place(text: &str) -> bool {
    !places(text).is_empty()
}

/// JSON with a number of the same length in every place outside of quotes, so that it can be read. No line or column
/// moves.
pub(super) fn readable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut quoted = false;
    let mut behind = 0;
    for place in places(text) {
        let mut escaped = false;
        for c in text[behind..place.start].chars() {
            match c {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                _ => {}
            }
        }
        out.push_str(&text[behind..place.start]);
        match quoted {
            true => out.push_str(&text[place.start..place.end]),
            false => out.push_str(&format!("{:<1$}", 1, place.end - place.start)),
        }
        behind = place.end;
    }
    out + &text[behind..]
}

/// The definition with a resource that is known wherever one will be put in, so that the rest of it can be judged.
pub(super) fn with_resources(definition: &mut Value) {
    match definition {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if name == "Resource" && has_place(text) => {
                        *text = "arn:aws:lambda:us-east-1:000000000000:function:put-in-by-the-template"
                            .to_owned();
                    }
                    value => with_resources(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(with_resources),
        _ => {}
    }
}
