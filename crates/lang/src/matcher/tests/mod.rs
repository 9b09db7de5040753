//! The matcher beside a slow, obvious one.

mod oracle;
mod random;

use std::collections::BTreeSet;

use self::random::Dice;
use super::*;

/// Many rules at a time, coming and going, against the slow matcher. `MATCHER_PAIRS` says of how many pairs of a
/// pattern and an event; there are 30,000 if it says nothing.
#[test]
fn finds_what_the_slow_matcher_finds() {
    let pairs =
        std::env::var("MATCHER_PAIRS").ok().and_then(|pairs| pairs.parse().ok()).unwrap_or(30_000_usize);
    let (mut tried, mut matched, mut seed) = (0, 0, 0);
    while tried < pairs {
        seed += 1;
        let (more, hits) = a_round(&mut Dice::new(seed), seed);
        tried += more;
        matched += hits;
    }
    assert!(matched > tried / 100 && matched < tried / 2, "{matched} of {tried} match: they tell little");
}

fn a_round(dice: &mut Dice, seed: u64) -> (usize, usize) {
    let (mut matcher, mut there, mut room) = (Matcher::default(), Vec::new(), Room::default());
    let (mut tried, mut matched) = (0, 0);
    for _ in 0..3 {
        for _ in 0..12 {
            let pattern = random::pattern(dice);
            if let Ok(read) = Pattern::parse(&pattern.to_string()) {
                there.push((matcher.add(&read, pattern.clone()), pattern));
            }
        }
        for _ in 0..dice.below(8).min(there.len()) {
            let (ticket, pattern) = there.swap_remove(dice.below(there.len()));
            assert_eq!(matcher.remove(ticket), Some(pattern));
        }
        for _ in 0..20 {
            let event = random::event(dice);
            let text = random::text_of(&event, dice);
            let found: BTreeSet<_> = matcher.matching(&text, &mut room).unwrap().iter().copied().collect();
            let expected = there.iter().filter(|(_, pattern)| oracle::matches(pattern, &event));
            let expected: BTreeSet<_> = expected.map(|(ticket, _)| *ticket).collect();
            let odd = found.symmetric_difference(&expected).next().and_then(|ticket| matcher.rule(*ticket));
            assert_eq!(odd, None, "seed {seed}: {text}");
            tried += there.len();
            matched += found.len();
        }
    }
    assert_eq!(matcher.len(), there.len());
    for (ticket, _) in there {
        matcher.remove(ticket);
    }
    assert!(
        matcher.is_empty() && matcher.names.is_end() && matcher.said.is_empty() && matcher.always.is_empty()
    );
    (tried, matched)
}
