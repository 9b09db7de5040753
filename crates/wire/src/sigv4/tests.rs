use http::{Request, request::Parts};
use serde::Deserialize;

use super::*;

/// Requests that botocore signed with this secret at this moment.
const VECTORS: &str = include_str!("vectors.json");
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOW: &str = "2026-01-02T03:04:05Z";

#[derive(Deserialize)]
struct Vector {
    name: String,
    method: String,
    uri: String,
    headers: std::collections::BTreeMap<String, String>,
    body: String,
    service: String,
    region: String,
    token: Option<String>,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(VECTORS).unwrap()
}

fn parts(vector: &Vector) -> Parts {
    let mut request = Request::builder().method(vector.method.as_str()).uri(&vector.uri);
    for (name, value) in &vector.headers {
        request = request.header(name, value);
    }
    request.body(()).unwrap().into_parts().0
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[test]
fn what_botocore_signs_is_accepted() {
    for vector in vectors() {
        let parts = parts(&vector);
        assert!(is_signed(&parts), "{}", vector.name);
        let signature = Signature::read(&parts).unwrap_or_else(|e| panic!("{}: {e}", vector.name));
        assert_eq!(signature.access_key, "AKIDEXAMPLE");
        assert_eq!((&signature.service, signature.region.as_str()), (&vector.service, &*vector.region));
        assert_eq!(signature.token, vector.token, "{}", vector.name);
        let checked = signature.check(&parts, vector.body.as_bytes(), SECRET, now());
        assert_eq!(checked, Ok(()), "{}", vector.name);
    }
}

#[test]
fn what_was_changed_is_refused() {
    for vector in vectors() {
        let check = |change: &dyn Fn(&mut Parts), body: &[u8], secret: &str| {
            let mut parts = parts(&vector);
            let signature = Signature::read(&parts).unwrap();
            change(&mut parts);
            assert_eq!(
                signature.check(&parts, body, secret, now()),
                Err(Refused::Mismatch),
                "{}",
                vector.name
            );
        };
        let body = vector.body.as_bytes();
        check(&|_| {}, body, "another secret");
        check(&|_| {}, b"another body", SECRET);
        check(&|parts| parts.method = http::Method::PUT, body, SECRET);
        check(&|parts| parts.uri = "/another/path".parse().unwrap(), body, SECRET);
        check(&|parts| drop(parts.headers.insert("host", "evil.example".parse().unwrap())), body, SECRET);
    }
}

#[test]
fn a_clock_may_be_a_quarter_of_an_hour_off() {
    let vector = vectors().remove(0);
    let check = |now: Timestamp, fine: bool| {
        let parts = parts(&vector);
        let checked = Signature::read(&parts).unwrap().check(&parts, vector.body.as_bytes(), SECRET, now);
        assert_eq!(checked.is_ok(), fine, "{now}: {checked:?}");
        assert!(fine || matches!(checked, Err(Refused::Skewed(_))));
    };
    let minutes_15 = 15 * 60 * 1000;
    check(now().plus(seconds(15 * 60)), true);
    check(now().plus(seconds(15 * 60 + 1)), false);
    check(Timestamp(now().millis() - minutes_15), true);
    check(Timestamp(now().millis() - minutes_15 - 1000), false);
}

#[test]
fn a_presigned_url_lives_as_long_as_it_says() {
    let vector = vectors().into_iter().find(|v| v.name == "presigned").unwrap();
    let parts = parts(&vector);
    let check =
        |after| Signature::read(&parts).unwrap().check(&parts, b"", SECRET, now().plus(seconds(after)));
    assert_eq!(check(900), Ok(()));
    assert!(matches!(check(901), Err(Refused::Skewed(_))));
}

#[test]
fn what_is_not_whole_is_refused() {
    let vector = vectors().remove(0);
    let check = |change: &dyn Fn(String) -> String| {
        let mut parts = parts(&vector);
        let text = change(vector.headers["authorization"].clone());
        parts.headers.insert("authorization", text.parse().unwrap());
        let refused = Signature::read(&parts)
            .and_then(|signature| signature.check(&parts, vector.body.as_bytes(), SECRET, now()));
        assert!(matches!(refused, Err(Refused::Incomplete(_))), "{text}: {refused:?}");
    };
    check(&|_| "AWS4-HMAC-SHA256".to_owned());
    check(&|text| text.replace("Signature=", "Sig="));
    check(&|text| text.replace("/aws4_request", ""));
    check(&|text| text.replace("host;", ""));
    check(&|text| text.replace(";x-amz-target", ""));
    check(&|text| text.replace("20260102/", "20260101/"));
    check(&|text| text.replace("us-east-1", "../../x"));
}

#[test]
fn credentials_stand_in_one_place() {
    let check = |uri: &str, headers: &[(&str, &str)], twice: bool| {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        assert_eq!(is_signed_twice(&request.body(()).unwrap().into_parts().0), twice, "{uri} {headers:?}");
    };
    let header = ("authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request");
    check("/?list-type=2", &[header], false);
    check("/?X-Amz-Credential=a&X-Amz-Signature=b", &[], false);
    check("/?AWSAccessKeyId=a&Signature=b&Expires=1", &[], false);
    check("/?X-Amz-Signature=b", &[header], true);
    check("/?X%2DAmz-Signature=b", &[("authorization", "AWS a:b")], true);
    check("/?%53ignature=b&X-Amz-Signature=b", &[], true);
    check("/?AWSAccessKeyId=a", &[header], true);
    check("/", &[header, header], true);
}

#[test]
fn headers_of_s3_are_signed() {
    let parts = |name: &str| {
        let signed = "AWS4-HMAC-SHA256 Credential=a/20260102/us-east-1/s3/aws4_request, \
                      SignedHeaders=host;x-amz-date;x-amz-meta-a, Signature=00";
        let request =
            Request::builder().header("authorization", signed).header("x-amz-date", "20260102T030405Z");
        request.header(name, "x").body(()).unwrap().into_parts().0
    };
    let check = |name: &str, expect: Option<&str>| {
        let parts = parts(name);
        assert_eq!(Signature::read(&parts).unwrap().unsigned_header(&parts), expect);
    };
    check("x-amz-meta-a", None);
    check("x-amz-content-sha256", None);
    check("content-type", None);
    check("x-amz-copy-source", Some("x-amz-copy-source"));
}
