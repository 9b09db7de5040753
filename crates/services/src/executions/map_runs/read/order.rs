//! The order of a row's columns in an item.
//!
//! AWS puts a row's fields into a hash map of Java's, and the text of the item has that map's order. Whoever compares
//! outputs as text sees it.
//! <https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/HashMap.html>

use std::collections::BTreeMap;

/// The places of the names, in that order. Of a name that comes twice the last place counts.
pub(super) fn of(names: &[String]) -> Vec<usize> {
    let mut last = BTreeMap::new();
    let mut first = BTreeMap::new();
    for (place, name) in names.iter().enumerate() {
        last.insert(name.as_str(), place);
        first.entry(name.as_str()).or_insert(place);
    }
    let mut buckets = 16;
    while last.len() * 4 > buckets * 3 {
        buckets *= 2;
    }
    let mut order: Vec<(usize, usize, usize)> = last
        .into_iter()
        .map(|(name, place)| {
            (hash(name) as usize & (buckets - 1), first.get(name).copied().unwrap_or(place), place)
        })
        .collect();
    order.sort_unstable();
    order.into_iter().map(|(_, _, place)| place).collect()
}

/// `String.hashCode`, and what the map makes of it.
fn hash(name: &str) -> u32 {
    let hash = name.encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(unit.into()));
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::of;

    fn check(names: &[&str], expect: &[usize]) {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(of(&names), expect, "{names:?}");
    }

    #[test]
    fn columns_are_in_the_order_of_their_hashes() {
        check(&["H1", ""], &[1, 0]);
        check(&["0", "True", "{}"], &[0, 2, 1]);
        check(&["Col1", "Col2", "Col3"], &[0, 1, 2]);
        // Both in the same bucket: as they came.
        check(&["BB", "Aa"], &[0, 1]);
        check(&["Aa", "BB"], &[0, 1]);
    }

    #[test]
    fn a_name_that_comes_twice_is_one_column() {
        check(&["b", "a", "b"], &[1, 2]);
    }

    #[test]
    fn many_columns_make_a_larger_map() {
        // Of 16 buckets the 17th letter would share one with the first.
        let names: Vec<String> = ('a'..='t').map(String::from).collect();
        let order: Vec<String> = of(&names).into_iter().map(|place| names[place].clone()).collect();
        assert_eq!(order.concat(), "abcdefghijklmnopqrst");
        check(&["q", "a"], &[0, 1]);
    }
}
