//! Long texts taken out of a row, and put back byte for byte. Pure.
//!
//! A row is JSON, and a long text in it is one string of that JSON. The string becomes an empty one, and where it was
//! stands in front of the row; so nothing that anybody writes into a document can be taken for such a place.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use trainyard_domain::content::Digest;

/// A text of more bytes lies beside the store: what AWS takes of data stays in it.
pub(crate) const LARGE: usize = 256 * 1024;
/// What rows begin with of which something lies beside the store.
const MARK: &str = r#"{"beside":["#;

/// Texts by their digests: the same one is there once.
pub(crate) type Texts = BTreeMap<Digest, String>;

/// A text that was taken out of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Before which byte of the rest.
    at: usize,
    /// Which text.
    pub(super) digest: Digest,
    /// How many bytes it has.
    pub(super) size: usize,
}

/// A row as it is stored.
#[derive(Serialize, Deserialize)]
struct Row<'r> {
    beside: Vec<Place>,
    #[serde(borrow)]
    rest: &'r RawValue,
}

/// A row that lacks its long texts.
pub(crate) struct Torn {
    pub(super) places: Vec<Place>,
    /// The row with empty texts in their places.
    pub(crate) rest: String,
}

/// Whether some of the row lies beside the store.
pub(crate) fn is_torn(row: &str) -> bool {
    row.starts_with(MARK)
}

/// Takes the long texts out of a row, and adds them to the others; says which. A row without any stays as it is.
pub(super) fn take_out(row: &mut String, texts: &mut Texts) -> serde_json::Result<Vec<Digest>> {
    let (mut places, mut rest, mut copied) = (Vec::new(), String::new(), 0);
    for (open, close) in literals(row) {
        let text: String = serde_json::from_str(&row[open..=close])?;
        if text.len() <= LARGE {
            continue;
        }
        rest.push_str(&row[copied..=open]);
        copied = close;
        let digest = Digest::of(text.as_bytes());
        places.push(Place { at: rest.len(), digest: digest.clone(), size: text.len() });
        texts.insert(digest, text);
    }
    if places.is_empty() {
        return Ok(Vec::new());
    }
    rest.push_str(&row[copied..]);
    let taken = places.iter().map(|place| place.digest.clone()).collect();
    let rest = RawValue::from_string(rest)?;
    *row = serde_json::to_string(&Row { beside: places, rest: &rest })?;
    Ok(taken)
}

/// Where the long strings of JSON open and close.
fn literals(json: &str) -> Vec<(usize, usize)> {
    let bytes = json.as_bytes();
    let (mut found, mut open) = (Vec::new(), None);
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, open) {
            (b'"', None) => open = Some(at),
            (b'"', Some(from)) => {
                if at - from > LARGE {
                    found.push((from, at));
                }
                open = None;
            }
            // What is escaped closes nothing.
            (b'\\', Some(_)) => at += 1,
            _ => {}
        }
        at += 1;
    }
    found
}

/// What stands in a torn row, or why that cannot be said.
pub(super) fn read(row: &str) -> Result<Torn, String> {
    let Row { beside, rest } = serde_json::from_str(row).map_err(|error| error.to_string())?;
    Ok(Torn { places: beside, rest: rest.get().to_owned() })
}

impl Torn {
    /// The row as it was, of all its texts.
    pub(super) fn put_back(&self, texts: &Texts) -> Result<String, String> {
        let (mut row, mut copied) = (String::new(), 0);
        for Place { at, digest, .. } in &self.places {
            let (before, after) = (self.rest.get(copied..*at), self.rest.get(*at..));
            let before = match (before, after) {
                (Some(before), Some(after)) if before.ends_with('"') && after.starts_with('"') => before,
                _ => return Err(format!("it has no place for a text at byte {at}")),
            };
            let text = texts.get(digest).ok_or_else(|| format!("its text {digest} is missing"))?;
            let text = serde_json::to_string(text).map_err(|error| error.to_string())?;
            row.push_str(before);
            row.push_str(&text[1..text.len() - 1]);
            copied = *at;
        }
        row.push_str(self.rest.get(copied..).unwrap_or_default());
        Ok(row)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(row: &Value, expect: &[&str]) {
        let (whole, mut texts) = (row.to_string(), Texts::new());
        let mut kept = whole.clone();
        let taken = take_out(&mut kept, &mut texts).unwrap();
        let taken: Vec<&str> = taken.iter().map(|digest| texts[digest].as_str()).collect();
        assert!(taken == expect, "{} texts", taken.len());
        assert_eq!(is_torn(&kept), !expect.is_empty());
        if expect.is_empty() {
            assert!(kept == whole);
            return;
        }
        assert!(kept.len() < 2000, "{}", kept.len());
        assert!(read(&kept).unwrap().put_back(&texts).unwrap() == whole);
    }

    #[test]
    fn what_is_taken_out_is_put_back_byte_for_byte() {
        let (large, fits) = ("x".repeat(LARGE + 1), "y".repeat(LARGE));
        check(&json!({"input": "{}", "end": null}), &[]);
        check(&json!([fits, fits]), &[]);
        check(&json!({"input": large}), &[&large]);
        check(&json!({"a": {"input": large, "b": "\"", "c": ["\\", large]}, "d": "ü"}), &[&large, &large]);
        // Short when it is read, however long it is to write.
        check(&json!({"quotes": "\"".repeat(LARGE)}), &[]);
        let odd = "\"\\\u{0}\u{7f}ü\u{2028}\n".repeat(LARGE / 8);
        check(&json!({"odd": odd, "more": 1.5}), &[&odd]);
        check(&json!({large.clone(): 1}), &[&large]);
    }

    #[test]
    fn nobody_writes_a_place_into_a_document() {
        let digest = Digest::of(b"somebody else's");
        check(&json!({"input": {"beside": [{"at": 1, "digest": digest, "size": 1}], "rest": {}}}), &[]);
        let (text, mut texts) = ("x".repeat(LARGE + 1), Texts::new());
        let mut row = json!({"cause": format!("{MARK}]}}"), "input": text}).to_string();
        take_out(&mut row, &mut texts).unwrap();
        assert_eq!(read(&row).unwrap().places.len(), 1);
    }

    #[test]
    fn a_row_that_lacks_something_says_so() {
        let (mut row, mut texts) = (json!({"a": "x".repeat(LARGE + 1)}).to_string(), Texts::new());
        take_out(&mut row, &mut texts).unwrap();
        let torn = read(&row).unwrap();
        assert!(torn.put_back(&Texts::new()).unwrap_err().contains("is missing"));
        let shifted = Torn { rest: torn.rest[1..].to_owned(), places: torn.places };
        assert!(shifted.put_back(&texts).unwrap_err().contains("no place"));
        assert!(read(&row[..row.len() - 1]).is_err());
    }
}
