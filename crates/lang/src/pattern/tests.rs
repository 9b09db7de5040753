use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::matcher::matches;

/// Whether `pattern` matches an event with `detail`.
fn check(pattern: Value, detail: Value, expect: bool) {
    let text = json!({"detail": pattern}).to_string();
    let pattern = Pattern::parse(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
    let event = json!({"source": "x", "resources": [], "detail": detail});
    assert_eq!(matches(&pattern, &event.to_string()), Ok(expect), "{text} on {event}");
}

/// What is wrong with a pattern, each as it is shown.
fn check_refused(text: &str, expect: &[&str]) {
    let refused = Pattern::parse(text).expect_err(text);
    let shown: Vec<_> = refused.diagnostics().iter().map(ToString::to_string).collect();
    assert_eq!(shown, expect, "{text}");
}

#[test]
fn exact() {
    check(json!({"a": ["x", 1]}), json!({"a": "x"}), true);
    check(json!({"a": ["x", 1]}), json!({"a": 1.0}), true);
    check(json!({"a": ["1"]}), json!({"a": 1}), false);
    check(json!({"a": [null]}), json!({"a": null}), true);
    check(json!({"a": [null]}), json!({}), false);
    check(json!({"a": [true]}), json!({"a": "true"}), false);
    check(json!({"a": [9_007_199_254_740_993_u64]}), json!({"a": 9_007_199_254_740_992_u64}), false);
    check(json!({"a": ["2001:db8::1"]}), json!({"a": "2001:0db8:0:0:0:0:0:1"}), true);
    check(json!({"a": [{"exactly": "10.0.0.1"}]}), json!({"a": "10.0.0.1"}), true);
}

#[test]
fn affixes() {
    check(json!({"a": [{"prefix": "ab"}]}), json!({"a": "abc"}), true);
    check(json!({"a": [{"prefix": "ab"}]}), json!({"a": "Abc"}), false);
    check(json!({"a": [{"prefix": {"equals-ignore-case": "ÄB"}}]}), json!({"a": "äbc"}), true);
    check(json!({"a": [{"suffix": ".csv"}]}), json!({"a": "x.csv"}), true);
    check(json!({"a": [{"suffix": {"equals-ignore-case": ".CSV"}}]}), json!({"a": "x.csv"}), true);
    check(json!({"a": [{"equals-ignore-case": "Abc"}]}), json!({"a": "aBC"}), true);
    check(json!({"a": [{"prefix": "1"}]}), json!({"a": 1}), false);
}

#[test]
fn anything_but() {
    check(json!({"a": [{"anything-but": "x"}]}), json!({"a": "y"}), true);
    check(json!({"a": [{"anything-but": ["x", "y"]}]}), json!({"a": "y"}), false);
    check(json!({"a": [{"anything-but": ["x"]}]}), json!({"a": ["x", "z"]}), true);
    check(json!({"a": [{"anything-but": [1, 2]}]}), json!({"a": 2.0}), false);
    check(json!({"a": [{"anything-but": "x"}]}), json!({}), false);
    check(json!({"a": [{"anything-but": {"prefix": "x"}}]}), json!({"a": null}), true);
    check(json!({"a": [{"anything-but": {"suffix": ["x", "y"]}}]}), json!({"a": "zy"}), false);
    check(json!({"a": [{"anything-but": {"wildcard": "*/b/*"}}]}), json!({"a": "a/b/c"}), false);
    check(json!({"a": [{"anything-but": {"equals-ignore-case": ["X"]}}]}), json!({"a": "x"}), false);
}

#[test]
fn exists_is_about_leaves() {
    check(json!({"a": {"b": [{"exists": true}]}}), json!({"a": {"b": null}}), true);
    check(json!({"a": [{"exists": true}]}), json!({"a": {"b": 1}}), false);
    check(json!({"a": [{"exists": false}]}), json!({"a": {"b": 1}}), true);
    check(json!({"a": [{"exists": false}]}), json!({"a": []}), true);
    check(json!({"a": [{"exists": false}, "x"]}), json!({"a": "x"}), true);
    check(json!({"a": [{"exists": false}, "x"]}), json!({"a": "y"}), false);
}

#[test]
fn numeric() {
    check(json!({"a": [{"numeric": [">", 0, "<=", 5]}]}), json!({"a": 5}), true);
    check(json!({"a": [{"numeric": [">", 0, "<=", 5]}]}), json!({"a": 0}), false);
    check(json!({"a": [{"numeric": ["=", 301.8]}]}), json!({"a": 3.018e2}), true);
    check(json!({"a": [{"numeric": ["<", 0.1]}]}), json!({"a": -3}), true);
    check(json!({"a": [{"numeric": [">=", 1]}]}), json!({"a": "1"}), false);
}

#[test]
fn wildcard_and_cidr() {
    check(json!({"a": [{"wildcard": "a*c*"}]}), json!({"a": "abcd"}), true);
    check(json!({"a": [{"wildcard": "*ab"}]}), json!({"a": "aab"}), true);
    check(json!({"a": [{"wildcard": "ab*ba"}]}), json!({"a": "aba"}), false);
    check(json!({"a": [{"wildcard": "\\*x\\\\"}]}), json!({"a": "*x\\"}), true);
    check(json!({"a": [{"cidr": "10.1.0.0/16"}]}), json!({"a": "10.1.255.255"}), true);
    check(json!({"a": [{"cidr": "10.1.0.0/16"}]}), json!({"a": "10.2.0.0"}), false);
    check(json!({"a": [{"cidr": "2001:db8::/32"}]}), json!({"a": "2001:db8::1"}), true);
    check(json!({"a": [{"cidr": "0.0.0.0/0"}]}), json!({"a": "::1"}), false);
}

#[test]
fn or_multiplies_out() {
    let pattern = json!({"a": [1], "$or": [{"b": [2]}, {"c": [3], "$or": [{"d": [4]}, {"e": [5]}]}]});
    check(pattern.clone(), json!({"a": 1, "b": 2}), true);
    check(pattern.clone(), json!({"a": 1, "c": 3, "e": 5}), true);
    check(pattern.clone(), json!({"a": 1, "c": 3}), false);
    check(pattern, json!({"b": 2}), false);
}

#[test]
fn dots_and_steps_are_the_same() {
    check(json!({"a.b": ["x"]}), json!({"a": {"b": "x"}}), true);
    check(json!({"a": {"b": ["x"]}}), json!({"a.b": "x"}), true);
    check(json!({"a": ["x"]}), json!({"a-b": "x"}), false);
}

#[test]
fn values_come_from_one_member_of_a_list() {
    let detail = json!({"a": [{"x": 1, "y": 2}, {"x": 3, "y": 4}], "b": [{"x": [1, 2]}]});
    check(json!({"a": {"x": [1], "y": [2]}}), detail.clone(), true);
    check(json!({"a": {"x": [1], "y": [4]}}), detail.clone(), false);
    check(json!({"a": {"x": [1]}, "b": {"x": [2]}}), detail.clone(), true);
    check(json!({"a": {"x": [3], "y": [{"numeric": [">", 1]}]}}), detail, true);
    let nested = json!({"a": [{"n": 1, "b": [{"x": 1}, {"x": 2, "y": 3}]}, {"n": 2, "b": [{"y": 9}]}]});
    check(json!({"a": {"n": [1], "b": {"x": [2], "y": [3]}}}), nested.clone(), true);
    check(json!({"a": {"n": [2], "b": {"x": [2]}}}), nested, false);
}

#[test]
fn large_lists_are_matched_in_reasonable_steps() {
    let items: Vec<_> = (0..4000).map(|i| json!({"x": 1, "y": {"z": i}})).collect();
    let detail = json!({"a": items, "b": items});
    check(json!({"a": {"x": [1], "y": {"z": [3999]}}, "b": {"x": [1], "y": {"z": [0]}}}), detail, true);
}

#[test]
fn refusals_come_all_at_once() {
    check_refused(
        r#"{"a": 1, "b": [], "c": {}, "d": [{"like": 1}, {"prefix": 1}, {"prefix": "a", "suffix": "b"}]}"#,
        &[
            "1:8: \"a\" must be an object or an array (at /a)",
            "1:17: Empty arrays are not allowed (at /b)",
            "1:26: Empty objects are not allowed (at /c)",
            "1:44: Unrecognized match type like (at /d/0)",
            "1:59: prefix match pattern must be a string (at /d/1)",
            "1:78: Only one key allowed in match expression (at /d/2)",
        ],
    );
    check_refused("[]", &["1:2: Filter is not an object"]);
    check_refused("", &["1:1: Filter is not an object"]);
    check_refused("{\"a\": [{\"numeric\": []}]}", &["1:22: Invalid member in numeric match: ] (at /a/0)"]);
    check_refused(
        "{\"a\": [{\"anything-but\": []}]}",
        &[
            "1:27: Inside anything but list, either all values are number or string, mixed type is not supported (at /a/0)",
        ],
    );
    check_refused(
        "{\"$or\": [{\"a\": [1]}]}",
        &["1:21: There must have at least 2 Objects in $or relationship. (at /$or)"],
    );
    check_refused(
        "{\"$or\": [{\"prefix\": [1]}, {\"a\": [1]}]}",
        &["1:11: prefix is Ruler reserved fieldName which cannot be used inside $or. (at /$or/0/prefix)"],
    );
    check_refused(
        "{\"a\": [{\"cidr\": \"10.0.0.0/x\"}]}",
        &["Malformed CIDR, mask bits must be an integer (at /a/0)"],
    );
    check_refused(&"x".repeat(5000), &["the pattern has more than 4096 characters"]);
}

#[test]
fn or_cannot_explode() {
    let or = r#"{"a": [1]}, {"b": [1]}, {"c": [1]}, {"d": [1]}, {"e": [1]}, {"f": [1]}"#;
    let text = (0..5).map(|i| format!("\"{i}\": {{\"$or\": [{or}]}}")).collect::<Vec<_>>().join(",");
    let refused = Pattern::parse(&format!("{{{text}}}")).unwrap_err();
    assert!(refused.to_string().contains("$or makes more than 1000 combinations"), "{refused}");
}

#[test]
fn messages_are_those_of_aws() {
    let text = r#"{"a": [{"anything-but": ["x", null]}]}"#;
    let place = format!("\n at [Source: (String)\"{text}\"; line: 1, column: 35]");
    let expect = format!(
        "Event pattern is not valid. Reason: Inside anything but list, start|null|boolean is not supported.{place}{place}"
    );
    let refused = Pattern::parse(text).unwrap_err();
    assert_eq!(refused.aws_raw_message(), expect);
    assert_eq!(refused.to_string(), expect.replace(&place, ""));
    for text in ["[\"a\"]", "{'a': 1}"] {
        assert!(
            Pattern::parse(text).unwrap_err().to_string().contains("\n at [Source: (String)\""),
            "{text}"
        );
    }
}

#[test]
fn too_many_places_of_wildcards_are_refused() {
    let refused = |wildcards: &[&str]| {
        let tests: Vec<_> = wildcards.iter().map(|text| json!({"wildcard": text})).collect();
        let refused = Pattern::parse(&json!({"detail": {"key": tests}}).to_string()).err();
        refused.map(|refused| refused.to_string())
    };
    let words = "Event pattern is not valid. Reason: Rule is too complex - try using fewer wildcard characters or \
                 fewer repeating character sequences after a wildcard character";
    assert_eq!(refused(&["*.bif", "*.tiff", "*.tif", "*.svs"]), None);
    assert_eq!(refused(&["*/datasync/*.bif", "*/datasync/*.tif"]), None);
    let four = ["*/datasync/*.bif", "*/datasync/*.tif", "*/datasync/*.tiff", "*/datasync/*.svs"];
    assert_eq!(refused(&four).as_deref(), Some(words));
    assert_eq!(refused(&["/Users/*/dir/dir/dir/dir/dir/doc.txt"]), None);
    assert_eq!(refused(&["*a*a*a*a*a*a*a*a*a*a*"]).as_deref(), Some(words));
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(
        text in r#"\{"a": (\[|\{)?("x"|1|null|\[|\]|\{|\}|, |: |"(prefix|numeric|anything-but|\$or|cidr|wildcard|exists)": |"[*\\]{1,3}"|"="){0,12}(\]|\})?\}?"#
    ) {
        if let Err(refused) = Pattern::parse(&text) {
            let _ = (refused.aws_message(), refused.diagnostics());
        }
    }

    #[test]
    fn a_wildcard_matches_what_it_was_made_from(parts in prop::collection::vec("[ab]{1,3}", 1..5), fill in "[ab]{0,4}") {
        let pattern = json!({"a": [{"wildcard": parts.join("*")}]}).to_string();
        let event = json!({"a": parts.join(&fill)});
        prop_assert_eq!(matches(&Pattern::parse(&pattern).unwrap(), &event.to_string()), Ok(true));
    }
}
