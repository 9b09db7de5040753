//! JSON in parts: data that is put together only where somebody asks for the whole of it.

use std::cell::OnceCell;

use serde_json::Value;

/// An object whose members stay where they are until it is looked at as a whole.
#[derive(Debug, Default)]
pub struct Parts<'v> {
    members: Vec<(&'v str, Part<'v>)>,
    whole: OnceCell<Value>,
}

/// A member of such an object.
#[derive(Debug)]
pub enum Part<'v> {
    /// What somebody else holds.
    Shared(&'v Value),
    /// What was made for this.
    Made(Value),
    /// An object in parts of its own.
    Parts(Parts<'v>),
}

/// A place in JSON, some of which may be in parts.
#[derive(Clone, Copy, Debug)]
pub enum Node<'v> {
    /// JSON as it is.
    Value(&'v Value),
    /// An object in parts.
    Parts(&'v Parts<'v>),
}

/// Where the context object comes from.
pub trait Context {
    /// The object. It is asked for each time that somebody looks.
    fn object(&self) -> Node<'_>;
}

impl Context for Value {
    fn object(&self) -> Node<'_> {
        Node::Value(self)
    }
}

impl<'v> Parts<'v> {
    /// The same with one more member.
    pub fn with(mut self, name: &'v str, part: Part<'v>) -> Self {
        self.members.push((name, part));
        self
    }

    fn member(&self, name: &str) -> Option<Node<'_>> {
        let (_, part) = self.members.iter().find(|(known, _)| *known == name)?;
        Some(part.node())
    }

    fn whole(&self) -> &Value {
        self.whole.get_or_init(|| {
            let made = |(name, part): &(&str, Part<'v>)| ((*name).to_owned(), part.node().value().clone());
            Value::Object(self.members.iter().map(made).collect())
        })
    }
}

impl Part<'_> {
    fn node(&self) -> Node<'_> {
        match self {
            Self::Shared(value) => Node::Value(value),
            Self::Made(value) => Node::Value(value),
            Self::Parts(parts) => Node::Parts(parts),
        }
    }
}

impl<'v> Node<'v> {
    /// The value that stands there, put together if it is in parts.
    pub(crate) fn value(self) -> &'v Value {
        match self {
            Self::Value(value) => value,
            Self::Parts(parts) => parts.whole(),
        }
    }

    pub(crate) fn is_object(self) -> bool {
        match self {
            Self::Value(value) => value.is_object(),
            Self::Parts(_) => true,
        }
    }

    /// The member of that name, if this is an object that has it.
    pub(crate) fn member(self, name: &str) -> Option<Self> {
        match self {
            Self::Value(value) => value.as_object()?.get(name).map(Self::Value),
            Self::Parts(parts) => parts.member(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::asl::{
        Scope,
        diagnostic::Report,
        fields::Place,
        jsonata::Query,
        path::{Found, Missing, Path},
    };

    /// An input and an item, in a context object that shares them.
    fn context<'v>(input: &'v Value, item: &'v Value) -> Parts<'v> {
        let execution =
            Parts::default().with("Id", Part::Made(json!("run"))).with("Input", Part::Shared(input));
        let place = Parts::default().with("Index", Part::Made(json!(0))).with("Value", Part::Shared(item));
        Parts::default()
            .with("Execution", Part::Parts(execution))
            .with("Map", Part::Parts(Parts::default().with("Item", Part::Parts(place))))
    }

    fn data() -> (Value, Value) {
        (json!({"list": [{"x": 1}, {"x": 2}], "least": 2}), json!({"x": 1}))
    }

    /// Whether the input was copied, to put an object around it.
    fn copied(context: &Parts<'_>) -> bool {
        let Part::Parts(execution) = &context.members[0].1 else { panic!("it is in parts") };
        context.whole.get().is_some() || execution.whole.get().is_some()
    }

    /// What the path finds in parts, which is what it finds in the same object in one piece; and whether the
    /// input was copied for it.
    #[track_caller]
    fn find(path: &str) -> (Result<Value, Missing>, bool) {
        let path: Path = path.parse().unwrap();
        let (input, item) = data();
        let parts = context(&input, &item);
        let found = path.find_at(Node::Parts(&parts)).map(Found::into_value);
        let whole = context(&input, &item).whole().clone();
        assert_eq!(found, path.find(&whole).map(Found::into_value), "{}", path.text());
        (found, copied(&parts))
    }

    #[track_caller]
    fn evaluates(text: &str, expect: Value, copies: bool) {
        struct Given<'v>(Parts<'v>);
        impl Context for Given<'_> {
            fn object(&self) -> Node<'_> {
                Node::Parts(&self.0)
            }
        }
        let (input, item) = data();
        let given = Given(context(&input, &item));
        let place = Place { pointer: String::new(), field: String::new(), caught: false };
        let report = Report::default();
        let query = Query::parse(&json!(format!("{{% {text} %}}")), &place, &report);
        let found = query.fill(Scope::new(&json!(null), 0).with_context(&given).view(&json!(null)));
        assert_eq!(found, Ok(expect), "{text}");
        assert_eq!(copied(&given.0), copies, "{text}");
    }

    #[test]
    fn jsonata_converts_what_it_names() {
        let (input, item) = data();
        evaluates("$states.context.Map.Item.Value", item.clone(), false);
        evaluates("$states.context.Map.Item.(Index & Value.x)", json!("01"), false);
        evaluates("$states.context.Execution.Id & $states.context.Map.Item.Value.x", json!("run1"), false);
        evaluates("$states.context.Execution.Input.list[x = 2].x", json!(2), false);
        evaluates("$states.context.Execution.*.least", json!(2), true);
        evaluates("$states.context.Execution.Id.%", json!({"Id": "run", "Input": input}), true);
        evaluates("$states.context.**.Value", item, true);
        evaluates("$keys($states.context)", json!(["Execution", "Map"]), true);
    }

    #[test]
    fn what_is_not_looked_at_is_not_put_together() {
        for path in [
            "$$.Map.Item.Value",
            "$$.Map.Item.Value.x",
            "$$.Map.Item",
            "$$.Map.Item['Index','Value']",
            "$$['Map']",
            "$$.Map..x",
            "$$.Execution.Id",
            "$$.Execution.Input",
            "$$.Execution.Input.list[*].x",
            "$$.Execution.Input.list[?(@.x > 1)]",
            "$$.Execution.Input..x",
            "$$.Execution.None",
            "$$.Map.None.Value",
            "$$.Map.Item.Value[0]",
            "$$.None",
            "$$.None[*]",
            "$$[0]",
        ] {
            assert!(!find(path).1, "{path}");
        }
    }

    #[test]
    fn the_whole_is_there_for_those_who_ask() {
        for path in [
            "$$",
            "$$.*",
            "$$[*]",
            "$$..Id",
            "$$['Map','Execution']",
            "$$.Execution",
            "$$.Execution.*",
            "$$.Execution..x",
            "$$.Execution.Input.list[?(@.x == $.Execution.Input.least)]",
        ] {
            assert!(find(path).1, "{path}");
        }
        let found = find("$$.Execution.Input.list[?(@.x == $.Execution.Input.least)]").0;
        assert_eq!(found, Ok(json!([{"x": 2}])));
    }
}
