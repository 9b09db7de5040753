//! What came back as the state's result, or its failure. Pure.

use serde_json::{Map, Value, json};
use trainyard_domain::{Failure, outcall::Answer};

/// A cause may have so many characters.
const LONGEST_CAUSE: usize = 32_768;

/// The result of a call that was answered with success; every other status is a failure named after it, whose cause
/// is what the API says.
pub(super) fn read(answer: &Answer) -> Result<Value, Failure> {
    if !answer.is_success() {
        let said: String = String::from_utf8_lossy(&answer.body).chars().take(LONGEST_CAUSE).collect();
        let cause = if said.is_empty() { answer.reason.clone() } else { said };
        return Err(Failure::new(format!("States.Http.StatusCode.{}", answer.status), cause));
    }
    let kind = answer.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let unreadable = |why: &str| Failure::new("States.Runtime", format!("the API's answer {why}"));
    if kind.starts_with("application/octet-stream")
        || ["image/", "video/", "audio/"].iter().any(|family| kind.starts_with(family))
    {
        return Err(unreadable(&format!("is of type `{kind}`, which an HTTP task cannot take")));
    }
    let text = std::str::from_utf8(&answer.body).map_err(|_| unreadable("is no text"))?;
    let body = match serde_json::from_str(text) {
        Ok(value) if is_json(&kind) => value,
        _ => Value::from(text),
    };
    Ok(json!({
        "Headers": headers(answer),
        "ResponseBody": body,
        "StatusCode": answer.status,
        "StatusText": answer.reason,
    }))
}

fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind == "application/json" || kind.ends_with("+json") || kind == "text/json"
}

fn headers(answer: &Answer) -> Value {
    let mut headers = Map::new();
    for (name, value) in &answer.headers {
        if let Value::Array(values) = headers.entry(name.clone()).or_insert_with(|| json!([])) {
            values.push(value.as_str().into());
        }
    }
    Value::Object(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, kind: &str, body: &[u8]) -> Answer {
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        Answer { status, reason: "Said".to_owned(), headers, body: body.to_vec().into() }
    }

    #[test]
    fn success_is_a_result() {
        let check = |kind: &str, body: &str, expect: Value| {
            let result = read(&answer(201, kind, body.as_bytes())).unwrap();
            let whole = json!({
                "Headers": {"content-type": [kind]}, "ResponseBody": expect, "StatusCode": 201, "StatusText": "Said",
            });
            assert_eq!(result, whole);
        };
        check("application/json; charset=utf-8", r#"{"a":[1]}"#, json!({"a": [1]}));
        check("application/problem+json", "1", json!(1));
        check("application/json", "{", json!("{"));
        check("text/plain", r#"{"a":1}"#, json!(r#"{"a":1}"#));
        check("application/json", "", json!(""));
    }

    #[test]
    fn what_is_no_success_or_no_text_is_a_failure() {
        let check = |answer: Answer, error: &str, cause: &str| {
            let failure = read(&answer).unwrap_err();
            assert_eq!(failure.error, error);
            assert!(failure.cause.contains(cause), "{failure}");
        };
        check(answer(429, "text/plain", b"slow down"), "States.Http.StatusCode.429", "slow down");
        check(answer(302, "text/plain", b""), "States.Http.StatusCode.302", "Said");
        check(answer(200, "image/png", b"x"), "States.Runtime", "image/png");
        check(answer(200, "application/octet-stream", b"x"), "States.Runtime", "octet-stream");
        check(answer(200, "text/plain", b"\xff\xfe"), "States.Runtime", "no text");
    }
}
