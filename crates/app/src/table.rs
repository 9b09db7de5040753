//! Results as a table or as JSON: `-o table|json`.

use clap::ValueEnum;

/// How a result is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For a person.
    #[default]
    Table,
    /// For a program.
    Json,
}

/// A table with aligned columns, two spaces apart; nothing trails at a line's end.
pub(crate) fn table<const N: usize>(heads: [&str; N], rows: &[[String; N]]) -> String {
    let heads = heads.map(str::to_owned);
    let all = || std::iter::once(&heads).chain(rows);
    let widths: [usize; N] =
        std::array::from_fn(|at| all().map(|row| row[at].chars().count()).max().unwrap_or(0));
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    all().map(line).collect::<Vec<_>>().join("\n")
}

/// How long ago that was, in its largest unit: `12 s`, `3 min`, `5 h`, `2 d`.
pub(crate) fn ago(then: f64, now: f64) -> String {
    let seconds = (now - then).max(0.0) as u64;
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86400),
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap_or_default().as_secs_f64()
}

/// Cut to a line of that many characters.
pub(crate) fn cut(text: &str, width: usize) -> String {
    let line = text.lines().next().unwrap_or_default();
    let short = line.chars().count() <= width && line.len() == text.trim_end().len();
    if short { line.to_owned() } else { line.chars().take(width.saturating_sub(1)).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [["a".to_owned(), "x".to_owned()], ["long".to_owned(), String::new()]];
        assert_eq!(table(["NAME", "B"], &rows), "NAME  B\na     x\nlong");
    }

    #[test]
    fn ages_are_short() {
        let check = |seconds: f64, expect: &str| assert_eq!(ago(1000.0, 1000.0 + seconds), expect);
        check(-1.0, "0 s");
        check(12.9, "12 s");
        check(120.0, "2 min");
        check(7200.0, "2 h");
        check(400_000.0, "4 d");
    }

    #[test]
    fn lines_are_cut() {
        assert_eq!(cut("short", 10), "short");
        assert_eq!(cut("much too long", 5), "much…");
        assert_eq!(cut("two\nlines", 10), "two…");
    }
}
