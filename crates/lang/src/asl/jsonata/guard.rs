//! Bounds that the evaluator does not have itself: calls of ours around what could grow without end.
//!
//! The evaluator stops after a time, at a depth and at a length of sequences, but not inside of one call that builds
//! a text, nor where a value that shares its parts is written out or compared. Our functions' names below begin with
//! a character that no expression can use.

use std::{cell::Cell, collections::BTreeSet, rc::Rc};

use jsonata_core::{
    ast::{AstNode, BinaryOp, PathStep, Stage},
    evaluator::{Evaluator, EvaluatorError},
    functions::string::{build_regex, string},
    value::JValue,
};

use super::{
    convert::is_within,
    forms::{self, call, is_literal, may_repeat, take, wrap},
    functions, picture,
};

/// The most bytes of a text that is made.
const TEXT: usize = 1024 * 1024;
/// The most bytes of a text that is taken apart.
const PIECES: usize = 400_000;
/// The most matches of a regular expression.
const MATCHES: usize = 20_000;
/// The most bytes of what a function puts in place of one match.
const REPLACED: usize = 2_048;
/// The longest picture of a number or a date.
const PICTURE: usize = 256;
/// The longest run of letters that is read as a number: the evaluator computes in 64 bits.
const LETTERS: usize = 12;
/// The most items of a list.
pub(super) const ITEMS: usize = 100_000;
/// The most bytes of all texts that `&` and `$string` make in one evaluation.
const TEXTS: usize = 16 * 1024 * 1024;

/// The most items that the steps of all paths of an evaluation may make.
const STEPS: usize = 1_000_000;
/// The function that counts them.
const STEP: &str = "#step";

type Answer = Result<JValue, EvaluatorError>;
type Function = fn(&[JValue]) -> Answer;

/// Our functions, by the names that only [`fence`] gives.
const FUNCTIONS: &[(&str, Function)] = &[
    ("#bounded", bounded),
    ("#list", list),
    ("#joined", joined),
    ("#replaced", replaced),
    ("#short", short),
    ("#width", width),
    ("#picture", picture_of_number),
    ("#date", picture_of_date),
    ("#letters", letters),
    ("#pieces", pieces),
    ("#upon", upon),
    ("#matched", matched),
    ("#zipped", zipped),
];

/// The fault that AWS has for expressions that take too much.
fn too_much() -> EvaluatorError {
    EvaluatorError::EvaluationError("Expression evaluation memory limit exceeded".to_owned())
}

pub(super) fn register(evaluator: &mut Evaluator) -> Result<(), EvaluatorError> {
    let made = Cell::new(0_usize);
    evaluator.register_fn_override(STEP, move |args: &[JValue]| step(args, &made))?;
    let spent = Rc::new(Cell::new(0_usize));
    for (name, function) in [("&", concatenate as Function), ("#text", text)] {
        let spent = Rc::clone(&spent);
        evaluator.register_fn_override(name, move |args: &[JValue]| within(function(args)?, &spent))?;
    }
    FUNCTIONS.iter().try_for_each(|(name, function)| evaluator.register_fn_override(*name, function))
}

/// Puts the bounds into the tree, except around functions that the expression binds itself. True if there are any.
pub(super) fn fence(node: &mut AstNode, bound: &BTreeSet<String>) -> bool {
    forms::plain(node, bound);
    let mut any = false;
    fence_below(node, bound, &mut any);
    let placed = match node {
        AstNode::Binary { op: BinaryOp::Concatenate, lhs, rhs } => {
            *node = call("&", vec![take(lhs), take(rhs)]);
            true
        }
        AstNode::Binary { op: BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::In, lhs, rhs } => {
            // A comparison with a literal ends at once.
            if is_literal(lhs) || is_literal(rhs) {
                return any;
            }
            wrap(lhs, "#bounded");
            wrap(rhs, "#bounded");
            true
        }
        // An item that is a list is joined to the list, unless it is written as one.
        AstNode::Array(items) if items.len() > 1 => {
            let mut joined = items.iter_mut().filter(|item| is_joined(item)).peekable();
            let any = joined.peek().is_some();
            joined.for_each(|item| wrap(item, "#list"));
            any
        }
        AstNode::Function { name, is_builtin: true, .. } if bound.contains(name) => false,
        AstNode::Function { is_builtin: true, .. } => fence_call(node),
        AstNode::Wildcard | AstNode::Descendant => {
            let descent = PathStep::new(take(node));
            *node = AstNode::Path { steps: vec![bound_here(), descent] };
            true
        }
        _ => false,
    };
    any | placed
}

/// A call with its bounds. Where one argument bounds another it stands twice: if it is not small, all arguments are
/// evaluated before.
fn fence_call(node: &mut AstNode) -> bool {
    let AstNode::Function { name, args, .. } = node else { return false };
    if name == "string" && args.is_empty() {
        args.push(AstNode::Variable(String::new()));
    }
    let repeated = match (name.as_str(), &args[..]) {
        ("replace", [_, pattern, AstNode::Lambda { .. }, ..]) => std::slice::from_ref(pattern),
        ("replace", [_, AstNode::Lambda { .. }]) => &[],
        ("join" | "match" | "replace", [_, rest @ ..]) => rest,
        ("zip", lists @ [_, _, ..]) => lists,
        _ => &[],
    };
    if repeated.iter().all(may_repeat) {
        return fence_arguments(name, args);
    }
    let name = std::mem::take(name);
    *node = forms::with_arguments(args, |args| {
        let mut inner = call(&name, args);
        fence_call(&mut inner);
        inner
    });
    true
}

fn fence_arguments(name: &mut String, args: &mut [AstNode]) -> bool {
    match (name.as_str(), &mut *args) {
        ("string", [_, ..]) => "#text".clone_into(name),
        ("match" | "replace" | "split", [_]) | ("replace", [_, _]) => fence_upon(name, args),
        ("distinct", [list]) => wrap(list, "#bounded"),
        ("join", [list, rest @ ..]) => {
            let separator = rest.first().cloned();
            *list = call("#joined", std::iter::once(take(list)).chain(separator).collect());
        }
        ("replace", [text, pattern, by, ..]) => {
            if let AstNode::Lambda { body, .. } = by {
                wrap(body, "#short");
                *text = call("#matched", vec![take(text), pattern.clone()]);
            } else {
                *text = call("#replaced", vec![take(text), pattern.clone(), by.clone()]);
            }
        }
        ("match", [text, pattern, ..]) => *text = call("#matched", vec![take(text), pattern.clone()]),
        ("split", [text, ..]) => wrap(text, "#pieces"),
        ("zip", lists @ [_, ..]) => {
            let all = lists.to_vec();
            lists[0] = call("#zipped", all);
        }
        // Which argument is which depends on whether the first one is left out.
        ("pad", all) => all.iter_mut().for_each(|arg| wrap(arg, "#width")),
        ("formatNumber" | "formatInteger", all) => all.iter_mut().for_each(|arg| wrap(arg, "#picture")),
        ("fromMillis" | "now", all) => all.iter_mut().for_each(|arg| wrap(arg, "#date")),
        ("parseInteger" | "toMillis", all) => all.iter_mut().for_each(|arg| {
            wrap(arg, "#date");
            wrap(arg, "#letters");
        }),
        _ => return false,
    }
    true
}

/// A call of a method, such as `text.$split(',')`, leaves out what it is called upon.
fn fence_upon(name: &str, args: &mut [AstNode]) {
    let upon = AstNode::Variable(String::new());
    match (name, args) {
        ("split", [first]) => *first = call("#upon", vec![take(first), call("#pieces", vec![upon])]),
        ("replace", [first, AstNode::Lambda { body, .. }]) => {
            wrap(body, "#short");
            let text = call("#matched", vec![upon, first.clone()]);
            *first = call("#upon", vec![take(first), text]);
        }
        ("replace", [first, by]) => {
            let text = call("#replaced", vec![upon, first.clone(), by.clone()]);
            *first = call("#upon", vec![take(first), text]);
        }
        (_, [first, ..]) => {
            let text = call("#matched", vec![upon, first.clone()]);
            *first = call("#upon", vec![take(first), text]);
        }
        (_, []) => {}
    }
}

fn fence_below(node: &mut AstNode, bound: &BTreeSet<String>, any: &mut bool) {
    let mut visit = |child: &mut AstNode| *any |= fence(child, bound);
    match node {
        AstNode::Path { steps } => {
            let tracked = steps.iter().any(is_tracked);
            for (at, step) in steps.iter_mut().enumerate() {
                // A function has no members: this is a variable.
                let variable = at == 0 && matches!(step.node, AstNode::Variable(_));
                fence_step(step, variable, &mut visit);
            }
            for step in steps.iter_mut().skip(1) {
                *any |= count(&mut step.node, tracked);
            }
            *any |= bound_descents(steps);
        }
        // The left side of `:=` names a variable.
        AstNode::Binary { op: BinaryOp::ColonEqual, rhs, .. } => visit(rhs),
        AstNode::Binary { lhs, rhs, .. } => {
            visit(lhs);
            visit(rhs);
        }
        AstNode::Unary { operand: inner, .. } | AstNode::FunctionApplication(inner) => visit(inner),
        AstNode::Lambda { body, .. } => visit(body),
        AstNode::Function { args: all, .. }
        | AstNode::Array(all)
        | AstNode::Block(all)
        | AstNode::ArrayGroup(all) => all.iter_mut().for_each(visit),
        AstNode::Call { procedure, args } => {
            visit(procedure);
            args.iter_mut().for_each(visit);
        }
        AstNode::Object(pairs) => fence_pairs(pairs, &mut visit),
        AstNode::ObjectTransform { input, pattern } => {
            visit(input);
            fence_pairs(pattern, &mut visit);
        }
        AstNode::Conditional { condition, then_branch, else_branch } => {
            visit(condition);
            visit(then_branch);
            if let Some(other) = else_branch {
                visit(other);
            }
        }
        AstNode::Sort { input, terms } => {
            visit(input);
            terms.iter_mut().for_each(|(term, _)| visit(term));
        }
        AstNode::Transform { location, update, delete } => {
            visit(location);
            visit(update);
            if let Some(delete) = delete {
                visit(delete);
            }
        }
        _ => {}
    }
}

/// Whether `%` may look from a later step at what this one came from.
fn is_tracked(step: &PathStep) -> bool {
    fn inside(node: &AstNode) -> bool {
        match node {
            AstNode::FunctionApplication(inner) => inside(inner),
            AstNode::Block(all) => all.iter().any(inside),
            AstNode::Path { steps } => steps.iter().any(is_tracked),
            _ => false,
        }
    }
    inside(&step.node) || step.is_tuple || step.ancestor_label.is_some()
}

fn fence_step(step: &mut PathStep, as_it_is: bool, visit: &mut dyn FnMut(&mut AstNode)) {
    // These two are bounded where the whole path is seen.
    if !as_it_is && !matches!(step.node, AstNode::Wildcard | AstNode::Descendant) {
        visit(&mut step.node);
    }
    for stage in &mut step.stages {
        if let Stage::Filter(filter) = stage {
            visit(filter);
        }
    }
}

/// `*` and `**` visit all that is below: what is shared as often as it stands.
fn bound_descents(steps: &mut Vec<PathStep>) -> bool {
    let goes_down = |step: &PathStep| matches!(step.node, AstNode::Wildcard | AstNode::Descendant);
    if !steps.iter().any(goes_down) || steps.iter().any(|step| step.is_tuple) {
        return false;
    }
    for step in std::mem::take(steps) {
        if goes_down(&step) {
            steps.push(bound_here());
        }
        steps.push(step);
    }
    true
}

fn bound_here() -> PathStep {
    let here = AstNode::Variable(String::new());
    PathStep::new(AstNode::FunctionApplication(Box::new(call("#bounded", vec![here]))))
}

/// A step that makes more for each item than the item itself holds. `%` does not find its way out of a call.
fn count(node: &mut AstNode, tracked: bool) -> bool {
    match node {
        AstNode::Block(_) | AstNode::FunctionApplication(_) if tracked => return false,
        AstNode::FunctionApplication(inner) => wrap(inner, STEP),
        AstNode::Variable(_) | AstNode::Function { .. } | AstNode::Call { .. } | AstNode::Block(_) => {
            wrap(node, STEP);
        }
        _ => return false,
    }
    true
}

fn fence_pairs(pairs: &mut [(AstNode, AstNode)], visit: &mut dyn FnMut(&mut AstNode)) {
    for (name, value) in pairs {
        visit(name);
        visit(value);
    }
}

/// What is joined to the list that it is an item of. A range has its own bound.
fn is_joined(item: &AstNode) -> bool {
    !is_literal(item) && !matches!(item, AstNode::Array(_) | AstNode::Binary { op: BinaryOp::Range, .. })
}

fn step(args: &[JValue], made: &Cell<usize>) -> Answer {
    let value = args.first().unwrap_or(&JValue::Undefined);
    made.set(made.get().saturating_add(value.as_array().map_or(1, |items| items.len())));
    if made.get() > STEPS { Err(too_much()) } else { Ok(value.clone()) }
}

/// The text, if all texts together are not too much with it.
fn within(text: JValue, spent: &Cell<usize>) -> Answer {
    spent.set(spent.get().saturating_add(text.as_str().map_or(0, str::len)));
    if spent.get() > TEXTS { Err(too_much()) } else { Ok(text) }
}

/// `&`: what is undefined is an empty text.
fn concatenate(args: &[JValue]) -> Answer {
    let mut made = String::new();
    for arg in args {
        match text(std::slice::from_ref(arg))? {
            JValue::String(piece) if made.len() + piece.len() <= TEXT => made.push_str(&piece),
            JValue::String(_) => return Err(too_much()),
            _ => {}
        }
    }
    Ok(JValue::String(Rc::from(made)))
}

/// `$string`
fn text(args: &[JValue]) -> Answer {
    let value = bounded(args)?;
    if args.get(1).is_some_and(|pretty| !pretty.is_undefined() && pretty.as_bool().is_none()) {
        return Err(functions::wrong(1, "string"));
    }
    let pretty = args.get(1).and_then(JValue::as_bool);
    Ok(string(&value, pretty)?)
}

fn bounded(args: &[JValue]) -> Answer {
    let value = args.first().unwrap_or(&JValue::Undefined);
    if is_within(value, TEXT) { Ok(value.clone()) } else { Err(too_much()) }
}

fn list(args: &[JValue]) -> Answer {
    let value = args.first().unwrap_or(&JValue::Undefined);
    let long = value.as_array().is_some_and(|items| items.len() > ITEMS);
    if long { Err(too_much()) } else { Ok(value.clone()) }
}

fn joined(args: &[JValue]) -> Answer {
    let value = args.first().unwrap_or(&JValue::Undefined);
    let separator = args.get(1).and_then(JValue::as_str).map_or(0, str::len);
    let sizes = value.as_array().into_iter().flatten();
    let whole = sizes.map(|item| item.as_str().map_or(0, str::len).saturating_add(separator));
    let whole = whole.fold(0, usize::saturating_add);
    if whole > TEXT { Err(too_much()) } else { Ok(value.clone()) }
}

fn matches(text: &str, pattern: &JValue) -> Option<usize> {
    match pattern {
        JValue::String(pattern) if pattern.is_empty() => Some(0),
        JValue::String(pattern) => Some(text.matches(&**pattern).count()),
        JValue::Regex { pattern, flags } => {
            let regex = build_regex(pattern, flags).ok()?;
            Some(regex.find_iter(text).take(MATCHES + 1).count())
        }
        _ => None,
    }
}

fn replaced(args: &[JValue]) -> Answer {
    let [text, pattern, by] = args else { return Ok(JValue::Undefined) };
    let (Some(whole), Some(by)) = (text.as_str(), by.as_str()) else {
        // A function that we know nothing of may only replace in short texts.
        // A number is a limit: the text is what the call is upon, and not known.
        let many = by.as_f64().is_some_and(|limit| limit > 1_000.0);
        let long = many || by.is_function() && text.as_str().is_some_and(|text| text.len() > REPLACED);
        return if long { Err(too_much()) } else { Ok(text.clone()) };
    };
    let Some(count) = matches(whole, pattern) else { return Ok(text.clone()) };
    let regex = matches!(pattern, JValue::Regex { .. });
    let groups = if regex { by.matches('$').count() } else { 0 };
    let made = count.saturating_mul(by.len()).saturating_add(groups.saturating_mul(whole.len()));
    let many = regex && count > MATCHES;
    if many || made.saturating_add(whole.len()) > TEXT { Err(too_much()) } else { Ok(text.clone()) }
}

/// The first argument: the others were looked at.
fn upon(args: &[JValue]) -> Answer {
    Ok(args.first().cloned().unwrap_or(JValue::Undefined))
}

fn matched(args: &[JValue]) -> Answer {
    let [text, pattern] = args else { return Ok(JValue::Undefined) };
    let count = text.as_str().and_then(|whole| matches(whole, pattern)).unwrap_or(0);
    if count > MATCHES { Err(too_much()) } else { Ok(text.clone()) }
}

fn short(args: &[JValue]) -> Answer {
    let value = args.first().unwrap_or(&JValue::Undefined);
    let long = value.as_str().is_some_and(|text| text.len() > REPLACED);
    if long { Err(too_much()) } else { Ok(value.clone()) }
}

fn width(args: &[JValue]) -> Answer {
    let value = args.first().unwrap_or(&JValue::Undefined);
    let wide = value.as_f64().is_some_and(|width| width.abs() > PIECES as f64);
    if wide { Err(too_much()) } else { Ok(value.clone()) }
}

fn picture_of_number(args: &[JValue]) -> Answer {
    let value = args.first().unwrap_or(&JValue::Undefined);
    let long = value.as_str().is_some_and(|text| text.len() > PICTURE);
    if long { Err(too_much()) } else { Ok(value.clone()) }
}

fn picture_of_date(args: &[JValue]) -> Answer {
    let value = picture_of_number(args)?;
    let wide = value.as_str().is_some_and(|text| !picture::is_narrow(text));
    if wide { Err(too_much()) } else { Ok(value) }
}

fn letters(args: &[JValue]) -> Answer {
    let value = args.first().unwrap_or(&JValue::Undefined);
    let mut words = value.as_str().into_iter().flat_map(|text| text.split(|c: char| !c.is_alphabetic()));
    let long = words.any(|word| word.len() > LETTERS);
    if long { Err(too_much()) } else { Ok(value.clone()) }
}

fn pieces(args: &[JValue]) -> Answer {
    let value = args.first().unwrap_or(&JValue::Undefined);
    let long = value.as_str().is_some_and(|text| text.len() > PIECES);
    if long { Err(too_much()) } else { Ok(value.clone()) }
}

/// `$zip` makes as many lists as the shortest of its arguments has items.
fn zipped(args: &[JValue]) -> Answer {
    let shortest = args.iter().map(|list| list.as_array().map_or(1, |items| items.len())).min();
    let made = shortest.unwrap_or(0).saturating_mul(args.len());
    if made > ITEMS { Err(too_much()) } else { Ok(args.first().cloned().unwrap_or(JValue::Undefined)) }
}
