//! The rules of the house that no compiler checks.
#![allow(clippy::unwrap_used, reason = "a test may break off")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A longer file is two.
const LONGEST_FILE: usize = 500;
/// Words that say nothing about what a thing is for.
const EMPTY_WORDS: &[&str] = &[
    "util",
    "utils",
    "helper",
    "helpers",
    "common",
    "manager",
    "processor",
    "handler",
    "handlers",
    "info",
    "base",
    "impl",
];
/// Which floors each crate may stand on.
const EDGES: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("lang", &[]),
    ("engine", &["domain", "lang"]),
    ("store", &["domain"]),
    ("services", &["domain", "lang", "engine", "store"]),
    ("drivers", &["domain"]),
    ("wire", &["domain", "services"]),
    ("web", &["domain", "lang", "services"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn files_are_small_and_named_for_what_they_do() {
    let mut files = Vec::new();
    sources(&root().join("crates"), &mut files);
    assert!(files.len() > 100, "the sources were not found");
    for file in files {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines: it is two", file.display());
        let stem = file.file_stem().unwrap().to_string_lossy();
        assert!(!EMPTY_WORDS.contains(&&*stem), "{}: name it for what it does", file.display());
    }
}

/// The crates of ours that a section of a manifest names.
fn edges(manifest: &toml::Table, section: &str) -> BTreeSet<String> {
    let table = manifest.get(section).and_then(toml::Value::as_table);
    let names = table.into_iter().flat_map(toml::map::Map::keys);
    names.filter_map(|name| name.strip_prefix("trainyard-")).map(str::to_owned).collect()
}

#[test]
fn crates_stand_on_floors_below_them_only() {
    for (name, allowed) in EDGES {
        let text = fs::read_to_string(root().join("crates").join(name).join("Cargo.toml")).unwrap();
        for edge in edges(&text.parse().unwrap(), "dependencies") {
            assert!(allowed.contains(&edge.as_str()), "{name} may not stand on {edge}");
        }
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let dependencies =
        manifest.split("[workspace.dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    for line in dependencies.lines().filter(|line| line.contains('=') && !line.contains("path =")) {
        assert!(line.contains(" # "), "no reason: {line}");
    }
}
