//! Which names an expression uses.

use std::collections::{BTreeMap, BTreeSet};

use jsonata_core::ast::{AstNode, PathStep, Stage};

/// The names that an expression uses, and which parts of `$states`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Names {
    /// Variables, bound inside of the expression or not.
    pub(super) variables: BTreeSet<String>,
    /// Functions that are called.
    pub(super) functions: BTreeSet<String>,
    /// Variables that the expression binds itself: by `:=`, as parameters, by `@` and `#`.
    pub(super) bound: BTreeSet<String>,
    /// Members of `$states` that are asked for by name.
    pub(super) members: BTreeMap<String, Part>,
    /// Whether `$states` is used as a whole.
    pub(super) all_states: bool,
}

/// What of a value is looked at.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// Of an object, only these members, and of each this much.
    Members(BTreeMap<String, Part>),
    /// All of it.
    Whole,
}

const STATES: &str = "states";
/// How many names deep it is known what is looked at: as deep as `$states.context.Map.Item.Value`.
const LEVELS: usize = 3;

impl Names {
    pub(super) fn of(node: &AstNode) -> Self {
        let mut names = Self::default();
        names.visit(node);
        names
    }

    /// What the expression looks at of that member of `$states`.
    pub(super) fn looks_at(&self, member: &str) -> Option<&Part> {
        if self.all_states { Some(&Part::Whole) } else { self.members.get(member) }
    }

    fn visit(&mut self, node: &AstNode) {
        match node {
            AstNode::Variable(name) => {
                self.all_states |= name == STATES;
                self.variables.insert(name.clone());
            }
            AstNode::Function { name, .. } => {
                self.functions.insert(name.clone());
            }
            AstNode::Lambda { params, .. } => self.bound.extend(params.iter().cloned()),
            AstNode::Binary { op: jsonata_core::ast::BinaryOp::ColonEqual, lhs, .. } => {
                if let AstNode::Variable(name) = &**lhs {
                    self.bound.insert(name.clone());
                }
            }
            AstNode::Path { steps } => return self.path(steps),
            _ => {}
        }
        each_child(node, &mut |child| self.visit(child));
    }

    fn path(&mut self, steps: &[PathStep]) {
        for step in steps {
            self.bound.extend(step.focus.iter().chain(&step.index_var).cloned());
        }
        let rest = match steps {
            [PathStep { node: AstNode::Variable(first), stages, .. }, second, ..]
                if first == STATES && stages.is_empty() && second.ancestor_label.is_none() =>
            {
                match &second.node {
                    AstNode::Name(member) => {
                        self.variables.insert(STATES.to_owned());
                        self.members.entry(member.clone()).or_default().add(&names_below(&steps[1..]));
                        &steps[1..]
                    }
                    _ => steps,
                }
            }
            _ => steps,
        };
        for step in rest {
            each_part(step, &mut |part| self.visit(part));
        }
        // The stages of a step that was skipped are none.
    }
}

impl Default for Part {
    fn default() -> Self {
        Self::Members(BTreeMap::new())
    }
}

impl Part {
    /// What these names lead to is looked at too.
    fn add(&mut self, names: &[&str]) {
        match (names, &mut *self) {
            ([], _) => *self = Self::Whole,
            ([first, rest @ ..], Self::Members(members)) => {
                members.entry((*first).to_owned()).or_default().add(rest);
            }
            (_, Self::Whole) => {}
        }
    }
}

/// The names that lead from the first step to all that is looked at below it.
fn names_below(steps: &[PathStep]) -> Vec<&str> {
    let below = steps.windows(2).map_while(|pair| {
        let [step, next] = pair else { return None };
        let plain = step.stages.is_empty() && step.focus.is_none() && step.index_var.is_none();
        // What a step with a label came from is looked at as a whole: `%` comes back to it.
        let simple = plain && !step.is_tuple && next.ancestor_label.is_none();
        match &next.node {
            AstNode::Name(name) if simple => Some(name.as_str()),
            _ => None,
        }
    });
    below.take(LEVELS).collect()
}

/// The nodes of a step.
pub(super) fn each_part<'n>(step: &'n PathStep, visit: &mut dyn FnMut(&'n AstNode)) {
    visit(&step.node);
    for stage in &step.stages {
        if let Stage::Filter(filter) = stage {
            visit(filter);
        }
    }
}

/// The nodes right below a node.
pub(super) fn each_child<'n>(node: &'n AstNode, visit: &mut dyn FnMut(&'n AstNode)) {
    match node {
        AstNode::Path { steps } => steps.iter().for_each(|step| each_part(step, visit)),
        AstNode::Binary { lhs, rhs, .. } => {
            visit(lhs);
            visit(rhs);
        }
        AstNode::Unary { operand: inner, .. } | AstNode::FunctionApplication(inner) => visit(inner),
        AstNode::Lambda { body, .. } => visit(body),
        AstNode::Function { args: all, .. }
        | AstNode::Array(all)
        | AstNode::Block(all)
        | AstNode::ArrayGroup(all) => all.iter().for_each(visit),
        AstNode::Call { procedure, args } => {
            visit(procedure);
            args.iter().for_each(visit);
        }
        AstNode::Object(pairs) => each_pair(pairs, visit),
        AstNode::ObjectTransform { input, pattern } => {
            visit(input);
            each_pair(pattern, visit);
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
            terms.iter().for_each(|(term, _)| visit(term));
        }
        AstNode::Transform { location, update, delete } => {
            visit(location);
            visit(update);
            if let Some(delete) = delete {
                visit(delete);
            }
        }
        AstNode::String(_)
        | AstNode::Name(_)
        | AstNode::Number(_)
        | AstNode::Boolean(_)
        | AstNode::Null
        | AstNode::Undefined
        | AstNode::Placeholder
        | AstNode::Regex { .. }
        | AstNode::Variable(_)
        | AstNode::ParentVariable(_)
        | AstNode::Wildcard
        | AstNode::Descendant
        | AstNode::Parent(_) => {}
    }
}

fn each_pair<'n>(pairs: &'n [(AstNode, AstNode)], visit: &mut dyn FnMut(&'n AstNode)) {
    for (name, value) in pairs {
        visit(name);
        visit(value);
    }
}
