//! Pictures of dates: how wide they make what they show.

/// The widest component.
const WIDTH: usize = 256;
/// The widest number: the evaluator computes ten to this power in 64 bits.
const DIGITS: usize = 18;

/// Whether no component of the picture of a date, such as `[Y0001]` or `[FNn,3-3]`, is wider than it may be.
pub(super) fn is_narrow(picture: &str) -> bool {
    picture.split('[').skip(1).all(|component| {
        let component = component.split(']').next().unwrap_or_default();
        let digits = component.chars().filter(|c| c.is_numeric() || *c == '#').count();
        // The width stands behind the last comma.
        let widths = component.rsplit_once(',').map_or("", |(_, widths)| widths);
        let mut numbers = widths.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
        let limit = if component.trim_start().starts_with('Y') { DIGITS } else { WIDTH };
        digits <= DIGITS && numbers.all(|n| n.parse::<usize>().is_ok_and(|n| n <= limit))
    })
}

#[cfg(test)]
mod tests {
    use super::is_narrow;

    #[test]
    fn widths_are_bounded() {
        for narrow in
            ["", "[Y0001]-[M01]-[D01]", "[Y9,999,*]", "[FNn,3-3]", "[Z010101t]", "[Y,*-4]", "year 2026", "[["]
        {
            assert!(is_narrow(narrow), "{narrow}");
        }
        for wide in
            ["[Y,64]", "[Y,*-19]", "[MNn,257]", "[f,99999999999999999999999]", "[Y0000000000000000001]"]
        {
            assert!(!is_narrow(wide), "{wide}");
        }
    }
}
