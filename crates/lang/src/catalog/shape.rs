//! What a value looks like.

use super::facts::{Block, MemberRow, Row};

/// A shape of a service. Shapes may hold themselves: walk them along a value, never alone.
#[derive(Clone, Copy)]
pub struct Shape<'c> {
    block: &'c Block,
    row: &'c Row,
}

/// What kind of value a shape is.
#[derive(Clone, Copy)]
pub enum Kind<'c> {
    /// A string, with its length; if there are values, one of them.
    Text(Bounds, &'c [&'static str]),
    /// Bytes, which are a string in JSON.
    Bytes(Bounds),
    /// A time, which is a string in JSON.
    Time,
    /// A whole number.
    Whole(Bounds),
    /// Any number.
    Number(Bounds),
    /// A truth value.
    Truth,
    /// Any JSON.
    Any,
    /// A list of the shape.
    List(Bounds, Shape<'c>),
    /// A map from strings to the shape.
    Map(Bounds, Shape<'c>),
    /// An object with members.
    Object,
}

/// The least and the most: of a number, of a length, of a count.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// The least, if there is one.
    pub min: Option<f64>,
    /// The most, if there is one.
    pub max: Option<f64>,
}

/// A member of an object.
#[derive(Clone, Copy)]
pub struct Member<'c> {
    block: &'c Block,
    row: &'c MemberRow,
}

/// Whose names the members have. Both begin with a capital.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// The SDK's, in `aws-sdk:` integrations: `DbInstanceIdentifier`, `Md5OfMessageBody`.
    Sdk,
    /// The API's, in optimised integrations: `DBInstanceIdentifier`, `MD5OfMessageBody`.
    Api,
}

impl<'c> Shape<'c> {
    pub(super) fn at(block: &'c Block, place: i32) -> Option<Self> {
        let row = block.shapes.get(usize::try_from(place).ok()?)?;
        Some(Self { block, row })
    }

    /// A shape that is not there takes anything.
    fn inside(&self, place: i32) -> Self {
        Self::at(self.block, place).unwrap_or(Self { block: self.block, row: &Row::Any })
    }

    /// What kind of value it is.
    pub fn kind(&self) -> Kind<'c> {
        match self.row {
            Row::Text(length, values) => Kind::Text(*length, values),
            Row::Bytes(length) => Kind::Bytes(*length),
            Row::Time => Kind::Time,
            Row::Whole(bounds) => Kind::Whole(*bounds),
            Row::Number(bounds) => Kind::Number(*bounds),
            Row::Truth => Kind::Truth,
            Row::Any => Kind::Any,
            Row::List(count, item) => Kind::List(*count, self.inside(*item)),
            Row::Map(count, value) => Kind::Map(*count, self.inside(*value)),
            Row::Object(_) => Kind::Object,
        }
    }

    /// The members of an object, by name; none of anything else.
    pub fn members(&self) -> impl Iterator<Item = Member<'c>> + use<'c> {
        let rows = match self.row {
            Row::Object(rows) => rows.as_slice(),
            _ => &[],
        };
        let block = self.block;
        rows.iter().map(move |row| Member { block, row })
    }

    /// The member of that name.
    pub fn member(&self, name: &str, naming: Naming) -> Option<Member<'c>> {
        self.members().find(|member| member.name(naming) == name)
    }
}

impl<'c> Member<'c> {
    /// Its name.
    pub fn name(&self, naming: Naming) -> &'static str {
        match naming {
            Naming::Api if !self.row.api_name.is_empty() => self.row.api_name,
            Naming::Api | Naming::Sdk => self.row.name,
        }
    }

    /// Whether an object without it is no object of the shape.
    pub fn required(&self) -> bool {
        self.row.required == 1
    }

    /// What its value looks like.
    pub fn shape(&self) -> Shape<'c> {
        Shape { block: self.block, row: &Row::Any }.inside(self.row.shape)
    }
}

impl Bounds {
    /// Whether the number is less than the least.
    pub fn is_below(&self, number: f64) -> bool {
        self.min.is_some_and(|min| number < min)
    }

    /// Whether the number is more than the most.
    pub fn is_above(&self, number: f64) -> bool {
        self.max.is_some_and(|max| number > max)
    }
}
