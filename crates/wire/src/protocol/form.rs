//! Forms: `Tags.member.1.Key=a` becomes `{"Tags": [{"Key": "a"}]}`. All values are texts.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// How many fields a form may have, and how deep they may go.
const FIELDS: usize = 2000;
const DEPTH: usize = 10;

/// The form's members.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let mut root = Map::new();
    for (count, field) in text.split('&').filter(|field| !field.is_empty()).enumerate() {
        if count >= FIELDS {
            return Err(format!("the form has more than {FIELDS} fields"));
        }
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        let (name, value) = (decoded(name)?, decoded(value)?);
        let path: Vec<&str> = name.split('.').collect();
        if path.len() > DEPTH {
            return Err(format!("the field `{name}` goes too deep"));
        }
        insert(&mut root, &path, value).map_err(|()| format!("the field `{name}` is there twice"))?;
    }
    Ok(lists(Value::Object(root)))
}

fn insert(members: &mut Map<String, Value>, path: &[&str], value: String) -> Result<(), ()> {
    let [name, rest @ ..] = path else { return Err(()) };
    if rest.is_empty() {
        return match members.insert((*name).to_owned(), Value::String(value)) {
            None => Ok(()),
            Some(_) => Err(()),
        };
    }
    let inner = members.entry(*name).or_insert_with(|| Value::Object(Map::new()));
    insert(inner.as_object_mut().ok_or(())?, rest, value)
}

/// Objects whose only member is `member` with numbers under it are lists.
fn lists(value: Value) -> Value {
    let Value::Object(members) = value else { return value };
    let is_list = members.len() == 1
        && members
            .get("member")
            .and_then(Value::as_object)
            .is_some_and(|items| items.keys().all(|key| key.parse::<u32>().is_ok()));
    if !is_list {
        return Value::Object(members.into_iter().map(|(name, member)| (name, lists(member))).collect());
    }
    let mut items: Vec<(u32, Value)> = Vec::new();
    for (_, inner) in members {
        let Value::Object(inner) = inner else { continue };
        items.extend(inner.into_iter().map(|(key, item)| (key.parse().unwrap_or(u32::MAX), lists(item))));
    }
    items.sort_by_key(|(at, _)| *at);
    items.into_iter().map(|(_, item)| item).collect()
}

fn decoded(text: &str) -> Result<String, String> {
    let spaced = text.replace('+', " ");
    let bytes = percent_decode_str(&spaced).decode_utf8();
    bytes.map(std::borrow::Cow::into_owned).map_err(|_| "the form is not UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_lists_in_order() {
        let form = "Action=Put&T.member.10.Key=z&T.member.2.Key=a+b&T.member.2.Value=%26&D=";
        let expect = json!({"Action": "Put", "T": [{"Key": "a b", "Value": "&"}, {"Key": "z"}], "D": ""});
        assert_eq!(read(form), Ok(expect));
    }

    #[test]
    fn refuses_what_has_no_one_meaning() {
        for bad in ["A=1&A=2", "A=1&A.B=2", "A.B=2&A=1", "a.a.a.a.a.a.a.a.a.a.a=1", "A=%ff"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
