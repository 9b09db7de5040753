//! A JSON document's list.

use std::{
    io::{BufReader, Read},
    ops::ControlFlow,
};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

use super::{NO_LIST, Sink, Unread};

/// The members and places that a JSON pointer names, from the outside in.
/// <https://www.rfc-editor.org/rfc/rfc6901>
pub(super) fn steps(pointer: Option<&str>) -> Result<Vec<String>, String> {
    match pointer.unwrap_or_default() {
        "" => Ok(Vec::new()),
        pointer => match pointer.strip_prefix('/') {
            Some(rest) => {
                Ok(rest.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect())
            }
            None => {
                Err(format!("The ItemsPointer '{pointer}' is not a JSON pointer: it begins with no slash."))
            }
        },
    }
}

pub(super) fn read(pointer: &[String], bytes: impl Read, sink: &mut Sink<'_>) -> Result<(), Unread> {
    let mut reader = serde_json::Deserializer::from_reader(BufReader::new(bytes));
    let mut seen = Seen { list: false, enough: false };
    let walk = Walk { steps: pointer, sink, seen: &mut seen };
    let read = walk.deserialize(&mut reader).and_then(|()| reader.end());
    match read {
        _ if seen.enough => Ok(()),
        Ok(()) if seen.list => Ok(()),
        Ok(()) => Err(Unread::Form(format!("The ItemsPointer '/{}' leads to nothing.", pointer.join("/")))),
        Err(error) if error.is_io() => Err(Unread::Bytes(error.into())),
        Err(error) if error.is_data() => Err(Unread::Form(NO_LIST.to_owned())),
        Err(error) => Err(Unread::Form(format!("The object is not JSON: {error}"))),
    }
}

/// What has become of the walk.
struct Seen {
    /// The list was found.
    list: bool,
    /// Nobody wants more items.
    enough: bool,
}

/// Goes along the pointer, and past everything else, without keeping it.
struct Walk<'w, 's> {
    steps: &'w [String],
    sink: &'w mut Sink<'s>,
    seen: &'w mut Seen,
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Some((step, rest)) = self.steps.split_first() else {
            self.seen.list = true;
            while let Some(item) = list.next_element::<Value>()? {
                if let ControlFlow::Break(()) = (self.sink)(item) {
                    self.seen.enough = true;
                    return Err(A::Error::custom("enough"));
                }
            }
            return Ok(());
        };
        let wanted: Option<usize> = step.parse().ok();
        let mut at = 0;
        let Self { sink, seen, .. } = self;
        loop {
            let more = if wanted == Some(at) {
                list.next_element_seed(Walk { steps: rest, sink: &mut *sink, seen: &mut *seen })?
            } else {
                list.next_element::<IgnoredAny>()?.map(drop)
            };
            if more.is_none() {
                return Ok(());
            }
            at += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { steps, sink, seen } = self;
        let Some((step, rest)) = steps.split_first() else { return Err(A::Error::custom(NO_LIST)) };
        while let Some(name) = members.next_key::<String>()? {
            if name == *step {
                members.next_value_seed(Walk { steps: rest, sink: &mut *sink, seen: &mut *seen })?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}
