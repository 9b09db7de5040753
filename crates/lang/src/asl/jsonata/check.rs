//! What AWS refuses of an expression when it is written.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>

use jsonata_core::{
    ast::{AstNode, BinaryOp, PathStep, Stage},
    parser::ParserError,
};

use super::names::{Names, each_child};
use crate::asl::diagnostic::Code;

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) message: String,
}

/// The parser's words without the code that JSONata has for them.
pub(super) fn broken(why: &ParserError) -> Refusal {
    let message = why.to_string();
    // Before the code may stand a word about the kind.
    let inside = message.split_once(": ").map_or("", |(_, inside)| inside).to_owned();
    let message =
        if jsonata_core::evaluator::error_code_prefix(&inside).is_some() { inside } else { message };
    let coded = jsonata_core::evaluator::error_code_prefix(&message).is_some();
    let message = if coded { message[6..].trim_start().to_owned() } else { message };
    Refusal { code: Code::InvalidJsonataExpression, message }
}

/// What the parser does not foresee.
pub(super) fn unreadable() -> Refusal {
    Refusal { code: Code::InvalidJsonataExpression, message: "The expression cannot be read".to_owned() }
}

/// Operators that are newer than AWS's JSONata 2.0.6, refused in the words of that version.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>
fn newer(node: &AstNode, found: &mut Vec<Refusal>) {
    let symbol = match node {
        AstNode::Binary { op: BinaryOp::Coalesce, .. } => Some('?'),
        AstNode::Binary { op: BinaryOp::Default, .. } => Some(':'),
        _ => None,
    };
    found.extend(symbol.map(|symbol| Refusal {
        code: Code::InvalidJsonataExpression,
        message: format!("The symbol \"{symbol}\" cannot be used as a unary operator"),
    }));
    each_child(node, &mut |child| newer(child, found));
}

/// References to a document that is not there: there is only `$states`, and the variables.
pub(super) fn refusals(ast: &AstNode, names: &Names, caught: bool) -> Vec<Refusal> {
    let mut refused = Vec::new();
    newer(ast, &mut refused);
    if !refused.is_empty() {
        return refused;
    }
    let mut found = Vec::new();
    top(ast, &mut found);
    let mut all: Vec<String> = Vec::new();
    for name in found {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    if !caught && names.members.contains_key("errorOutput") {
        all.push("$states.errorOutput".to_owned());
    }
    let refused = |name: String| {
        let message = match name.as_str() {
            "$states.errorOutput" => "'$states.errorOutput' can only be referenced in a Catch".to_owned(),
            _ => format!("Reference to '{name}' at the top level is not supported."),
        };
        Refusal { code: Code::UnsupportedJsonataExpression, message }
    };
    all.into_iter().map(refused).collect()
}

/// Names that stand where nothing is around that they could be members of.
fn top(node: &AstNode, found: &mut Vec<String>) {
    match node {
        AstNode::Name(name) => found.push(name.clone()),
        AstNode::Variable(name) if name.is_empty() => found.push("$".to_owned()),
        AstNode::Variable(name) if name == "$" => found.push("$$".to_owned()),
        AstNode::ParentVariable(_) => found.push("$$".to_owned()),
        AstNode::Wildcard => found.push("*".to_owned()),
        AstNode::Descendant => found.push("**".to_owned()),
        AstNode::Path { steps } => path(steps, found),
        // What a function is called with is known when it is called.
        AstNode::Lambda { .. } | AstNode::Transform { .. } => whole(node, found),
        AstNode::Binary { op: BinaryOp::ColonEqual, rhs, .. } => top(rhs, found),
        AstNode::Sort { input, terms } => {
            top(input, found);
            terms.iter().for_each(|(term, _)| whole(term, found));
        }
        AstNode::ObjectTransform { input, pattern } => {
            top(input, found);
            for (name, value) in pattern {
                whole(name, found);
                whole(value, found);
            }
        }
        _ => each_child(node, &mut |child| top(child, found)),
    }
}

fn path(steps: &[PathStep], found: &mut Vec<String>) {
    for (at, step) in steps.iter().enumerate() {
        if at == 0 {
            top(&step.node, found);
        } else {
            whole(&step.node, found);
        }
        for stage in &step.stages {
            if let Stage::Filter(filter) = stage {
                whole(filter, found);
            }
        }
    }
}

/// `$$` is refused wherever it stands: it always means the whole document.
fn whole(node: &AstNode, found: &mut Vec<String>) {
    match node {
        AstNode::ParentVariable(_) => found.push("$$".to_owned()),
        AstNode::Variable(name) if name == "$" => found.push("$$".to_owned()),
        _ => each_child(node, &mut |child| whole(child, found)),
    }
}
