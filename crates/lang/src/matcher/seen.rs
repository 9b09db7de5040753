//! What was seen of one event: the values of the fields that rules name, and where in lists they stand.

use super::{join::Membership, reader::unescaped};
use crate::pattern::{Number, Scalar};

/// A value, by its place in the event's text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Held {
    Text {
        start: usize,
        end: usize,
    },
    /// A text that was escaped: its place among those that were kept.
    Kept {
        start: usize,
        end: usize,
    },
    Number {
        start: usize,
        end: usize,
        float: f64,
    },
    Bool(bool),
    Null,
}

impl Held {
    /// Of a number, `true`, `false` or `null` that begins at `start`.
    pub(super) fn plain(token: &str, start: usize) -> Option<Self> {
        Some(match token {
            "true" => Self::Bool(true),
            "false" => Self::Bool(false),
            "null" => Self::Null,
            _ => Self::Number { start, end: start + token.len(), float: Number::read(token)?.float() },
        })
    }
}

/// A value of a field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf {
    pub(super) held: Held,
    /// In which members of lists: the number of a [`Member`], zero for none.
    pub(super) member: u32,
    /// The next value of the same field.
    next: u32,
}

/// A member of a list, in a member of another list, ...
#[derive(Clone, Copy, Debug)]
struct Member {
    within: u32,
    list: u32,
    index: u32,
}

/// What was seen of a field.
#[derive(Clone, Copy, Debug, Default)]
struct OfField {
    event: u64,
    first: u32,
    last: u32,
    in_lists: bool,
}

const NONE: u32 = u32::MAX;

/// What was seen. It is used again for the next event, so that nothing is allocated.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Counts the events: what was noted for another one counts as nothing.
    pub(super) event: u64,
    leaves: Vec<Leaf>,
    fields: Vec<OfField>,
    /// The fields with values.
    pub(super) found: Vec<u32>,
    kept: String,
    members: Vec<Member>,
    lists: u32,
}

impl Seen {
    /// Forgets all; fields have numbers below `fields`.
    pub(super) fn begin(&mut self, fields: usize) {
        self.event += 1;
        self.leaves.clear();
        self.found.clear();
        self.kept.clear();
        self.members.clear();
        // Number zero is no member.
        self.members.push(Member { within: 0, list: 0, index: 0 });
        self.lists = 0;
        if self.fields.len() < fields {
            self.fields.resize(fields, OfField::default());
        }
    }

    /// Keeps an escaped text.
    pub(super) fn keep(&mut self, raw: Option<&str>) -> Option<Held> {
        let start = self.kept.len();
        self.kept.push_str(&unescaped(raw?)?);
        Some(Held::Kept { start, end: self.kept.len() })
    }

    pub(super) fn leaf(&mut self, field: u32, held: Held, member: u32) {
        let number = u32::try_from(self.leaves.len()).unwrap_or(NONE);
        self.leaves.push(Leaf { held, member, next: NONE });
        let of_field = &mut self.fields[field as usize];
        if of_field.event == self.event {
            self.leaves[of_field.last as usize].next = number;
            of_field.last = number;
            of_field.in_lists |= member != 0;
        } else {
            *of_field = OfField { event: self.event, first: number, last: number, in_lists: member != 0 };
            self.found.push(field);
        }
    }

    pub(super) fn new_list(&mut self) -> u32 {
        self.lists += 1;
        self.lists
    }

    pub(super) fn member(&mut self, within: u32, list: u32, index: u32) -> u32 {
        self.members.push(Member { within, list, index });
        u32::try_from(self.members.len() - 1).unwrap_or(0)
    }

    /// The values of a field, in the order of the text.
    pub(super) fn values(&self, field: u32) -> impl Iterator<Item = &Leaf> {
        let of_field = self.fields.get(field as usize).filter(|of_field| of_field.event == self.event);
        let first = of_field.and_then(|of_field| self.leaves.get(of_field.first as usize));
        std::iter::successors(first, |leaf| self.leaves.get(leaf.next as usize))
    }

    /// Whether anything stands in members of lists.
    pub(super) fn has_members(&self) -> bool {
        self.members.len() > 1
    }

    /// Whether a value of the field stands in a member of a list.
    pub(super) fn in_lists(&self, field: u32) -> bool {
        let of_field = self.fields.get(field as usize);
        of_field.is_some_and(|of_field| of_field.event == self.event && of_field.in_lists)
    }

    pub(super) fn scalar<'a>(&'a self, event: &'a str, held: Held) -> Scalar<'a> {
        match held {
            Held::Text { start, end } => Scalar::Text(event.get(start..end).unwrap_or_default()),
            Held::Kept { start, end } => Scalar::Text(self.kept.get(start..end).unwrap_or_default()),
            Held::Number { start, end, float } => {
                Scalar::Number(Number::again(event.get(start..end).unwrap_or_default(), float))
            }
            Held::Bool(value) => Scalar::Bool(value),
            Held::Null => Scalar::Null,
        }
    }

    /// All members of lists that a member stands in, sorted by list.
    pub(super) fn membership(&self, mut member: u32) -> Membership {
        let mut all = Membership::new();
        while member != 0 {
            let this = self.members[member as usize];
            all.push((this.list, this.index));
            member = this.within;
        }
        all.reverse();
        all
    }
}
