//! Items out of the formats that readers know, whole and broken.

use std::ops::ControlFlow;

use serde_json::{Value, json};
use trainyard_lang::asl::CsvHeaders;

use super::{Format, Inventory, MOST_BYTES, athena_places, json::steps, read};

fn items(format: &Format, text: &str, most: usize) -> Result<Vec<Value>, String> {
    let mut items = Vec::new();
    let mut sink = |item, _| {
        items.push(item);
        if items.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    read(format, text.as_bytes(), &mut sink).map_err(|error| error.to_string())?;
    Ok(items)
}

fn check(format: &Format, text: &str, expect: Value) {
    assert_eq!(Value::from(items(format, text, usize::MAX).unwrap()), expect, "{text}");
}

fn check_refused(format: &Format, text: &str, expect: &str) {
    let error = items(format, text, usize::MAX).unwrap_err();
    assert!(error.contains(expect), "{error}");
}

fn at(pointer: &str) -> Format {
    Format::Json { pointer: steps(Some(pointer)).unwrap() }
}

fn csv(delimiter: u8) -> Format {
    Format::Csv { headers: CsvHeaders::FirstRow, delimiter }
}

#[test]
fn a_json_document_is_a_list() {
    check(&at(""), "[1, \"a\", [2], {\"b\": null}]", json!([1, "a", [2], {"b": null}]));
    check(&at(""), " [] ", json!([]));
    check_refused(&at(""), "{\"a\": [1]}", "Attempting to map over non-iterable node.");
    check_refused(&at(""), "7", "Attempting to map over non-iterable node.");
    check_refused(&at(""), "[1, 2", "is not JSON");
    check_refused(&at(""), "[1] 2", "is not JSON");
    check_refused(&at(""), "", "is not JSON");
}

#[test]
fn a_pointer_leads_to_the_list() {
    let text = r#"{"skip": {"list": [9]}, "a/b": [0, {"list": [1, 2]}], "last": [[3]]}"#;
    check(&at("/a~1b/1/list"), text, json!([1, 2]));
    check(&at("/last/0"), text, json!([3]));
    check_refused(&at("/list"), text, "leads to nothing");
    check_refused(&at("/last/7"), text, "leads to nothing");
    check_refused(&at("/a~1b/0"), text, "Attempting to map over non-iterable node.");
    assert!(steps(Some("a")).is_err());
}

#[test]
fn whoever_has_enough_gets_no_more() {
    for (format, text) in
        [(at(""), "[1, 2, 3, broken"), (Format::JsonLines, "1\n2\n}\n"), (csv(b','), "a\n1\n2\n\"open")]
    {
        assert_eq!(items(&format, text, 2).unwrap().len(), 2);
        assert!(items(&format, text, 9).is_err(), "{text}");
    }
}

#[test]
fn json_lines() {
    check(&Format::JsonLines, "{\"a\": 1}\n\n  \r\n[2]\r\n3", json!([{"a": 1}, [2], 3]));
    check(&Format::JsonLines, "", json!([]));
    check_refused(&Format::JsonLines, "1\n\n{", "Line 3");
}

#[test]
fn rows_are_as_wide_as_their_headers() {
    let text = "A,B\n1,2,3\n,,,\n   \nx\n\n\r\nlast,\"\"";
    let expect = json!([
        {"A": "1", "B": "2"}, {"A": "", "B": ""}, {"A": "   ", "B": ""}, {"A": "x", "B": ""},
        {"A": "last", "B": ""},
    ]);
    check(&csv(b','), text, expect);
    check(&csv(b','), "H,\na,b,c\n", json!([{"H": "a", "": "b"}]));
    check(&csv(b','), "", json!([]));
    check(&csv(b','), "H\n\"\"\n", json!([{"H": ""}]));
}

#[test]
fn quotes_keep_delimiters_and_ends_of_lines() {
    check(&csv(b';'), "A;B\n\"a;\"\"b\"\"\";\"c\r\nd\"\r\n", json!([{"A": "a;\"b\"", "B": "c\r\nd"}]));
    check(&csv(b','), "A,B\nit's,5\" long\n", json!([{"A": "it's", "B": "5\" long"}]));
    check(&csv(b'\t'), "\u{feff}A\tB\r1\t\u{fc}\r", json!([{"A": "1", "B": "\u{fc}"}]));
    check_refused(&csv(b','), "A\n\"x\n\n", "Row 2");
}

#[test]
fn given_headers_leave_the_first_row_as_it_is() {
    let headers = CsvHeaders::Given(vec!["x".into(), "y".into(), "z".into()]);
    check(&Format::Csv { headers, delimiter: b',' }, "1,2\n", json!([{"x": "1", "y": "2", "z": ""}]));
}

#[test]
fn no_item_is_endless() {
    let long = "x".repeat(MOST_BYTES + 1);
    for format in [at(""), Format::JsonLines, csv(b',')] {
        check_refused(&format, &format!("[\"{long}"), "an item has more than");
    }
    // Many short ones may be as long together as they like.
    let many = "\"0123456789\"\n".repeat(MOST_BYTES / 10);
    assert_eq!(items(&Format::JsonLines, &many, usize::MAX).unwrap().len(), MOST_BYTES / 10);
}

#[test]
fn manifests_name_objects() {
    let text = json!({
        "sourceBucket": "data", "destinationBucket": "arn:aws:s3:::lists", "version": "2016-11-30",
        "fileFormat": "CSV", "fileSchema": "Bucket, Key, Size", "files": [{"key": "a.csv.gz", "size": 1}],
    });
    let manifest = Inventory::parse(text.to_string().as_bytes()).unwrap();
    assert_eq!((manifest.bucket(), manifest.keys().collect::<Vec<_>>()), ("lists", vec!["a.csv.gz"]));
    assert_eq!(manifest.columns(), ["Bucket", "Key", "Size"]);
    let orc = text.to_string().replace("CSV", "ORC");
    assert!(Inventory::parse(orc.as_bytes()).unwrap_err().contains("ORC"));
    assert!(Inventory::parse(b"[]").is_err());
    assert_eq!(athena_places(b"s3://b/1\n\n\"s3://b/2\"\r\n").unwrap(), ["s3://b/1", "s3://b/2"]);
    assert!(athena_places(b"\xff").is_err());
}
