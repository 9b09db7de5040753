use serde_json::{Value, json};

use super::{Found, Missing, Path, ReferencePath, Root};

fn data() -> Value {
    json!({
        "a": {"b": [10, 20, 30], "c-d": true, "x y": 1},
        "items": [{"id": 1, "tag": "p"}, {"id": 2}, {"id": 3, "tag": "q", "in": {"id": 9}}],
        "limit": 2,
    })
}

#[track_caller]
fn check(path: &str, expect: Value) {
    let (input, context) = (data(), json!({"Execution": {"Name": "n"}}));
    let path: Path = path.parse().unwrap();
    let root = if *path.root() == Root::Context { &context } else { &input };
    assert_eq!(path.find(root).map(Found::into_value), Ok(expect), "{}", path.text());
}

#[track_caller]
fn missing(path: &str, expect: &str) {
    let path: Path = path.parse().unwrap();
    let found = path.find(&data()).map(Found::into_value);
    assert_eq!(found, Err(Missing::NoResult(expect.to_owned())));
}

#[test]
fn definite_paths() {
    check("$", data());
    check("$.a.b[0]", json!(10));
    check("$.a.b[-1]", json!(30));
    check("$['a'][\"c-d\"]", json!(true));
    check("$.a.c-d", json!(true));
    check("$.a['x y']", json!(1));
    check("$.items[0]['id','tag','no']", json!({"id": 1, "tag": "p"}));
    check("$$.Execution.Name", json!("n"));
}

#[test]
fn indefinite_paths() {
    check("$.a.b[*]", json!([10, 20, 30]));
    check("$.a.b[1:]", json!([20, 30]));
    check("$.a.b[:-1]", json!([10, 20]));
    check("$.a.b[0,2,7]", json!([10, 30]));
    check("$.items[*].tag", json!(["p", "q"]));
    check("$..id", json!([1, 2, 3, 9]));
    check("$.no[*].x", json!([]));
    check("$.limit[*]", json!([]));
    check("$.a.b[5:2]", json!([]));
}

#[test]
fn filters() {
    check("$.items[?(@.tag)].id", json!([1, 3]));
    check("$.items[?(!@.tag)].id", json!([2]));
    check("$.items[?(@.id > $.limit)].id", json!([3]));
    check("$.items[?(@.id>=2 && @.tag == 'q' || @.id == 1)].id", json!([1, 3]));
    check("$.items[?((@.id == 1 || @.id == 3) && @.tag != \"q\")].id", json!([1]));
    check("$.a.b[?(@ < 25)]", json!([10, 20]));
    check("$.items[?(@.in.id == 9.0)].id", json!([3]));
    check("$.items[?(@.id == 'x')]", json!([]));
}

#[test]
fn says_what_is_missing() {
    missing("$.no", "No results for path: $['no']");
    missing("$.no.deeper", "Missing property in path $['no']");
    missing("$.a.b[3]", "No results for path: $['a']['b'][3]");
    missing("$.limit.x", "No results for path: $['limit']['x']");
}

#[test]
fn refuses_what_is_no_path() {
    let long = format!("${}", ".a".repeat(101));
    let deep = format!("$[?({}@.a{})]", "(".repeat(40), ")".repeat(40));
    for bad in [
        "",
        "a",
        "$.",
        "$.a.",
        "$..",
        "$.a[",
        "$.a[]",
        "$.a['b]",
        "$[1:2:3]",
        "$.a b",
        "$.a.length()",
        "$[?(@.a =~ /x/)]",
        "$[?(1)]",
        "$[?()]",
        "$[99999999999999999999]",
        "$.a]",
        "$[?(@.a == $$.b)]",
        &long,
        &deep,
    ] {
        assert!(bad.parse::<Path>().is_err(), "{bad}");
    }
}

#[test]
fn a_hostile_path_ends() {
    let wide = json!({"a": vec![json!(vec![1; 200]); 200]});
    let path: Path = "$..*..*..*".parse().unwrap();
    assert!(path.find(&wide).is_ok());
    let path: Path = "$..a[?(@..* == $..*)]".parse().unwrap();
    assert!(path.find(&wide).is_ok() || path.find(&wide) == Err(Missing::TooMuch));
    let nested = (0..90).fold(json!([1]), |inner, _| json!([inner, 1]));
    let path: Path = "$..*..*..*..*..*".parse().unwrap();
    assert_eq!(path.find(&nested), Err(Missing::TooMuch));
}

#[test]
fn reference_paths_write() {
    #[track_caller]
    fn check(path: &str, mut target: Value, expect: Option<Value>) {
        let before = target.clone();
        let put = path.parse::<ReferencePath>().unwrap().put(&mut target, json!("new"));
        assert_eq!(put.is_ok(), expect.is_some());
        assert_eq!(target, expect.unwrap_or(before));
    }
    check("$.a", json!({"b": 1}), Some(json!({"b": 1, "a": "new"})));
    check("$.a.b.c", json!({}), Some(json!({"a": {"b": {"c": "new"}}})));
    check("$.a[1]", json!({"a": [1, 2]}), Some(json!({"a": [1, "new"]})));
    check("$['x y']", json!({}), Some(json!({"x y": "new"})));
    check("$.a[2]", json!({"a": [1, 2]}), None);
    check("$.a.b", json!({"a": 1}), None);
    check("$.a", json!([1]), None);
    for bad in ["$.a[*]", "$$.a", "$..a", "$.a[0:1]", "$['a','b']"] {
        assert!(bad.parse::<ReferencePath>().is_err(), "{bad}");
    }
}
