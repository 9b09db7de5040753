//! How many places of the wildcards of one field a value can be at, at the same time: what it costs to follow them all.
//!
//! AWS refuses a rule with more than ten: four of `*/a/*.b` are too many, two are not.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching>

use std::collections::{BTreeSet, HashSet};

use super::wildcard::Wildcard;

/// More places than these are refused.
const MOST_PLACES: usize = 10;
/// A field whose places come in more combinations is refused without looking at the others.
const MOST_COMBINATIONS: usize = 4096;

/// What a wildcard is made of. A value is followed with its quotes, as AWS does.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    Byte(u8),
    Star,
}

/// Whether the wildcards, which all look at the same field, are too many or too repetitive.
pub(super) fn is_too_complex(wildcards: &[&Wildcard]) -> bool {
    let paths: Vec<Vec<Step>> = wildcards.iter().map(|wildcard| steps(wildcard)).collect();
    let bytes: BTreeSet<Option<u8>> = paths.iter().flatten().map(|step| step.byte()).collect();
    let start: Places = paths.iter().enumerate().map(|(path, _)| (path, 0)).collect();
    let (mut seen, mut pending) = (HashSet::new(), vec![start]);
    while let Some(places) = pending.pop() {
        // A byte that is in no wildcard leaves only what stands on stars: fewer places, and never new ones.
        for byte in bytes.iter().flatten() {
            let next = step(&paths, &places, *byte);
            if next.len() > MOST_PLACES || seen.len() > MOST_COMBINATIONS {
                return true;
            }
            if !next.is_empty() && seen.insert(next.clone()) {
                pending.push(next);
            }
        }
    }
    false
}

/// (wildcard, how many of its steps are behind it).
type Places = BTreeSet<(usize, usize)>;

fn steps(wildcard: &Wildcard) -> Vec<Step> {
    let mut steps = vec![Step::Byte(b'"')];
    for (at, literal) in wildcard.literals().iter().enumerate() {
        if at > 0 {
            steps.push(Step::Star);
        }
        steps.extend(literal.bytes().map(Step::Byte));
    }
    steps.push(Step::Byte(b'"'));
    steps
}

/// Where a value stands one byte later. Whoever stands before a star stands behind it too.
fn step(paths: &[Vec<Step>], places: &Places, byte: u8) -> Places {
    let mut next = Places::new();
    for &(path, at) in places {
        let steps = &paths[path];
        if at > 0 && steps[at - 1] == Step::Star {
            next.insert((path, at));
        }
        if steps.get(at) == Some(&Step::Byte(byte)) {
            next.insert((path, at + 1));
            if steps.get(at + 1) == Some(&Step::Star) {
                next.insert((path, at + 2));
            }
        }
    }
    next
}

impl Step {
    fn byte(self) -> Option<u8> {
        if let Self::Byte(byte) = self { Some(byte) } else { None }
    }
}
