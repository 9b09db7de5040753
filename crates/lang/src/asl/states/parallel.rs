//! `Parallel`: runs branches side by side and gathers what they give.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html>

use crate::asl::{
    errors::{Catcher, Retrier, read_catchers, read_retriers},
    fields::Fields,
    flow::{Flow, Takes},
    graph::Graph,
    machine::Next,
};

use super::{Around, read_next};

/// A Parallel state.
#[derive(Clone, Debug, PartialEq)]
pub struct Parallel {
    /// The branches; each gets the state's arguments as its input.
    pub branches: Vec<Graph>,
    /// `Retry`
    pub retry: Vec<Retrier>,
    /// `Catch`
    pub catch: Vec<Catcher>,
    /// Where it leads.
    pub next: Next,
}

pub(super) fn read(fields: &mut Fields<'_>, around: Around) -> (Flow, Option<Parallel>) {
    fields.require(&["Branches"]);
    let flow = Flow::read(fields, Takes::RESULT);
    let (pointer, report) = (fields.at("Branches"), fields.report);
    let list = fields.list("Branches").map_or(&[][..], Vec::as_slice);
    if fields.has("Branches") && list.is_empty() {
        report.schema(&pointer, "Value cannot be empty");
    }
    let branches: Vec<Option<Graph>> = list
        .iter()
        .enumerate()
        .map(|(at, branch)| {
            let mut fields = Fields::of(branch, format!("{pointer}/{at}"), report)?;
            let graph = Graph::read(&mut fields, branch, around.inner());
            fields.finish();
            graph
        })
        .collect();
    let (retry, catch) = (read_retriers(fields), read_catchers(fields));
    let next = read_next(fields);
    let branches: Option<Vec<Graph>> = branches.into_iter().collect();
    let parallel = branches.zip(next).map(|(branches, next)| Parallel { branches, retry, catch, next });
    (flow, parallel)
}
