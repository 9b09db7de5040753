//! `trainyard lint`: everything that can be said of definitions, templates and buildspecs without running them.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::json;
use trainyard_lang::{
    lint::{self, Seen},
    source::{Diagnostic, MAX_BYTES},
};

use crate::{
    failure::{Exit, Failure},
    printer, snippet,
    table::Output,
};

/// Flags of `trainyard lint`.
#[derive(Args)]
pub(super) struct LintArgs {
    /// State machines (JSON or YAML), templates, buildspecs, samconfig.toml; what a template names is looked at with it
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// How to write the result
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Looks at the files and says what it found; fails when there are errors among it.
pub(super) fn run(args: &LintArgs) -> Result<(), Failure> {
    let mut all: Vec<Seen> = Vec::new();
    for path in &args.files {
        let bytes = read(path).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
        let directory = path.parent().unwrap_or(Path::new(""));
        let beside = |name: &str| read(&directory.join(name)).map_err(|e| e.to_string());
        let seen = lint::lint(&path.display().to_string(), &bytes, &beside);
        for (at, one) in seen.into_iter().enumerate() {
            // What a template names is named from its own directory.
            let path =
                if at == 0 { one.path.clone() } else { directory.join(&one.path).display().to_string() };
            add(&mut all, Seen { path, ..one });
        }
    }
    match args.output {
        Output::Json => printer::result(json(&all)),
        Output::Table => show(&all),
    }
    let errors = count(&all, Diagnostic::is_error);
    printer::talk(sum(errors, count(&all, |_| true) - errors, all.len()));
    if errors == 0 { Ok(()) } else { Err(Failure::said(Exit::Invalid)) }
}

/// No more than is looked at: the reader says that there is more.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file that is named twice is one file, with all that was found.
fn add(all: &mut Vec<Seen>, new: Seen) {
    let place = |path: &str| std::fs::canonicalize(path).unwrap_or_else(|_| path.into());
    let Some(there) = all.iter_mut().find(|seen| place(&seen.path) == place(&new.path)) else {
        all.push(new);
        return;
    };
    for found in new.found {
        if !there.found.contains(&found) {
            there.found.push(found);
        }
    }
    there.found.sort_by_key(|found| found.position);
}

fn count(all: &[Seen], which: impl Fn(&Diagnostic) -> bool) -> usize {
    all.iter().flat_map(|seen| &seen.found).filter(|found| which(found)).count()
}

fn show(all: &[Seen]) {
    let colours = printer::result_colours();
    for seen in all {
        for found in &seen.found {
            printer::result(format_args!("{}\n", snippet::rendered(&seen.path, &seen.text, found, colours)));
        }
    }
}

fn json(all: &[Seen]) -> serde_json::Value {
    let one = |seen: &Seen, found: &Diagnostic| {
        json!({
            "file": seen.path,
            "line": found.position.map(|position| position.line),
            "column": found.position.map(|position| position.column),
            "severity": if found.is_error() { "error" } else { "warning" },
            "code": found.code,
            "message": found.message,
            "pointer": found.pointer.as_str(),
        })
    };
    all.iter().flat_map(|seen| seen.found.iter().map(move |found| one(seen, found))).collect()
}

/// `2 errors, 1 warning in 3 files`.
fn sum(errors: usize, warnings: usize, files: usize) -> String {
    let counted = |count: usize, word: &str| {
        (count > 0).then(|| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
    };
    let parts: Vec<_> =
        [counted(errors, "error"), counted(warnings, "warning")].into_iter().flatten().collect();
    let found = if parts.is_empty() { "nothing found".to_owned() } else { parts.join(", ") };
    format!("{found} in {}", counted(files, "file").unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_words() {
        assert_eq!(sum(0, 0, 1), "nothing found in 1 file");
        assert_eq!(sum(2, 1, 3), "2 errors, 1 warning in 3 files");
    }

    #[test]
    fn a_file_that_is_named_twice_is_one() {
        let found = |message: &str| Diagnostic::error(message);
        let seen = |found| Seen { path: "m.asl.json".to_owned(), text: String::new(), found };
        let mut all = Vec::new();
        add(&mut all, seen(vec![found("a")]));
        add(&mut all, seen(vec![found("a"), found("b")]));
        assert_eq!(all, [seen(vec![found("a"), found("b")])]);
    }

    #[test]
    fn a_directory_is_no_file() {
        assert!(read(Path::new(env!("CARGO_MANIFEST_DIR"))).is_err());
    }
}
