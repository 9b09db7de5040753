//! Evaluating an expression over what its state knows.

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::HashMap,
    rc::Rc,
    time::{Duration, Instant},
};

use jsonata_core::{
    ast::AstNode,
    evaluator::{Context, Evaluator, EvaluatorError, EvaluatorOptions},
    value::JValue,
};
use serde_json::Value;

use super::{
    functions::{self, Chance},
    guard,
    names::{Names, Part},
};
use crate::asl::{parts::Node, scope::View};

/// How long all expressions of a state may take.
const TIME: Duration = Duration::from_millis(180);
/// How deep calls and operators may nest while they are evaluated.
const DEPTH: usize = 1_500;

/// A value in JSONata's form: as much of it as somebody has looked at, each part converted once.
#[derive(Default)]
struct Cache {
    whole: OnceCell<JValue>,
    members: RefCell<HashMap<String, Cache>>,
}

/// What a scope knows in JSONata's form: each value is converted once, when somebody looks.
pub(crate) struct Known {
    input: Cache,
    context: Cache,
    variables: RefCell<HashMap<String, Option<JValue>>>,
    time: Cell<Duration>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            input: Cache::default(),
            context: Cache::default(),
            variables: RefCell::default(),
            time: Cell::new(TIME),
        }
    }
}

/// What the state's work has come to.
#[derive(Default)]
pub(crate) struct Outcome<'s> {
    result: Option<&'s Value>,
    error: Option<&'s Value>,
    known_result: Cache,
    known_error: Cache,
}

impl<'s> Outcome<'s> {
    pub(crate) fn of_result(result: Option<&'s Value>) -> Self {
        Self { result, ..Self::default() }
    }

    pub(crate) fn of_error(error: &'s Value) -> Self {
        Self { error: Some(error), ..Self::default() }
    }
}

/// The result, before anything is asked of it.
pub(super) fn evaluate(
    ast: &AstNode,
    names: &Names,
    fenced: bool,
    view: View<'_>,
) -> Result<JValue, EvaluatorError> {
    let known = &view.scope.known;
    let time = known.time.get();
    let options = EvaluatorOptions {
        timeout_ms: Some(u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)),
        max_stack_depth: Some(DEPTH),
        max_sequence_length: Some(guard::ITEMS),
        ..EvaluatorOptions::default()
    };
    let mut evaluator = Evaluator::with_options(context(names, view), options);
    let chance = Rc::new(Chance::new(view.scope.dice(), view.scope.now()));
    functions::register(&mut evaluator, names, &chance)?;
    if fenced {
        guard::register(&mut evaluator)?;
    }
    let begun = Instant::now();
    let result = evaluator.evaluate(ast, &JValue::Undefined);
    known.time.set(time.saturating_sub(begun.elapsed()));
    view.scope.set_dice(chance.dice());
    result
}

/// What the expression sees: the variables that it names, and of `$states` what it looks at.
fn context(names: &Names, view: View<'_>) -> Context {
    let mut context = Context::new();
    for name in &names.variables {
        if name == "states" {
            context.bind(name.clone(), states(names, view));
        } else if let Some(value) = variable(name, view) {
            context.bind(name.clone(), value);
        }
    }
    context
}

fn variable(name: &str, view: View<'_>) -> Option<JValue> {
    let mut all = view.scope.known.variables.borrow_mut();
    if let Some(known) = all.get(name) {
        return known.clone();
    }
    let value = view.scope.variable(name).map(|value| JValue::from(value.clone()));
    all.insert(name.to_owned(), value.clone());
    value
}

fn states(names: &Names, view: View<'_>) -> JValue {
    let known = &view.scope.known;
    let mut members = Vec::new();
    let mut add = |name: &str, cache: &Cache, value: Option<Node<'_>>| {
        if let (Some(part), Some(value)) = (names.looks_at(name), value) {
            members.push((name.to_owned(), cache.converted(value, part)));
        }
    };
    add("input", &known.input, Some(Node::Value(view.scope.input)));
    if names.looks_at("context").is_some() {
        add("context", &known.context, Some(view.scope.context()));
    }
    if let Some(outcome) = view.outcome {
        add("result", &outcome.known_result, outcome.result.map(Node::Value));
        add("errorOutput", &outcome.known_error, outcome.error.map(Node::Value));
    }
    JValue::object(members.into_iter().collect())
}

impl Cache {
    /// What is looked at of the value, in JSONata's form.
    fn converted(&self, value: Node<'_>, part: &Part) -> JValue {
        let (Part::Members(parts), None, true) = (part, self.whole.get(), value.is_object()) else {
            return self.whole.get_or_init(|| JValue::from(value.value().clone())).clone();
        };
        let mut caches = self.members.borrow_mut();
        let found = parts.iter().filter_map(|(name, part)| {
            let member = value.member(name)?;
            let cache = caches.entry(name.clone()).or_default();
            Some((name.clone(), cache.converted(member, part)))
        });
        JValue::object(found.collect())
    }
}
