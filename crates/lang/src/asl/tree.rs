//! JSON with something to fill in here and there: what payload templates and fields of JSONata have in common.

use serde_json::{Map, Value};

use super::{fault::Fault, scope::View};

/// JSON, checked and ready to be filled; `L` is what fills a place.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree<L> {
    /// JSON without anything to fill in.
    Literal(Value),
    /// An object with something to fill in.
    Object(Vec<(String, Tree<L>)>),
    /// A list with something to fill in.
    Array(Vec<Tree<L>>),
    /// A place to fill.
    Leaf(L),
}

impl<L> Tree<L> {
    /// The object `value`, read so. Without anything to fill in it stays as it is.
    pub(crate) fn object(value: &Value, members: Vec<(String, Self)>) -> Self {
        let plain = members.iter().all(|(_, member)| matches!(member, Self::Literal(_)));
        if plain { Self::Literal(value.clone()) } else { Self::Object(members) }
    }

    /// The list `value`, read so. Without anything to fill in it stays as it is.
    pub(crate) fn array(value: &Value, items: Vec<Self>) -> Self {
        let plain = items.iter().all(|item| matches!(item, Self::Literal(_)));
        if plain { Self::Literal(value.clone()) } else { Self::Array(items) }
    }

    /// Fills it with what `leaf` makes of each place.
    pub(crate) fn fill_with<F>(&self, view: View<'_>, leaf: &F) -> Result<Value, Fault>
    where
        F: Fn(&L) -> Result<Value, Fault>,
    {
        match self {
            Self::Literal(value) => {
                view.scope.spend(value)?;
                Ok(value.clone())
            }
            Self::Object(members) => {
                let mut object = Map::new();
                for (name, member) in members {
                    object.insert(name.clone(), member.fill_with(view, leaf)?);
                }
                Ok(Value::Object(object))
            }
            Self::Array(items) => items.iter().map(|item| item.fill_with(view, leaf)).collect(),
            Self::Leaf(filling) => leaf(filling),
        }
    }
}
