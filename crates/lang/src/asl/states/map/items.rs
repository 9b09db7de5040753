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
    /// The list, or, for a Map that takes `objects` too, the object.
    pub fn evaluate<'s>(
        &'s self,
        flow: &'s Flow,
        scope: &'s Scope<'_>,
        objects: bool,
    ) -> Result<Cow<'s, Value>, Fault> {
        let taken = |items: &Value| items.is_array() || objects && items.is_object();
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
                if let (Query::Leaf(expression), false) = (query, taken(&items)) {
                    return Err(expression.unexpected("array", &items));
                }
                scope.record(Stage::AfterItems, &items);
                Cow::Owned(items)
            }
        };
        if !taken(&items) {
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

/// Reads either field. Only a distributed Map goes through the members of an object.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html>
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
    let mode = fields.value("ItemProcessor").map(|processor| &processor["ProcessorConfig"]["Mode"]);
    let objects = value.is_object() && mode.is_some_and(|mode| mode == "DISTRIBUTED");
    if !value.is_array() && !objects && !matches!(query, Query::Leaf(_)) {
        let message = "The field 'Items' must be an array or a JSONata expression";
        fields.report.schema(&place.pointer, message);
    }
    Items::Jsonata(query)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::asl::parse_value;

    /// An object stands for its members in a distributed Map only.
    #[test]
    fn objects_are_for_distributed_maps() {
        for (mode, items, taken) in [
            ("DISTRIBUTED", json!({"a": 1}), true),
            ("INLINE", json!({"a": 1}), false),
            ("INLINE", json!(["{% 1 %}"]), true),
            ("DISTRIBUTED", json!(1), false),
        ] {
            let mut processor = json!({"StartAt": "Go", "States": {"Go": {"Type": "Succeed"}}});
            processor["ProcessorConfig"] = json!({"Mode": mode, "ExecutionType": "STANDARD"});
            if mode == "INLINE" {
                processor["ProcessorConfig"] = json!({"Mode": mode});
            }
            let map = json!({"Type": "Map", "Items": items, "ItemProcessor": processor, "End": true});
            let machine = json!({"QueryLanguage": "JSONata", "StartAt": "Map", "States": {"Map": map}});
            assert_eq!(parse_value(&machine).is_ok(), taken, "{mode} {items}");
        }
    }
}
