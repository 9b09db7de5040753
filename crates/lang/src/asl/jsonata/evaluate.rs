//! Evaluating an expression over what its state knows.

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    time::Duration,
};

use jsonata_core::{
    ast::AstNode,
    evaluator::{Context, Evaluator, EvaluatorError, EvaluatorOptions},
    value::JValue,
};
use serde_json::Value;

use super::{
    forms::shadow,
    functions::{self, Chance},
    guard,
    names::{Names, Part},
};
use crate::asl::{parts::Node, scope::View};

/// How much of a processor all expressions of a state may take: what evaluates again may take nearly twice as much.
const TIME: Duration = Duration::from_millis(100);
/// How many times as long it may last, where others have the processor meanwhile.
const PATIENCE: u32 = 16;
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
///
/// The evaluator looks at the clock on the wall, which goes on while others have the processor. What it stops before
/// it had its part of the processor is evaluated again: it depends on nothing but what it sees, the dice with it.
pub(super) fn evaluate(
    ast: &AstNode,
    names: &Names,
    fenced: bool,
    view: View<'_>,
) -> Result<JValue, EvaluatorError> {
    let (time, dice) = (view.scope.known.time.get(), view.scope.dice());
    let (begun, mut limit) = (processor_time(), time);
    loop {
        let result = evaluate_within(limit, (ast, names, fenced), view, &JValue::Undefined);
        let spent = processor_time().saturating_sub(begun);
        let starved = spent < time * 3 / 5 && result.as_ref().is_err_and(is_out_of_time);
        if !starved || limit >= time * PATIENCE {
            view.scope.known.time.set(time.saturating_sub(spent));
            return result;
        }
        view.scope.set_dice(dice);
        limit *= 2;
    }
}

/// One try. AWS has no document, which is what `$` and names at the top of an expression would mean.
pub(super) fn evaluate_within(
    time: Duration,
    (ast, names, fenced): (&AstNode, &Names, bool),
    view: View<'_>,
    document: &JValue,
) -> Result<JValue, EvaluatorError> {
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
    let result = contained(|| evaluator.evaluate(ast, document)).unwrap_or_else(|| {
        Err(EvaluatorError::EvaluationError("The expression cannot be evaluated".to_owned()))
    });
    view.scope.set_dice(chance.dice());
    result
}

/// What the language's crate does not foresee, it panics at. That is a fault of the expression's and nobody else's:
/// nothing that it has left half-done is looked at again.
pub(super) fn contained<T>(run: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(run)).ok()
}

fn is_out_of_time(error: &EvaluatorError) -> bool {
    error.code() == Some("D1012")
}

/// How long this thread has had a processor.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// What the expression sees: the variables that it names, and of `$states` what it looks at.
fn context(names: &Names, view: View<'_>) -> Context {
    let mut context = Context::new();
    for name in &names.variables {
        if name == "states" {
            context.bind(name.clone(), states(names, view));
        } else if let Some(value) = variable(name, view) {
            context.bind(shadow(name), value.clone());
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
