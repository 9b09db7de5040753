//! Whatever text comes: it is read or refused, never anything else, and what was read can be followed.

use proptest::prelude::*;
use serde_json::json;

use super::{Expression, Path, ReferencePath, Resource, Scope, check, parse};

/// Texts made of the pieces that the parsers look for.
fn texts() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "$",
        "$$",
        ".",
        "..",
        "[",
        "]",
        "*",
        "?",
        "(",
        ")",
        "@",
        "'",
        "\"",
        "\\",
        ",",
        ":",
        "-",
        "0",
        "1",
        "99",
        "a",
        "é",
        "漢",
        " ",
        "==",
        "!=",
        "!",
        "&&",
        "||",
        "<",
        ">=",
        "null",
        "true",
        "{",
        "}",
        "{}",
        "States.",
        "Array",
        "Format",
        "StringToJson",
        "UUID",
        "ArrayRange",
        "MathAdd",
        "arn:aws:states:::",
        "aws-sdk:",
        ".sync",
        "\n",
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn expressions(text in texts(), plain in ".{0,40}") {
        let (input, context) = (json!({"a": [1, {"a": "é"}], "é": {"1": null}}), json!({"a": 0}));
        for text in [&text, &plain, &format!("${text}"), &format!("States.Format({text})"), &format!("$[?({text})]")] {
            if let Ok(expression) = Expression::parse(text) {
                let _ = expression.evaluate("field", Scope::new(&input, 1).with_context(&|| context.clone()).view(&input));
            }
            if let Ok(path) = text.parse::<ReferencePath>() {
                let _ = path.put(&mut input.clone(), json!(1));
                prop_assert!(text.parse::<Path>().is_ok());
            }
            if let Ok(resource) = text.parse::<Resource>() {
                prop_assert_eq!(resource.to_string(), text.as_str());
            }
        }
    }

    /// A definition with one piece of it replaced is read or refused with at least one reason, each in its place.
    #[test]
    fn definitions(at in 0..1_000_usize, text in texts()) {
        let whole = include_str!("tests/whole.asl.json");
        let pieces: Vec<&str> = whole.split('"').collect();
        let mut broken = pieces.clone();
        broken[at % pieces.len()] = &text;
        let broken = broken.join("\"");
        if let Err(found) = parse(&broken) {
            prop_assert!(!found.is_empty());
            prop_assert!(!check(&broken).unwrap_err().is_empty());
        }
    }
}
