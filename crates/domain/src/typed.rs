//! Typed values out of JSON, and where it does not fit if it does not.
//!
//! One deserializer for all that comes from outside: it knows the way to where it stands, so that nothing needs to be
//! wrapped around it to tell. It reads what serde_json reads from a [`Value`] and says the same of what it does not, but
//! for this: a struct is an object, never an array; the keys of a map are texts, never numbers; there is no `RawValue`.

use std::cell::{Cell, RefCell};

use serde::{
    Deserializer,
    de::{
        DeserializeOwned, DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected,
        VariantAccess, Visitor,
    },
    forward_to_deserialize_any,
};
use serde_json::{Error, Value, map, value::Number};

/// A value that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The way to it, or to what lacks something.
    pub path: Vec<Step>,
    /// What is wrong, in serde's words.
    pub message: String,
}

/// A step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the member of an object.
    Member(String),
    /// To the element of an array.
    Element(usize),
}

impl Misfit {
    /// The way as text: `a.b[0]`; empty where the whole value does not fit.
    pub fn place(&self) -> String {
        let mut place = String::new();
        for step in &self.path {
            match step {
                Step::Member(name) if place.is_empty() => place.push_str(name),
                Step::Member(name) => place.extend([".", name]),
                Step::Element(index) => place.push_str(&format!("[{index}]")),
            }
        }
        place
    }
}

/// The value as a `T`.
pub fn read<T: DeserializeOwned>(value: Value) -> Result<T, Misfit> {
    let way = Way::default();
    let read = T::deserialize(At { value, way: &way });
    read.map_err(|error| {
        let mut path = way.0.into_inner();
        path.reverse();
        Misfit { path, message: error.to_string() }
    })
}

/// The way back from what does not fit.
#[derive(Default)]
struct Way(RefCell<Vec<Step>>);

impl Way {
    /// What was read behind this step.
    fn from<T>(&self, step: impl FnOnce() -> Step, read: Result<T, Error>) -> Result<T, Error> {
        read.inspect_err(|_| self.0.borrow_mut().push(step()))
    }
}

/// A value, and the way to it.
struct At<'w> {
    value: Value,
    way: &'w Way,
}

impl At<'_> {
    fn misfit(&self, expected: &dyn serde::de::Expected) -> Error {
        Error::invalid_type(unexpected(&self.value), expected)
    }

    fn number<'de, V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value, Error> {
        match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), _, _) => visitor.visit_u64(number),
            (_, Some(number), _) => visitor.visit_i64(number),
            (_, _, Some(number)) => visitor.visit_f64(number),
            (None, None, None) => Err(Error::custom("a number out of range")),
        }
    }
}

fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(value) => Unexpected::Bool(*value),
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), _, _) => Unexpected::Unsigned(number),
            (_, Some(number), _) => Unexpected::Signed(number),
            (_, _, number) => Unexpected::Float(number.unwrap_or(f64::NAN)),
        },
        Value::String(text) => Unexpected::Str(text),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    }
}

impl<'de> Deserializer<'de> for At<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => Self::number(&number, visitor),
            Value::String(text) => visitor.visit_string(text),
            Value::Array(_) => self.deserialize_seq(visitor),
            Value::Object(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Value::Array(elements) = self.value else { return Err(self.misfit(&visitor)) };
        let (count, left) = (elements.len(), Cell::new(elements.len()));
        let elements = Elements { elements: elements.into_iter().enumerate(), way: self.way, left: &left };
        let value = visitor.visit_seq(elements)?;
        match left.get() {
            0 => Ok(value),
            _ => Err(Error::invalid_length(count, &"fewer elements in array")),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Value::Object(members) = self.value else { return Err(self.misfit(&visitor)) };
        visitor.visit_map(Members { members: members.into_iter(), next: None, way: self.way })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let (name, content) = match self.value {
            Value::String(name) => (name, None),
            Value::Object(members) if members.len() == 1 => {
                let Some((name, content)) = members.into_iter().next() else {
                    return Err(Error::custom("an object without members"));
                };
                (name, Some(content))
            }
            Value::Object(_) => {
                return Err(Error::invalid_value(Unexpected::Map, &"map with a single key"));
            }
            other => return Err(Error::invalid_type(unexpected(&other), &"string or map")),
        };
        visitor.visit_enum(Variant { name, content, way: self.way })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct identifier
    }
}

/// The elements of an array.
struct Elements<'w> {
    elements: std::iter::Enumerate<std::vec::IntoIter<Value>>,
    way: &'w Way,
    left: &'w Cell<usize>,
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some((index, value)) = self.elements.next() else { return Ok(None) };
        self.left.set(self.elements.len());
        let element = seed.deserialize(At { value, way: self.way });
        self.way.from(|| Step::Element(index), element).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.elements.len())
    }
}

/// The members of an object.
struct Members<'w> {
    members: map::IntoIter,
    next: Option<(String, Value)>,
    way: &'w Way,
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((name, value)) = self.members.next() else { return Ok(None) };
        let key = seed.deserialize(At { value: Value::String(name.clone()), way: self.way });
        let name = &self.next.insert((name, value)).0;
        // A name that is not known does not fit either.
        self.way.from(|| Step::Member(name.clone()), key).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        let Some((name, value)) = self.next.take() else {
            return Err(Error::custom("a member without name"));
        };
        let member = seed.deserialize(At { value, way: self.way });
        self.way.from(|| Step::Member(name), member)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.members.len())
    }
}

/// One of several shapes: a name, and what is in it, if anything.
struct Variant<'w> {
    name: String,
    content: Option<Value>,
    way: &'w Way,
}

impl<'de, 'w> EnumAccess<'de> for Variant<'w> {
    type Error = Error;
    type Variant = Inside<'w>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Inside<'w>), Error> {
        let variant = seed.deserialize(At { value: Value::String(self.name.clone()), way: self.way })?;
        Ok((variant, Inside { name: self.name, content: self.content, way: self.way }))
    }
}

struct Inside<'w> {
    name: String,
    content: Option<Value>,
    way: &'w Way,
}

impl<'w> Inside<'w> {
    fn enter<T>(
        self,
        expected: &'static str,
        read: impl FnOnce(At<'w>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Some(value) = self.content else {
            return Err(Error::invalid_type(Unexpected::UnitVariant, &expected));
        };
        let inside = read(At { value, way: self.way });
        self.way.from(|| Step::Member(self.name), inside)
    }
}

impl<'de> VariantAccess<'de> for Inside<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.content {
            None | Some(Value::Null) => Ok(()),
            Some(other) => {
                let misfit = Error::invalid_type(unexpected(&other), &"unit");
                self.way.from(|| Step::Member(self.name), Err(misfit))
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        self.enter("newtype variant", |at| seed.deserialize(at))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.enter("tuple variant", |at| at.deserialize_seq(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.enter("struct variant", |at| match at.value {
            Value::Object(_) => at.deserialize_map(visitor),
            _ => Err(at.misfit(&"struct variant")),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Job {
        name: String,
        size: Option<Size>,
        #[serde(default)]
        tags: BTreeMap<String, Vec<i8>>,
        pair: Option<(u8, f64)>,
        rest: Option<Value>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    enum Size {
        Small,
        Of(u8),
        Box { width: u8 },
    }

    /// It reads what serde_json reads, and says the same of what it does not.
    #[test]
    fn it_reads_what_serde_json_reads() {
        let cases = [
            json!({"name": "a"}),
            json!({"name": "a", "size": null, "tags": {"x": [1, -2], "y": []}}),
            json!({"name": "a", "size": "Small", "pair": [1, 2], "rest": {"a": [null, true, 1.5, "b"]}}),
            json!({"name": "a", "size": {"Of": 3}}),
            json!({"name": "a", "size": {"Box": {"width": 3}}}),
            json!({"name": 1}),
            json!({"name": null}),
            json!({}),
            json!([]),
            json!("text"),
            json!({"name": "a", "size": "Vast"}),
            json!({"name": "a", "size": {"Of": 300}}),
            json!({"name": "a", "size": 3}),
            json!({"name": "a", "size": "Of"}),
            json!({"name": "a", "size": {"Small": 1}}),
            json!({"name": "a", "size": {"Box": 1}}),
            json!({"name": "a", "tags": {"x": [1, 1000]}}),
            json!({"name": "a", "tags": [1]}),
            json!({"name": "a", "pair": [1, 2, 3]}),
            json!({"name": "a", "pair": [1]}),
            json!({"name": "a", "other": 1}),
        ];
        for case in cases {
            if case.is_array() {
                assert!(read::<Job>(case).is_err());
                continue;
            }
            let theirs = serde_json::from_value::<Job>(case.clone()).map_err(|error| error.to_string());
            assert_eq!(read::<Job>(case).map_err(|misfit| misfit.message), theirs);
        }
    }

    #[test]
    fn a_misfit_says_where_it_is() {
        let place = |value| read::<Job>(value).unwrap_err().place();
        assert_eq!(place(json!({"name": 1})), "name");
        assert_eq!(place(json!({"name": "a", "tags": {"x": [1, 1000]}})), "tags.x[1]");
        assert_eq!(place(json!({"name": "a", "size": {"Box": {"width": ""}}})), "size.Box.width");
        assert_eq!(place(json!({"name": "a", "size": {"Small": 1}})), "size.Small");
        assert_eq!(place(json!({"name": "a", "other": 1})), "other");
        assert_eq!(place(json!({})), "");
    }
}
