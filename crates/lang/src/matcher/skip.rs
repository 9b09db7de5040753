//! Gets over what no rule names without looking at it closely.

use super::lanes::{self, LANE, Marks, WIDTH};

/// The place behind the object or list that is open at `at`, `depth` of them deep; nothing if it never ends.
pub(super) fn container_end(bytes: &[u8], mut at: usize, mut depth: u32) -> Option<usize> {
    let mut texts = Texts::default();
    loop {
        let rest = bytes.get(at..)?;
        let marks = match rest.first_chunk::<WIDTH>() {
            Some(whole) => Marks::of(whole),
            None if rest.is_empty() => return None,
            None => {
                let mut last = [b' '; WIDTH];
                last[..rest.len()].copy_from_slice(rest);
                Marks::of(&last)
            }
        };
        let outside = !texts.inside(&marks);
        let (opens, closes) = (marks.opens & outside, marks.closes & outside);
        if depth <= closes.count_ones() {
            if let Some(end) = closing(opens, closes, &mut depth) {
                return Some(at + end + 1);
            }
        } else {
            depth = depth + opens.count_ones() - closes.count_ones();
        }
        at += WIDTH;
    }
}

/// Where the depth becomes zero.
fn closing(opens: u64, closes: u64, depth: &mut u32) -> Option<usize> {
    let mut marks = opens | closes;
    while marks != 0 {
        let lowest = marks & marks.wrapping_neg();
        if opens & lowest != 0 {
            *depth += 1;
        } else {
            *depth = depth.saturating_sub(1);
            if *depth == 0 {
                return Some(lowest.trailing_zeros() as usize);
            }
        }
        marks ^= lowest;
    }
    None
}

/// What is known from one piece to the next: whether a text is open, and whether its next byte is escaped.
#[derive(Default)]
struct Texts {
    open: bool,
    escaped: bool,
}

impl Texts {
    /// Bits of the bytes that are inside of texts, opening quotes among them.
    fn inside(&mut self, marks: &Marks) -> u64 {
        let quotes = marks.quotes & !self.escaped(marks.backslashes);
        let mut inside = quotes;
        for shift in [1, 2, 4, 8, 16, 32] {
            inside ^= inside << shift;
        }
        if self.open {
            inside = !inside;
        }
        self.open = inside >> 63 == 1;
        inside
    }

    /// Bits of the bytes behind a backslash that is not escaped itself.
    fn escaped(&mut self, mut backslashes: u64) -> u64 {
        let mut escaped = u64::from(std::mem::take(&mut self.escaped));
        backslashes &= !escaped;
        while backslashes != 0 {
            let lowest = backslashes & backslashes.wrapping_neg();
            self.escaped = lowest >> 63 == 1;
            escaped |= lowest << 1;
            backslashes &= !(lowest | lowest << 1);
        }
        escaped
    }
}

/// The closing quote of the text whose first byte is at `at`, and whether something in it is escaped.
pub(super) fn text_end(bytes: &[u8], mut at: usize) -> Option<(usize, bool)> {
    let mut escapes = false;
    loop {
        at = first(bytes, at, lanes::text_ends, |byte| matches!(byte, b'"' | b'\\'))?;
        if bytes[at] == b'"' {
            return Some((at, escapes));
        }
        escapes = true;
        at += 2;
    }
}

/// The place behind the number, `true`, `false` or `null` that begins at `at`.
pub(super) fn plain_end(bytes: &[u8], at: usize) -> usize {
    let ends = |byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
    first(bytes, at, lanes::plain_ends, ends).unwrap_or(bytes.len())
}

/// The first byte from `at` on that is one of those: they are told among sixteen bytes, and one by one.
#[inline]
fn first(
    bytes: &[u8],
    mut at: usize,
    among: impl Fn(&[u8; LANE]) -> u32,
    one: impl Fn(u8) -> bool,
) -> Option<usize> {
    loop {
        let rest = bytes.get(at..)?;
        let Some(lane) = rest.first_chunk() else {
            return rest.iter().position(|byte| one(*byte)).map(|found| at + found);
        };
        match among(lane) {
            0 => at += LANE,
            those => return Some(at + those.trailing_zeros() as usize),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let text = r#"[a"\\\[\]{}]{0,40}"#.prop_map(Value::from);
        let leaf = prop_oneof![text, Just(json!(1.5)), Just(Value::Null)];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((r#"[a"\\\]]{0,9}"#, inner), 0..6)
                    .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn ends_where_the_value_ends(value in values(), behind in r#"[\]}" ,]{0,80}"#) {
            let text = value.to_string();
            let all = format!("{text}{behind}");
            if text.starts_with(['[', '{']) {
                prop_assert_eq!(container_end(all.as_bytes(), 0, 0), Some(text.len()));
                prop_assert_eq!(container_end(&all.as_bytes()[..text.len() - 1], 0, 0), None);
            } else if let Some(inner) = text.strip_prefix('"') {
                let end = text_end(all.as_bytes(), 1).unwrap();
                prop_assert_eq!(end, (text.len() - 1, inner.contains('\\')));
            } else {
                let all = format!("{text},{behind}");
                prop_assert_eq!(plain_end(all.as_bytes(), 0), text.len());
                prop_assert_eq!(plain_end(text.as_bytes(), 0), text.len());
            }
        }

        #[test]
        fn a_number_ends_where_it_does(
            number in r"-?[0-9]{1,40}(\.[0-9]{1,9})?", behind in r#"([,\]} \n\r\t][\]}" ,0-9]{0,40})?"#,
        ) {
            let all = format!("{number}{behind}");
            prop_assert_eq!(plain_end(all.as_bytes(), 0), number.len());
        }
    }
}
