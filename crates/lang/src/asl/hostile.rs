//! Whatever text comes: it is read or refused, never anything else, and what was read can be followed.

use proptest::prelude::*;
use serde_json::json;

use super::{Expression, Path, ReferencePath, Resource, Scope, check, parse, scope::takes};

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
                let _ = expression.evaluate("field", Scope::new(&input, 1).with_context(&context).view(&input));
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
/// CPU that this thread has used, in milliseconds, or the time where the system does not say.
fn cpu() -> u128 {
    static BEGUN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    let begun = BEGUN.get_or_init(std::time::Instant::now);
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let spent = spent.and_then(|text| text.split(' ').next()?.parse::<u128>().ok());
    spent.map_or_else(|| begun.elapsed().as_millis(), |nanos| nanos / 1_000_000)
}

/// Five times what the release build is held to: this one is not optimised.
const CPU_LIMIT: u128 = 1_000;

/// Runs what must end in an error, and soon.
#[track_caller]
pub(super) fn ends(what: &str, run: impl FnOnce() -> bool) {
    let begun = cpu();
    let failed = run();
    let spent = cpu() - begun;
    assert!(failed, "{what:.200} succeeded");
    assert!(spent < CPU_LIMIT, "{what:.200} took {spent} ms");
}

fn large() -> serde_json::Value {
    let nested = (0..40).fold(json!([1]), |inner, _| json!({"a": inner, "b": [1, 2]}));
    json!({"s": "(".repeat(100_000), "l": vec![json!({"x": [1, 2, 3]}); 2_000], "n": nested})
}

#[test]
fn hostile_paths_end() {
    let input = large();
    for text in include_str!("tests/hostile_paths.txt").lines() {
        ends(text, || {
            let Ok(path) = text.parse::<Path>() else { return true };
            // One that finds little is as good as one that fails.
            let read = Scope::new(&input, 1).view(&input).read(&path);
            read.is_err() || read.is_ok_and(|value| takes(&value, &mut 16_000_000))
        });
    }
}

#[test]
fn hostile_calls_end() {
    let input = large();
    for text in include_str!("tests/hostile_calls.txt").lines() {
        ends(text, || {
            let Ok(call) = Expression::parse(text) else { return true };
            call.evaluate("field", Scope::new(&input, 1).view(&input)).is_err()
        });
    }
}

/// What is copied often is counted before it is copied: in memory, not as the text that it would be.
#[test]
fn values_are_counted_before_they_are_made() {
    let input = large();
    let scope = Scope::new(&input, 1);
    let view = scope.view(&input);
    let all: Path = "$..*".parse().unwrap();
    let mut read = 0;
    while view.read(&all).is_ok() {
        read += 1;
        assert!(read < 20, "so much is read without an end");
    }
    let values = std::mem::size_of::<serde_json::Value>();
    assert!(takes(&json!([1, "ab"]), &mut (3 * values + 2)));
    assert!(!takes(&json!([1, "ab"]), &mut (3 * values + 1)));
    assert!(!takes(&json!({"a": 1, "b": 2}), &mut (3 * values)));
}

/// Definitions that are refused, however large the mistake is.
#[test]
fn hostile_definitions_end() {
    let state = |state: serde_json::Value| json!({"StartAt": "S", "States": {"S": state}}).to_string();
    let repeated = |open: &str, close: &str, n: usize| format!("{}{}", open.repeat(n), close.repeat(n));
    let parallel = r#"{"StartAt":"S","States":{"S":{"Type":"Parallel","End":true,"Branches":["#;
    let map = r#"{"StartAt":"S","States":{"S":{"Type":"Map","End":true,"ItemProcessor":"#;
    let rule = json!({"Variable": "$.a", "IsNull": true, "Next": "Gone"});
    let not = (0..60).fold(rule.clone(), |inner, _| json!({"Not": inner}));
    let wide: serde_json::Map<_, _> = (0..20_000).map(|n| (format!("a{n}.$"), json!("$.."))).collect();
    let many: serde_json::Map<_, _> = (0..10_000)
        .map(|n| (format!("S{n}"), json!({"Type": "Pass", "Next": format!("S{}", n + 1)})))
        .collect();
    let fields: serde_json::Map<_, _> = (0..20_000).map(|n| (format!("F{n}"), json!(n))).collect();
    let all: Vec<String> = vec![
        "[".repeat(1_000_000),
        "{\"a\":".repeat(180_000),
        repeated("[", "]", 500_000),
        format!("{}1{}", parallel.repeat(200), "]}}}".repeat(200)),
        format!("{}1{}", map.repeat(200), "}}}".repeat(200)),
        "x".repeat(2_000_000),
        "\u{0}".repeat(1_000),
        "\"".to_owned(),
        format!("{{\"StartAt\": \"{}\"}}", "S".repeat(900_000)),
        json!({"StartAt": "S0", "States": many}).to_string(),
        json!({"StartAt": "S", "States": vec![1; 100_000]}).to_string(),
        state(json!(fields)),
        state(json!({"Type": "Pass", "End": true, "Parameters": wide})),
        state(json!({"Type": "Choice", "Choices": vec![rule; 5_000]})),
        state(json!({"Type": "Choice", "Choices": [not]})),
        state(json!({"Type": "Task", "Resource": "arn:".repeat(100_000), "End": true})),
        state(json!({"Type": "Pass", "InputPath": format!("${}", ".a".repeat(100_000)), "End": true})),
        state(json!({"Type": "Pass", "InputPath": format!("$[?({}", "(".repeat(100_000)), "End": true})),
        state(json!({"Type": "Pass", "InputPath": "$[".repeat(100_000), "End": true})),
        state(json!({"Type": "Pass", "Parameters": {"a.$": "States.Array(".repeat(50_000)}, "End": true})),
        state(json!({"Type": "Pass", "Assign": {"a".repeat(100_000): 1}, "End": true})),
        state(
            json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": format!("{{%{}%}}", "(".repeat(8_000)), "End": true}),
        ),
        state(
            json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": format!("{{%{}%}}", "[".repeat(8_000)), "End": true}),
        ),
        state(
            json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": format!("{{%{}%}}", "-".repeat(8_000)), "End": true}),
        ),
        state(
            json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": format!("{{%{}%}}", "a.".repeat(4_000)), "End": true}),
        ),
        state(
            json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": format!("{{%{}%}}", "/*".repeat(4_000)), "End": true}),
        ),
        state(
            json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": format!("{{%{}1%}}", "a?".repeat(4_000)), "End": true}),
        ),
        state(
            json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": format!("{{%{}%}}", "function($x){".repeat(600)), "End": true}),
        ),
        state(json!({"Type": "Wait", "Seconds": 1e300, "End": true})),
        state(json!({"Type": "Wait", "Timestamp": "9".repeat(100_000), "End": true})),
    ];
    for text in &all {
        ends(text, || parse(text).is_err());
    }
    for (text, reason) in [
        (chain(10_001), "The definition has more than 10000 states at /States/"),
        (nested(26), "Parallel and Map states nest deeper than 25 levels at /States/"),
    ] {
        let found = parse(&text).unwrap_err();
        assert!(found.len() == 1 && found[0].to_string().contains(reason), "{found:?}");
    }
    // What was accepted can be followed and dropped, however long and deep it is.
    assert_eq!(parse(&chain(10_000)).unwrap().graph.all_states().len(), 10_000);
    assert_eq!(parse(&nested(25)).unwrap().graph.all_states().len(), 26);
}

/// States that follow one another.
fn chain(length: usize) -> String {
    let next =
        |n| if n + 1 == length { json!({"End": true}) } else { json!({"Next": format!("S{}", n + 1)}) };
    let state = |n| {
        let mut state = next(n);
        state["Type"] = json!("Pass");
        (format!("S{n}"), state)
    };
    let all: serde_json::Map<_, _> = (0..length).map(state).collect();
    json!({"StartAt": "S0", "States": all}).to_string()
}

/// States inside of each other.
fn nested(depth: usize) -> String {
    let all = (0..depth).fold(json!({"Type": "Pass", "End": true}), |inner, depth| {
        let graph = json!({"StartAt": format!("S{depth}"), "States": {format!("S{depth}"): inner}});
        json!({"Type": "Parallel", "End": true, "Branches": [graph]})
    });
    json!({"StartAt": "S", "States": {"S": all}}).to_string()
}
