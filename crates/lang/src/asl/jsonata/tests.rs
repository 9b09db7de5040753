//! Expressions of JSONata: what they see, what they make, and where they end.

use serde_json::{Value, json};

use super::Expression;
use crate::asl::{
    Fault,
    diagnostic::Report,
    fields::Place,
    hostile::ends,
    scope::{Scope, Variables},
};

struct Set(Value);

impl Variables for Set {
    fn variable(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

fn place() -> Place {
    Place { pointer: "/States/S/Output".to_owned(), field: "Output".to_owned(), caught: false }
}

fn run(text: &str) -> Result<Value, Fault> {
    let report = Report::default();
    let expression = Expression::read(text, &place(), &report);
    let expression = expression.unwrap_or_else(|| panic!("{text}: {:?}", report.into_diagnostics()));
    let input =
        json!({"n": 5, "list": [1, 2, 3], "text": "a-b", "deep": {"er": [{"x": 1}, {"x": 2}]}, "nil": null});
    let context = json!({"State": {"Name": "S"}});
    let variables = Set(json!({"rate": 2.5, "names": ["p", "q"]}));
    let scope = Scope::new(&input, 7).with_context(&context).with_variables(&variables).at(1_700_000_000_000);
    expression.evaluate(scope.view(&input))
}

#[track_caller]
fn check(text: &str, expect: Value) {
    assert_eq!(run(text).unwrap(), expect, "{text}");
}

#[track_caller]
fn fails(text: &str, expect: &str) {
    let fault = run(text).unwrap_err();
    assert_eq!((fault.error, fault.location.as_deref()), ("States.QueryEvaluationError", Some("Output")));
    assert!(fault.cause.contains(expect), "{text}: {}", fault.cause);
}

#[track_caller]
fn refused(text: &str, expect: &str) {
    let report = Report::default();
    assert!(Expression::read(text, &place(), &report).is_none(), "{text}");
    let found: Vec<String> = report.into_diagnostics().iter().map(ToString::to_string).collect();
    assert!(found.iter().any(|found| found.contains(expect)), "{text}: {found:?}");
}

#[test]
fn sees_states_and_variables() {
    check(" $states.input.n + 1 ", json!(6));
    check("$states.context.State.Name", json!("S"));
    check("$sum($states.input.list) * $rate", json!(15));
    check("$names[1] & '!' & $states.input.n & $states.input.missing", json!("q!5"));
    check("$states.input.deep.er.x", json!([1, 2]));
    check("$map($names, function($v, $i) { $v & $i })", json!(["p0", "q1"]));
    check("$states.input.nil", json!(null));
    check("{'a': $states.input.missing, 'b': [1]}", json!({"b": [1]}));
    check("$keys($states)", json!(["input", "context"]));
    check("$states.input.n + $count($keys($states.input))", json!(10));
    check("$states.input[n = 5].text", json!("a-b"));
    check("$states.input.*[0]", json!(5));
    check("[$states.input.n, $states.input.missing, $states.context.State.Name]", json!([5, "S"]));
    check("$map($states.input.list, $string)", json!(["1", "2", "3"]));
    check("$variable := 1", json!(1));
    check("[$states.input.list, 4]", json!([1, 2, 3, 4]));
    check("$states.input.list = [1, 2, 3] and 2 in $states.input.list", json!(true));
    check("1 / 3", json!(1.0 / 3.0));
    check("$states.input.list[$ > 1]", json!([2, 3]));
    check("$states.input.deep.**.x", json!([1, 2]));
    check("$states.input.deep.*.x", json!([1, 2]));
    check("$states.input.deep[1 in **.x].er.x", json!([1, 2]));
    check("$map($states.input.deep.er, function($v) { $count($v.*) })", json!([1, 1]));
    check("$states.input.deep.er.({'y': x & ''}).y", json!(["1", "2"]));
    check("$states.input.deep.er@$e#$i.[$i, $e.x]", json!([0, 1, 1, 2]));
    check("$states.input.deep.er.x.(%.%.er[0].x)", json!([1, 1]));
    check("$states.input.deep ~> |er|{'y': 'z'}|", json!({"er": [{"x": 1, "y": "z"}, {"x": 2, "y": "z"}]}));
    check("$states.input.deep.(%.n)", json!(5));
    check("$count($keys($states.input.deep.er[0].%))", json!(1));
    check("$count($keys($states.input.n.%))", json!(5));
    check("$count($keys($states.input.%))", json!(2));
    check("$states.input.deep.er^(>x).x", json!([2, 1]));
    check("$states.input.deep.er{$string(x): x}", json!({"1": 1, "2": 2}));
    check("$replace('a1b2', /[0-9]/, function($m) { '<' & $m.match & '>' })", json!("a<1>b<2>"));
    check("$replace('aba', 'a', 'x', 1) & $join($names, '-') & $pad('x', -3, '#')", json!("xbap-q##x"));
}

/// Functions that have bounds are the same in every form in which they can be called.
#[test]
fn every_form_of_a_call() {
    check("'x' ~> $pad(3, '#')", json!("x##"));
    check("$names.$pad(3, '#')", json!(["p##", "q##"]));
    check("$names.$pad(2)", json!(["p ", "q "]));
    check("($p := $pad; $p('x', 3, '#') & $p('y', 2))", json!("x##y "));
    check("($p := $pad(?, 3, '#'); $p('x') & $p('y'))", json!("x##y##"));
    check("$map($names, $pad(?, 2))", json!(["p ", "q "]));
    check("$states.input.text.$split('-')", json!(["a", "b"]));
    check("$states.input.text.$replace('-', '+')", json!("a+b"));
    check("$states.input.text.$match(/b/).match", json!("b"));
    check("$map($names, $match(?, /p/)).match", json!("p"));
    check("$states.input.list.$string()", json!(["1", "2", "3"]));
    check("$states.input.list ~> $map($string) ~> $join('-')", json!("1-2-3"));
    check("$join($names, $join(['<', '>'], $lowercase('=')))", json!("p<=>q"));
    check("$zip($names, $states.input.list[$ < 3])", json!([["p", 1], ["q", 2]]));
    check("($string := function($v) { 7 }; $string(1))", json!(7));
    check("[$states.input.list, [1, 2], [[3]]]", json!([1, 2, 3, [1, 2], [[3]]]));
    check("$formatNumber(1234.5, '9,999.99')", json!("1,234.50"));
    check("$fromMillis(0, '[Y9,999,*] [FNn,3-3]')", json!("1,970 Thu"));
    fails("$string(2, 3)", "T0410: Argument 2 of function \"string\" does not match function signature");
    fails("$fromMillis(0, '[Y,64]')", "memory limit");
    fails("$fromMillis(0, '[Y0000000000000000000000000000000000099]')", "memory limit");
    fails("$parseInteger('aaaaaaaaaaaaaaaaaaaaaaaa', 'a')", "memory limit");
}

/// A variable of the state's may have the name of a function.
#[test]
fn variables_hide_functions() {
    let report = Report::default();
    let read = |text| Expression::read(text, &place(), &report).unwrap();
    let variables = Set(json!({"match": {"id": 7}, "string": "s"}));
    let scope = Scope::new(&Value::Null, 7).with_variables(&variables);
    let value = |text| read(text).evaluate(scope.view(&Value::Null)).unwrap();
    assert_eq!(value("$match.id"), json!(7));
    assert_eq!(value("{'a': $match, 'b': $string}"), json!({"a": {"id": 7}, "b": "s"}));
}

#[test]
fn functions_of_aws() {
    check("$partition($states.input.list, 2)", json!([[1, 2], [3]]));
    check("$partition([1], 5)", json!([[1]]));
    check("$range(0, 10, 3)", json!([0, 3, 6, 9]));
    check("$range(3, 1, -1)", json!([3, 2, 1]));
    check("$range(1, 9, 9)", json!(1));
    check("$hash('input data', 'SHA-1')", json!("aaff4a450a104cd177d28d18d74485e8cae074b7"));
    check("$parse('{\"a\": [1, -0]}').a", json!([1, 0]));
    check("$random(3) = $random(3) and $random() < 1", json!(true));
    check("$length($uuid())", json!(36));
    check("$uuid() = $uuid()", json!(false));
    check("$now()", json!("2023-11-14T22:13:20.000Z"));
    check("$now('[Y0001]')", json!("2023"));
    check("$millis()", json!(1_700_000_000_000_i64));
    check("$count($shuffle($states.input.list))", json!(3));
    fails("$partition([1], 0)", "positive");
    fails("$range(0, 1000, 1)", "more than 1000");
    fails("$range(0, 10, 0)", "zero");
    fails("$hash('x', 'CRC')", "none of the algorithms");
    fails("$parse('{')", "not JSON");
    fails("$eval('1')", "threw an error during evaluation. T1006: Attempted to invoke a non-function");
}

#[test]
fn says_what_went_wrong() {
    let said =
        "The JSONata expression '$nope' specified for the field 'Output' returned nothing (undefined).";
    assert_eq!(run("$nope").unwrap_err().cause, said);
    fails("$states.result", "returned nothing (undefined).");
    fails("$f := function($x){$x}", "returned an unsupported result type.");
    fails("'a' + 1", "threw an error during evaluation. T2001: ");
    fails("$sum('a')", "threw an error during evaluation. T0412: ");
    fails("$error('mine')", "threw an error during evaluation. D3137: mine");
    let report = Report::default();
    let list = Expression::read("1", &place(), &report).unwrap().unexpected("array", &json!({"a": 1}));
    assert!(
        list.cause.ends_with("Expected 'array', but was 'object' for value: {\"a\":1}"),
        "{}",
        list.cause
    );
}

#[test]
fn refuses_what_can_never_work() {
    refused("1 +", "INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/S/Output");
    refused("$states.input.n ?? 1", "The symbol \"?\" cannot be used as a unary operator");
    refused("[$states.input.n ?: 1]", "The symbol \":\" cannot be used as a unary operator");
    refused("2()", "INVALID_JSONATA_EXPRESSION: Attempted to invoke a non-function");
    refused("\"open", "INVALID_JSONATA_EXPRESSION: String literal must be terminated by a matching quote");
    refused(
        "phone.number & phone.kind",
        "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' at the top level is not supported. at /States/S/Output",
    );
    refused("$", "Reference to '$'");
    refused("$$.a", "Reference to '$$'");
    refused("$states.input[$$.a]", "Reference to '$$'");
    refused("$sum(*)", "Reference to '*'");
    refused("$states.errorOutput.Error", "UNSUPPORTED_JSONATA_EXPRESSION");
    refused(&"(".repeat(9_000), "more than 8192 bytes");
    let place = Place { caught: true, ..place() };
    assert!(Expression::read("$states.errorOutput.Error", &place, &Report::default()).is_some());
}

#[test]
fn names_the_variables_that_it_needs() {
    let report = Report::default();
    let text = "($own := $a; $map($b.c, function($v) { $v + $own + $f($d) })[$ > $a])";
    let expression = Expression::read(text, &place(), &report).unwrap();
    assert_eq!(expression.variables().collect::<Vec<_>>(), ["a", "b", "d"]);
}

/// Whatever an expression does, it ends soon, and without much memory.
#[test]
fn hostile_expressions_end() {
    let input = json!({"s": "x".repeat(100_000), "l": vec![1; 10_000], "n": {"a": {"a": {"a": 1}}}});
    for text in include_str!("tests/hostile.txt").lines() {
        ends(text, || {
            let Some(expression) = Expression::read(text, &place(), &Report::default()) else { return true };
            expression.evaluate(Scope::new(&input, 1).view(&input)).is_err()
        });
    }
}

/// The evaluator panics at a picture whose component has a name of more than one byte.
#[test]
fn a_panic_is_contained() {
    fails("$toMillis('2', '[\u{326},9]')", "The expression cannot be evaluated");
}

/// An honest expression does not fail because others have the processor: as many threads as it takes have it.
#[test]
fn a_loaded_machine_fails_nobody() {
    let threads = 24 * std::thread::available_parallelism().map_or(1, usize::from);
    let began = std::sync::Barrier::new(threads);
    let text = "$sum($map([1..4000], function($v) { $v * $random() - $v * $random() })) < 1000000";
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    began.wait();
                    run(text)
                })
            })
            .collect();
        for one in all {
            assert_eq!(one.join().unwrap(), Ok(json!(true)));
        }
    });
}
