//! The facts about one service as they are packed.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize,
    de::{Deserializer, Error, SeqAccess, Visitor},
};

use super::shape::Bounds;

/// All that is known of a service. Names are parts of the unpacked text.
#[derive(Default, Deserialize)]
pub(super) struct Block {
    #[serde(rename = "o", borrow)]
    pub(super) actions: BTreeMap<&'static str, Action>,
    #[serde(rename = "s")]
    pub(super) shapes: Vec<Row>,
}

/// An operation; the numbers are places in the shapes, and -1 is none.
#[derive(Deserialize)]
pub(super) struct Action {
    pub(super) input: i32,
    pub(super) output: i32,
    #[serde(default, borrow)]
    pub(super) errors: Vec<&'static str>,
}

/// A shape.
pub(super) enum Row {
    Text(Bounds, Vec<&'static str>),
    Bytes(Bounds),
    Time,
    Whole(Bounds),
    Number(Bounds),
    Truth,
    Any,
    List(Bounds, i32),
    Map(Bounds, i32),
    Object(Vec<MemberRow>),
}

/// A member of an object.
#[derive(Deserialize)]
pub(super) struct MemberRow {
    pub(super) name: &'static str,
    pub(super) shape: i32,
    #[serde(default)]
    pub(super) required: u8,
    /// The name in the API, where it is another.
    #[serde(default)]
    pub(super) api_name: &'static str,
}

impl<'de: 'static> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(RowVisitor)
    }
}

struct RowVisitor;

impl<'de: 'static> Visitor<'de> for RowVisitor {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a shape: its kind and what belongs to it")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut row: A) -> Result<Row, A::Error> {
        let kind: &str = row.next_element()?.ok_or_else(|| A::Error::missing_field("kind"))?;
        let row = match kind {
            "s" => Row::Text(bounds(&mut row)?, row.next_element()?.unwrap_or_default()),
            "b" => Row::Bytes(bounds(&mut row)?),
            "t" => Row::Time,
            "i" => Row::Whole(bounds(&mut row)?),
            "f" => Row::Number(bounds(&mut row)?),
            "z" => Row::Truth,
            "a" => Row::Any,
            "l" => Row::List(bounds(&mut row)?, row.next_element()?.unwrap_or(-1)),
            "m" => Row::Map(bounds(&mut row)?, row.next_element()?.unwrap_or(-1)),
            "o" => Row::Object(row.next_element()?.unwrap_or_default()),
            _ => {
                return Err(A::Error::unknown_variant(
                    kind,
                    &["s", "b", "t", "i", "f", "z", "a", "l", "m", "o"],
                ));
            }
        };
        Ok(row)
    }
}

fn bounds<'de, A: SeqAccess<'de>>(row: &mut A) -> Result<Bounds, A::Error> {
    let mut next = || row.next_element::<Option<f64>>().map(Option::flatten);
    Ok(Bounds { min: next()?, max: next()? })
}
