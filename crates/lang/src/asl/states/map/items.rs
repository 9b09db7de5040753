//! `Items` and `ItemsPath`: what a Map goes through.

use std::borrow::Cow;

use serde_json::Value;

use crate::asl::{
    fault::Fault,
    fields::Fields,
    flow::Flow,
    jsonata::Query,
    language::Language,
    path::{Found, Path, Root},
    scope::{Scope, Stage},
    states::result::invalid,
};

/// Where the items come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Items {
    /// What the state works on is the list.
    Input,
    /// `ItemsPath`
    Path(Path),
    /// `Items`
    Jsonata(Query),
}

impl Items {
    /// The list.
    pub fn evaluate<'s>(&'s self, flow: &'s Flow, scope: &'s Scope<'_>) -> Result<Cow<'s, Value>, Fault> {
        let input = flow.input(scope)?;
        let items = match self {
            Self::Input => input,
            Self::Path(path) => {
                let found = match &input {
                    Cow::Borrowed(input) => scope.view(input).look(path).map(Found::into_cow),
                    Cow::Owned(input) => scope.view(input).read(path).map(Cow::Owned),
                };
                found.map_err(|missing| invalid(path, &missing))?
            }
            Self::Jsonata(query) => {
                let items = query.fill(scope.view(scope.input))?;
                if let (Query::Expression(expression), false) = (query, items.is_array()) {
                    return Err(expression.unexpected("array", &items));
                }
                scope.record(Stage::AfterItems, &items);
                Cow::Owned(items)
            }
        };
        if !items.is_array() {
            return Err(self.no_list(flow, &items));
        }
        if let Flow::Path(_) = flow {
            scope.record(Stage::AfterItemsPath, &items);
        }
        Ok(items)
    }

    fn no_list(&self, flow: &Flow, items: &Value) -> Fault {
        match flow {
            Flow::Jsonata(_) => Fault::query(format!("Map state input must be an array but was: {items}")),
            Flow::Path(_) => {
                let text = match self {
                    Self::Path(path) if *path.root() == Root::Context => &path.text()[1..],
                    Self::Path(path) => path.text(),
                    Self::Input | Self::Jsonata(_) => "$",
                };
                Fault::runtime(format!("Reference path \"{text}\" must point to array."))
            }
        }
    }
}

pub(super) fn read(fields: &mut Fields<'_>) -> Items {
    fields.foreign(if fields.language == Language::JsonPath { &["Items"] } else { &["ItemsPath"] });
    if fields.language == Language::JsonPath {
        return match fields.definite_path("ItemsPath") {
            Some(path) if !path.is_whole_input() => Items::Path(path),
            _ => Items::Input,
        };
    }
    let place = fields.place("Items");
    let Some(value) = fields.value("Items") else { return Items::Input };
    let query = Query::parse(value, &place, fields.report);
    if !value.is_array() && !matches!(query, Query::Expression(_)) {
        let message = "The field 'Items' must be an array or a JSONata expression";
        fields.report.schema(&place.pointer, message);
    }
    Items::Jsonata(query)
}
