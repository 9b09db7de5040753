//! The query protocol of services that speak JSON now, and their older codes of errors. Pure.
//!
//! Lists and maps have no level of their own there: `Tag.1.Key=a&Tag.1.Value=b` is `{"Tags": {"a": "b"}}`.
//! <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#xmlflattened-trait>

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::xml;

/// How a service's older protocol spells what its JSON has.
pub struct Older {
    /// The member that a request's path says, if it has no such member: a URL of a thing is also where it is asked.
    pub path_member: &'static str,
    /// Lists in requests: the name in forms and in JSON.
    pub lists_in: &'static [(&'static str, &'static str)],
    /// Lists in answers: the name in JSON and in XML, `{action}` standing for the operation.
    pub lists_out: &'static [(&'static str, &'static str)],
    /// Maps.
    pub maps: &'static [FlatMap],
    /// Errors whose codes are not the names of their shapes: the name, the code.
    pub codes: &'static [(&'static str, &'static str)],
}

/// A map that is written as a list of pairs.
pub struct FlatMap {
    /// The name of a pair.
    pub flat: &'static str,
    /// The map's name in JSON.
    pub member: &'static str,
    /// What a pair calls its key; the other half is `Value`.
    pub key: &'static str,
}

impl Older {
    /// The older code of an error; where there is none, it is the name of its shape.
    pub fn code<'a>(&self, name: &'a str) -> &'a str {
        self.codes.iter().find(|(known, _)| *known == name).map_or(name, |(_, code)| code)
    }

    /// A form's members as JSON has them.
    pub(super) fn read(&self, form: Value, path: &str) -> Value {
        let mut read = self.members(form);
        if let Value::Object(members) = &mut read
            && path.len() > 1
            && let Ok(path) = percent_decode_str(path).decode_utf8()
        {
            members.entry(self.path_member).or_insert_with(|| path.into());
        }
        read
    }

    fn members(&self, value: Value) -> Value {
        let Value::Object(members) = value else { return value };
        let mut read = Map::new();
        for (name, member) in members {
            if let Some(map) = self.maps.iter().find(|map| map.flat == name) {
                let pairs = items(member).into_iter().filter_map(|pair| map.pair(self.members(pair)));
                read.insert(map.member.to_owned(), Value::Object(pairs.collect()));
            } else if let Some((_, list)) = self.lists_in.iter().find(|(flat, _)| *flat == name) {
                let list_of = items(member).into_iter().map(|item| self.members(item)).collect();
                read.insert((*list).to_owned(), list_of);
            } else {
                read.insert(name, self.members(member));
            }
        }
        Value::Object(read)
    }

    /// An answer's members as XML has them.
    pub(super) fn write(&self, text: &mut String, value: &Value, action: &str) {
        for (name, member) in value.as_object().into_iter().flatten() {
            let map = self.maps.iter().find(|map| map.member == name);
            if let (Some(map), Value::Object(pairs)) = (map, member) {
                for (key, value) in pairs {
                    text.push_str(&xml::element(map.flat, &|text| {
                        xml::text_element(text, map.key, key);
                        self.element(text, "Value", value, action);
                    }));
                }
            } else if let (Some((_, flat)), Value::Array(items)) =
                (self.lists_out.iter().find(|(list, _)| list == name), member)
            {
                let flat = flat.replace("{action}", action);
                items.iter().for_each(|item| self.element(text, &flat, item, action));
            } else if !member.is_null() {
                self.element(text, name, member, action);
            }
        }
    }

    fn element(&self, text: &mut String, name: &str, value: &Value, action: &str) {
        match value {
            Value::Object(_) => {
                text.push_str(&xml::element(name, &|text| self.write(text, value, action)));
            }
            Value::String(content) => xml::text_element(text, name, content),
            other => xml::text_element(text, name, &other.to_string()),
        }
    }
}

impl FlatMap {
    fn pair(&self, pair: Value) -> Option<(String, Value)> {
        let Value::Object(mut pair) = pair else { return None };
        let key = pair.get(self.key)?.as_str()?.to_owned();
        Some((key, pair.remove("Value").unwrap_or_else(|| Value::String(String::new()))))
    }
}

/// The items under numbers, in the order of these; anything else is the only one.
fn items(value: Value) -> Vec<Value> {
    match value {
        Value::Object(members) if members.keys().all(|key| key.parse::<u32>().is_ok()) => {
            let numbered = members.into_iter().map(|(key, item)| (key.parse().unwrap_or(u32::MAX), item));
            let mut items: Vec<(u32, Value)> = numbered.collect();
            items.sort_by_key(|(number, _)| *number);
            items.into_iter().map(|(_, item)| item).collect()
        }
        only => vec![only],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::form;

    static SPELLING: Older = Older {
        path_member: "Url",
        lists_in: &[("Entry", "Entries"), ("Name", "Names")],
        lists_out: &[("Done", "{action}Result")],
        maps: &[FlatMap { flat: "Tag", member: "Tags", key: "Key" }],
        codes: &[("NoThing", "Old.NoThing")],
    };

    #[test]
    fn forms_are_read() {
        let check = |text: &str, path: &str, expect: Value| {
            assert_eq!(SPELLING.read(form::read(text).unwrap(), path), expect);
        };
        check("Name.2=b&Name.10=c&Name.1=a", "/", json!({"Names": ["a", "b", "c"]}));
        check("Name=a", "/1/q", json!({"Names": ["a"], "Url": "/1/q"}));
        check("Url=u", "/1/q", json!({"Url": "u"}));
        check(
            "Entry.1.Id=x&Entry.1.Tag.1.Key=k&Entry.1.Tag.1.Value.Type=t&Tag.Key=k&Tag.Value=v",
            "/",
            json!({"Entries": [{"Id": "x", "Tags": {"k": {"Type": "t"}}}], "Tags": {"k": "v"}}),
        );
    }

    #[test]
    fn answers_are_written() {
        let mut text = String::new();
        SPELLING.write(
            &mut text,
            &json!({"Done": [{"Id": "<"}, {"Id": 2}], "Tags": {"k": {"Type": "t"}}, "No": null}),
            "Go",
        );
        assert_eq!(
            text,
            "<GoResult><Id>&lt;</Id></GoResult><GoResult><Id>2</Id></GoResult>\
             <Tag><Key>k</Key><Value><Type>t</Type></Value></Tag>"
        );
        assert_eq!((SPELLING.code("NoThing"), SPELLING.code("Other")), ("Old.NoThing", "Other"));
    }
}
