//! Calls in other forms than `$f(a, b)`, made into that form: only there [`super::guard`] can put its bounds.
//!
//! Names below that begin with `#` are ours: no expression can use them.

use std::collections::BTreeSet;

use jsonata_core::ast::{AstNode, BinaryOp};

/// The functions that have bounds, and how many arguments they take at most.
const BOUNDED: &[(&str, usize)] = &[
    ("distinct", 1),
    ("formatInteger", 2),
    ("formatNumber", 3),
    ("fromMillis", 3),
    ("join", 2),
    ("match", 3),
    ("now", 2),
    ("pad", 3),
    ("parseInteger", 2),
    ("replace", 4),
    ("split", 3),
    ("string", 1),
    ("toMillis", 2),
    ("zip", 8),
];

/// The name of a variable of the state's that has the name of a function.
pub(super) fn shadow(name: &str) -> String {
    format!("#{name}")
}

fn arity(name: &str, bound: &BTreeSet<String>) -> Option<usize> {
    let of = BOUNDED.iter().find(|(function, _)| *function == name)?.1;
    (!bound.contains(name)).then_some(of)
}

/// Makes one node plain; `bound` are the names that the expression binds itself, which are no functions of JSONata's.
pub(super) fn plain(node: &mut AstNode, bound: &BTreeSet<String>) {
    match node {
        // `a ~> $f(b)` is `$f(a, b)`.
        AstNode::Binary { op: BinaryOp::ChainPipe, lhs, rhs } => {
            let AstNode::Function { name, args, is_builtin: true } = &mut **rhs else { return };
            if arity(name, bound).is_some() && !args.iter().any(is_open) {
                args.insert(0, take(lhs));
                *node = take(rhs);
            }
        }
        // `$f(?, b)` is `function($1) { $f($1, b) }`.
        AstNode::Function { name, args, is_builtin: true }
            if args.iter().any(is_open) && arity(name, bound).is_some() =>
        {
            let mut params = Vec::new();
            for arg in args.iter_mut().filter(|arg| is_open(arg)) {
                params.push(format!("#{}", params.len()));
                *arg = AstNode::Variable(params[params.len() - 1].clone());
            }
            *node = lambda(params, take(node));
        }
        // `$f`, as a value.
        AstNode::Variable(name) => {
            if let Some(arity) = arity(name, bound) {
                let params: Vec<String> = (0..arity).map(|at| format!("#{at}")).collect();
                let args = params.iter().cloned().map(AstNode::Variable).collect();
                let function = lambda(params, call(name, args));
                let variable = AstNode::Variable(shadow(name));
                *node = AstNode::Conditional {
                    condition: Box::new(call("exists", vec![variable.clone()])),
                    then_branch: Box::new(variable),
                    else_branch: Some(Box::new(function)),
                };
            }
        }
        _ => {}
    }
}

/// `(function($0, $1) { … })(a, b)`: each argument is evaluated once, however often the body looks at it.
pub(super) fn with_arguments(args: &mut Vec<AstNode>, body: impl FnOnce(Vec<AstNode>) -> AstNode) -> AstNode {
    let params: Vec<String> = (0..args.len()).map(|at| format!("#{at}")).collect();
    let seen = params.iter().cloned().map(AstNode::Variable).collect();
    AstNode::Call { procedure: Box::new(lambda(params, body(seen))), args: std::mem::take(args) }
}

/// A node that may stand twice: it is small, and the same both times.
pub(super) fn may_repeat(node: &AstNode) -> bool {
    is_literal(node) || matches!(node, AstNode::Variable(_) | AstNode::Regex { .. } | AstNode::Name(_))
}

pub(super) fn is_literal(node: &AstNode) -> bool {
    matches!(node, AstNode::String(_) | AstNode::Number(_) | AstNode::Boolean(_) | AstNode::Null)
}

pub(super) fn call(name: &str, args: Vec<AstNode>) -> AstNode {
    AstNode::Function { name: name.to_owned(), args, is_builtin: true }
}

pub(super) fn take(node: &mut AstNode) -> AstNode {
    std::mem::replace(node, AstNode::Undefined)
}

pub(super) fn wrap(node: &mut AstNode, name: &str) {
    *node = call(name, vec![take(node)]);
}

fn lambda(params: Vec<String>, body: AstNode) -> AstNode {
    AstNode::Lambda { params, body: Box::new(body), signature: None, thunk: false }
}

fn is_open(arg: &AstNode) -> bool {
    matches!(arg, AstNode::Placeholder)
}
