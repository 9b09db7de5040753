use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

type Read = fn(&[u8]) -> Result<Node, Vec<Diagnostic>>;

/// What a reader makes of a text: its JSON, or its diagnostics as they are shown.
fn check(read: Read, input: impl AsRef<[u8]>, expect: Result<Value, &[&str]>) {
    let got = read(input.as_ref()).map(|node| node.to_json());
    let got = got.map_err(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(got, expect.map_err(|lines| lines.iter().map(ToString::to_string).collect()));
}

#[test]
fn json_values() {
    let text = r#"{"a": [1, -0.5e3, null, true, false], "b": {"c": "\u00e9\ud83d\ude00\n"}}"#;
    check(read_json, text, Ok(json!({"a": [1, -0.5e3, null, true, false], "b": {"c": "é😀\n"}})));
    check(read_json, "\u{feff} \"x\" ", Ok(json!("x")));
    check(read_json, "9007199254740993", Ok(json!(9_007_199_254_740_993_i64)));
}

#[test]
fn json_keeps_numbers_as_written() {
    let node = read_json(b"[1.0, 1E2]").unwrap();
    let spelled: Vec<_> = node.items().iter().filter_map(Node::scalar_text).collect();
    assert_eq!(spelled, ["1.0", "1E2"]);
}

#[test]
fn json_faults_name_their_place() {
    let faults = [
        ("", "1:1: the text ends too early, expected a value"),
        ("{'a': 1}", "1:2: unexpected character `'`, expected a key in double quotes"),
        ("{\"a\" 1}", "1:6: unexpected character `1`, expected a colon behind the key"),
        ("[1,\n 2 3]", "2:4: unexpected character `3`, expected a comma or `]`"),
        ("[1,]", "1:4: unexpected character `]`, expected a value"),
        ("{\"a\": yes}", "1:10: unknown word `yes`, expected a value"),
        ("{} {}", "1:4: unexpected character `{`, expected the end of the text"),
        ("\"a\tb\"", "1:3: control character `\\t` in a string, write it as an escape"),
        ("\"\\x\"", "1:2: `\\x` is not an escape sequence"),
        ("\"\\ud800\"", "1:2: half of a surrogate pair is not a character"),
        ("012", "1:1: a number must not begin with a zero"),
        ("1e999", "1:1: the number is out of range"),
        ("1.", "1:3: the text ends too early, expected a digit"),
        ("\"abc", "1:5: the text ends too early, expected the closing quote of a string"),
    ];
    for (text, expect) in faults {
        check(read_json, text, Err(&[expect]));
    }
}

#[test]
fn json_reports_every_duplicate_key() {
    check(
        read_json,
        "{\"a\": 1,\n \"a\": {\"b\": 1, \"b\": 2}}",
        Err(&[
            "2:2: duplicate key `a`, first at 1:2 (at /a)",
            "2:16: duplicate key `b`, first at 2:8 (at /a/b)",
        ]),
    );
}

#[test]
fn json_depth_is_limited() {
    let nested = |n| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(read_json(nested(128).as_bytes()).is_ok());
    check(read_json, nested(129), Err(&["1:129: nested deeper than 128 levels"]));
}

#[test]
fn bytes_that_are_no_text() {
    check(read_json, b"\"a\n\xff\"", Err(&["2:1: the text is not UTF-8 from here on"]));
    check(read_yaml, b"\xff\xfea\0", Err(&["1:1: the text is UTF-16; save it as UTF-8"]));
    let long = " ".repeat(MAX_BYTES + 1);
    check(read_json, long, Err(&["the text has 1048577 bytes, more than the 1048576 that are read"]));
}

#[test]
fn yaml_scalars() {
    check(
        read_yaml,
        "AWSTemplateFormatVersion: 2010-09-09\nid: 012345678901\nyes: [yes, on, y, true, ~, 1_000, 0x1F, 1.50, 12:30]\n",
        Ok(json!({
            "AWSTemplateFormatVersion": "2010-09-09",
            "id": "012345678901",
            "yes": ["yes", "on", "y", true, null, "1_000", "0x1F", 1.50, "12:30"],
        })),
    );
    check(
        read_yaml,
        "a: |\n  one\n  two\nb: !!str 12\nc: '1'\n",
        Ok(json!({"a": "one\ntwo\n", "b": "12", "c": "1"})),
    );
    check(read_yaml, "", Ok(Value::Null));
    check(read_yaml, "# nothing\n", Ok(Value::Null));
}

#[test]
fn yaml_aliases() {
    check(read_yaml, "a: &x [1, 2]\nb: *x\n", Ok(json!({"a": [1, 2], "b": [1, 2]})));
    check(
        read_yaml,
        "a: &x\n  b: *x\n",
        Err(&["2:6: an alias must not stand inside its own anchor (at /a/b)"]),
    );
    let mut bomb = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for i in 1..12 {
        bomb.push_str(&format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 8].join(", ")));
    }
    let found = read_yaml(bomb.as_bytes()).unwrap_err();
    assert!(found[0].message.contains("too large"), "{found:?}");
}

#[test]
fn yaml_refusals_come_all_at_once() {
    check(
        read_yaml,
        "a: 1\na: 2\nb: !Ref x\nc: !!binary abc\n",
        Err(&[
            "2:1: duplicate key `a`, first at 1:1 (at /a)",
            "3:4: tag `!Ref` is not supported (at /b)",
            "4:4: tag `!!binary` does not fit `abc` (at /c)",
        ]),
    );
    check(
        read_yaml,
        "a: 1\n<<: {b: 2}\n",
        Err(&["2:1: merge keys (`<<`) are not supported, write the entries out"]),
    );
    check(read_yaml, "a: 1\n---\nb: 2\n", Err(&["2:1: a second document begins here; only one is read"]));
    check(read_yaml, "[a]: 1\n", Err(&["1:1: a key must be plain text, not a list, map or alias"]));
}

#[test]
fn yaml_depth_is_limited() {
    let deep = format!("{}x", "- ".repeat(200));
    check(read_yaml, deep, Err(&["1:257: nested deeper than 128 levels"]));
}

#[test]
fn yaml_keeps_local_tags_when_asked() {
    let node = read_yaml_with_tags(b"a: !Ref x\nb: !Join [',', [1]]\nc: !Sub '${A}'\n").unwrap();
    assert_eq!(
        node.to_json(),
        json!({"a": {"!Ref": "x"}, "b": {"!Join": [",", [1]]}, "c": {"!Sub": "${A}"}})
    );
}

#[test]
fn toml_values_and_places() {
    let text = "version = 0.1\n[b]\n  \"é\" = \"x\"\n  n = [0x10, 1_000]\n[a]\nday = 2020-01-01\n";
    check(
        read_toml,
        text,
        Ok(json!({"version": 0.1, "b": {"é": "x", "n": [16, 1000]}, "a": {"day": "2020-01-01"}})),
    );
    let node = read_toml(text.as_bytes()).unwrap();
    assert_eq!(node.locate(&Pointer::from("/b/é")).to_string(), "3:9");
    check(read_toml, "a = 1\na = 2\n", Err(&["2:1: duplicate key"]));
    check(read_toml, "a = inf\n", Err(&["1:5: the number is out of range"]));
}

#[test]
fn pointers_find_nodes_and_places() {
    let node = read_json(b"{\"a/b\": [1,\n {\"~\": 2}]}").unwrap();
    let pointer = Pointer::root().key("a/b").index(1).key("~");
    assert_eq!(pointer.as_str(), "/a~1b/1/~0");
    assert_eq!(node.at(&pointer).and_then(Node::scalar_text).as_deref(), Some("2"));
    assert_eq!(node.locate(&pointer).to_string(), "2:8");
    assert_eq!(node.locate(&Pointer::from("/a~1b/1/none")).to_string(), "2:2");
}

#[test]
fn diagnostics_have_one_form() {
    let node = read_json(b"{\n\"a\": 1}").unwrap();
    let d = Diagnostic::error("wrong").pointing(Pointer::from("/a")).located_in(&node);
    assert_eq!(in_file(vec![d], "x.json")[0].to_string(), "x.json:2:6: wrong (at /a)");
    assert_eq!(Diagnostic::warning("odd").to_string(), "warning: odd");
}

#[test]
fn aws_words_for_json_faults() {
    let faults = [
        (
            "{'bad'}",
            "Unexpected character (''' (code 39)): was expecting double-quote to start field name\n at [Source: (String)\"{'bad'}\"; line: 1, column: 2]",
        ),
        (
            "{\"a\"",
            "Unexpected end-of-input: expected close marker for Object (start marker at [Source: (String)\"{\"a\"\"; line: 1, column: 1])\n at [Source: (String)\"{\"a\"\"; line: 1, column: 5]",
        ),
        (
            "[1}",
            "Unexpected close marker '}': expected ']' (for Array starting at [Source: (String)\"[1}\"; line: 1, column: 1])\n at [Source: (String)\"[1}\"; line: 1, column: 3]",
        ),
    ];
    for (text, expect) in faults {
        assert_eq!(json::parse(text).unwrap_err().aws_message(text), expect);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|f| serde_json::Number::from_f64(f).map_or(Value::Null, Value::Number)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn json_reads_what_serde_json_writes(value in any_json()) {
        prop_assert_eq!(&read_json(value.to_string().as_bytes()).unwrap().to_json(), &value);
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        prop_assert_eq!(&read_json(pretty.as_bytes()).unwrap().to_json(), &value);
    }

    #[test]
    fn json_agrees_with_serde_json_on_what_is_json(text in r#"[\[\]{}:,"\\0-9a-f.eEu\-+ ntrl]{0,16}"#) {
        match (json::parse(&text), serde_json::from_str::<Value>(&text)) {
            (Ok((node, _)), Ok(value)) => prop_assert_eq!(node.to_json(), value),
            (Err(_), Err(_)) => {}
            (ours, theirs) => prop_assert!(false, "{:?}: {:?} but {:?}", text, ours, theirs),
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = (read_json(&bytes), read_yaml_with_tags(&bytes), read_toml(&bytes), read_json_or_yaml(&bytes));
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in r#"([\-?:,\[\]{}#&*!|>'"%@`=. \n\t~<a]|é|\r\n|<<: |!!|---|\.\.\.|"a": |- ){0,40}"#) {
        let _ = (read_json(text.as_bytes()), read_yaml_with_tags(text.as_bytes()), read_toml(text.as_bytes()));
    }
}
