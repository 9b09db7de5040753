//! What went over the wire, for whoever tries a state. Pure.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_InspectionDataRequest.html>

use serde_json::{Value, json};
use trainyard_domain::outcall::{Answer, Outcall};

use crate::executions::task::Exchange;

/// Request and answer, all of whose members are texts.
pub(super) fn exchange(sent: &Outcall, answer: Option<&Answer>) -> Exchange {
    let protocol = sent.url.split(':').next().unwrap_or_default();
    let mut request = json!({
        "protocol": protocol,
        "method": sent.method,
        "url": sent.url,
        "headers": headers(&sent.headers),
    });
    if !sent.body.is_empty() {
        request["body"] = text(&sent.body);
    }
    let response = answer.map(|answer| {
        json!({
            "protocol": protocol,
            "statusCode": answer.status.to_string(),
            "statusMessage": answer.reason,
            "headers": headers(&answer.headers),
            "body": text(&answer.body),
        })
    });
    Exchange { request, response }
}

fn text(body: &[u8]) -> Value {
    String::from_utf8_lossy(body).into()
}

fn headers(headers: &[(String, String)]) -> String {
    let each: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("[{}]", each.join(", "))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn all_are_texts() {
        let sent = Outcall {
            method: "GET".to_owned(),
            url: "https://example.com/get?q=1".to_owned(),
            headers: vec![("A".to_owned(), "1".to_owned()), ("B".to_owned(), "2".to_owned())],
            body: "".into(),
            limit: Duration::ZERO,
            largest: 0,
        };
        let answer = Answer { status: 200, reason: "OK".to_owned(), headers: Vec::new(), body: "x".into() };
        let shown = exchange(&sent, Some(&answer));
        let request = json!({"protocol": "https", "method": "GET", "url": "https://example.com/get?q=1", "headers": "[A: 1, B: 2]"});
        let response = json!({"protocol": "https", "statusCode": "200", "statusMessage": "OK", "headers": "[]", "body": "x"});
        assert_eq!(shown, Exchange { request, response: Some(response) });
    }
}
