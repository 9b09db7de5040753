//! Bounds that the evaluator does not have itself: calls of ours around what could grow without end.
//!
//! The evaluator stops after a time, at a depth and at a length of sequences, but not inside of one call that builds
//! a text, nor where a value that shares its parts is written out or compared. Our functions' names below begin with
//! a character that no expression can use.

use std::{cell::Cell, rc::Rc};

use jsonata_core::{
    ast::{AstNode, BinaryOp, PathStep, Stage},
    evaluator::{Evaluator, EvaluatorError},
    functions::string::{build_regex, string},
    value::JValue,
};

use super::convert::is_within;

/// The most bytes of a text that is made.
const TEXT: usize = 1024 * 1024;
/// The most bytes of a text that is taken apart.
const PIECES: usize = 400_000;
/// The most matches of a regular expression.
const MATCHES: usize = 20_000;
/// The most bytes of what a function puts in place of one match.
const REPLACED: usize = 2_048;
/// The longest picture of a number or a date, and the largest number in it.
const PICTURE: usize = 256;
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
    ("#picture", picture),
    ("#pieces", pieces),
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

/// Puts the bounds into the tree. True if there are any.
pub(super) fn fence(node: &mut AstNode) -> bool {
    let mut any = false;
    fence_below(node, &mut any);
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
        AstNode::Array(items) if items.iter().filter(|item| !is_literal(item)).count() > 1 => {
            wrap(node, "#list");
            true
        }
        AstNode::Function { name, args, is_builtin: true } => fence_call(name, args),
        AstNode::Wildcard | AstNode::Descendant => {
            let descent = PathStep::new(take(node));
            *node = AstNode::Path { steps: vec![bound_here(), descent] };
            true
        }
        AstNode::Variable(name) if name == "string" => {
            // As a function that is handed to another one.
            let given = AstNode::Variable("v".to_owned());
            let body = Box::new(call("#text", vec![given]));
            *node = AstNode::Lambda { params: vec!["v".to_owned()], body, signature: None, thunk: false };
            true
        }
        _ => false,
    };
    any | placed
}

fn fence_call(name: &mut String, args: &mut [AstNode]) -> bool {
    match (name.as_str(), &mut *args) {
        ("string", [_, ..]) => "#text".clone_into(name),
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
        ("pad", [_, wide, ..]) => wrap(wide, "#width"),
        ("zip", all @ [_, ..]) => {
            let lists = all.to_vec();
            all[0] = call("#zipped", lists);
        }
        ("formatNumber" | "formatInteger" | "parseInteger" | "toMillis", [_, form, ..]) => {
            wrap(form, "#picture");
        }
        ("fromMillis", [_, form, ..]) | ("now", [form, ..]) => wrap(form, "#picture"),
        ("split", [text, ..]) => wrap(text, "#pieces"),
        ("match", [text, pattern, ..]) => *text = call("#matched", vec![take(text), pattern.clone()]),
        _ => return false,
    }
    true
}

fn fence_below(node: &mut AstNode, any: &mut bool) {
    let mut visit = |child: &mut AstNode| *any |= fence(child);
    match node {
        AstNode::Path { steps } => {
            steps.iter_mut().for_each(|step| fence_step(step, &mut visit));
            for step in steps.iter_mut().skip(1) {
                *any |= count(&mut step.node);
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

fn fence_step(step: &mut PathStep, visit: &mut dyn FnMut(&mut AstNode)) {
    // These two are bounded where the whole path is seen.
    if !matches!(step.node, AstNode::Wildcard | AstNode::Descendant) {
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

/// A step that makes more for each item than the item itself holds.
fn count(node: &mut AstNode) -> bool {
    match node {
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

fn call(name: &str, args: Vec<AstNode>) -> AstNode {
    AstNode::Function { name: name.to_owned(), args, is_builtin: true }
}

fn take(node: &mut AstNode) -> AstNode {
    std::mem::replace(node, AstNode::Undefined)
}

fn wrap(node: &mut AstNode, name: &str) {
    *node = call(name, vec![take(node)]);
}

fn is_literal(node: &AstNode) -> bool {
    matches!(node, AstNode::String(_) | AstNode::Number(_) | AstNode::Boolean(_) | AstNode::Null)
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
        let long = by.is_function() && text.as_str().is_some_and(|text| text.len() > REPLACED);
        return if long { Err(too_much()) } else { Ok(text.clone()) };
    };
    let Some(count) = matches(whole, pattern) else { return Ok(text.clone()) };
    let regex = matches!(pattern, JValue::Regex { .. });
    let groups = if regex { by.matches('$').count() } else { 0 };
    let made = count.saturating_mul(by.len()).saturating_add(groups.saturating_mul(whole.len()));
    let many = regex && count > MATCHES;
    if many || made.saturating_add(whole.len()) > TEXT { Err(too_much()) } else { Ok(text.clone()) }
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

fn picture(args: &[JValue]) -> Answer {
    let value = args.first().unwrap_or(&JValue::Undefined);
    let Some(text) = value.as_str() else { return Ok(value.clone()) };
    let numbers = text.split(|c: char| !c.is_ascii_digit());
    let large = numbers.filter(|digits| !digits.is_empty()).any(|digits| {
        digits.trim_start_matches('0').parse::<usize>().is_ok_and(|number| number > PICTURE)
            || digits.len() > PICTURE
    });
    if large || text.len() > PICTURE { Err(too_much()) } else { Ok(value.clone()) }
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
