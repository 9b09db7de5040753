//! Members' names: Step Functions shows them with a capital, whatever the wire has.

use serde_json::{Map, Value};

use super::names::{self, odd_names};
use crate::Service;

/// The input with the names that the wire has.
pub(super) fn to_wire(service: &Service, value: Value) -> Value {
    match (service.is_pascal(), odd_names(service).is_empty()) {
        (true, true) => value,
        (true, false) => rename(value, service.maps, &|name| names::to_api(service, name).to_owned()),
        (false, _) => rename(value, service.maps, &|name| lower_first(names::to_api(service, name))),
    }
}

/// The answer with the names that Step Functions shows.
pub(super) fn to_sdk(service: &Service, value: Value) -> Value {
    match (service.is_pascal(), odd_names(service).is_empty()) {
        (true, true) => value,
        (true, false) => rename(value, service.maps, &|name| names::to_sdk(service, name).to_owned()),
        (false, _) => {
            rename(value, service.maps, &|name| names::to_sdk(service, &upper_first(name)).to_owned())
        }
    }
}

fn rename(value: Value, maps: &[&str], name: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|item| rename(item, maps, name)).collect(),
        Value::Object(members) => {
            let renamed = members.into_iter().map(|(key, member)| {
                let of_user = maps.iter().any(|map| map.eq_ignore_ascii_case(&key)) && member.is_object();
                (name(&key), if of_user { member } else { rename(member, maps, name) })
            });
            Value::Object(renamed.collect::<Map<_, _>>())
        }
        other => other,
    }
}

pub(super) fn upper_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_of_users_stay() {
        let renamed = rename(json!({"LogGroupName": "a", "Tags": {"Team": "x"}}), &["tags"], &lower_first);
        assert_eq!(renamed, json!({"logGroupName": "a", "tags": {"Team": "x"}}));
    }
}
