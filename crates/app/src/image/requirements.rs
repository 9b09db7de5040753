//! The layer of requirements: resolved and installed once per requirements, Python and platform, and kept.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::{Deserialize, Serialize};
use trainyard_domain::content::Digest;

use super::{
    Store,
    entries::Entries,
    layers::{self, Layer},
    python::Python,
    store::trouble,
};
use crate::{failure::Failure, printer};

/// Where the packages are in an image.
pub(super) const SITE: &str = "/opt/trainyard/site-packages";
/// What they were resolved to.
const LOCK: &str = "/opt/trainyard/requirements.lock";
/// Part of the cache's key: raise it when the same packages would give another layer.
const FORMAT: u32 = 2;

/// An installed set of requirements.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Installed {
    pub(super) layer: Layer,
    /// `name==version`, sorted.
    pub(super) pinned: Vec<String>,
}

/// What is to be installed, read from a file and those that it includes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    file: PathBuf,
    /// All lines, without comments; the same lines want the same, whatever their order.
    lines: BTreeSet<String>,
    /// Whether the lines say all: local packages and variables may change without them.
    complete: bool,
}

impl Wanted {
    /// Reads the file. Reports all problems at once.
    pub(super) fn read(file: &Path) -> Result<Self, Vec<String>> {
        let mut wanted = Self { file: file.to_owned(), lines: BTreeSet::new(), complete: true };
        let mut problems = Vec::new();
        wanted.add(file, &mut BTreeSet::new(), &mut problems);
        if problems.is_empty() { Ok(wanted) } else { Err(problems) }
    }

    fn add(&mut self, file: &Path, seen: &mut BTreeSet<PathBuf>, problems: &mut Vec<String>) {
        if !seen.insert(file.to_owned()) {
            return;
        }
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(e) => return problems.push(format!("{}: {e}", file.display())),
        };
        for (number, line) in joined(&text) {
            let (word, rest) = option(&line);
            match word {
                "-r" | "-c" | "--requirement" | "--constraint" if !rest.contains("://") => {
                    let directory = file.parent().unwrap_or(Path::new(""));
                    self.add(&directory.join(rest), seen, problems);
                }
                "-e" | "--editable" => problems.push(format!(
                    "{}:{number}: `{line}` is editable and cannot go into an image: name the package itself",
                    file.display(),
                )),
                _ => self.complete &= !(is_local(&line) || line.contains("${")),
            }
            self.lines.insert(line);
        }
    }

    fn key(&self, python: &Python, time: u64) -> String {
        let Python { abi, platform, .. } = python;
        let all = format!("{FORMAT}\0{abi}\0{platform}\0{time}\0{:?}", self.lines);
        Digest::of(all.as_bytes()).hex().to_owned()
    }
}

/// The lines that pip sees, each with the number of its first one: a backslash joins two, a comment goes.
/// <https://pip.pypa.io/en/stable/reference/requirements-file-format/>
fn joined(text: &str) -> Vec<(usize, String)> {
    let (mut lines, mut open): (Vec<(usize, String)>, bool) = (Vec::new(), false);
    for (at, line) in text.lines().enumerate() {
        let comment = line.trim_start().starts_with('#');
        let more = line.strip_suffix('\\').filter(|_| !comment);
        match lines.last_mut().filter(|_| open) {
            Some((_, last)) => last.push_str(more.unwrap_or(line)),
            None => lines.push((at + 1, more.unwrap_or(line).to_owned())),
        }
        open = more.is_some();
    }
    let plain = lines.into_iter().map(|(at, line)| (at, without_comment(&line).to_owned()));
    plain.filter(|(_, line)| !line.is_empty()).collect()
}

fn without_comment(line: &str) -> &str {
    let line = line.trim();
    let comment = if line.starts_with('#') { Some(0) } else { line.find(" #").or_else(|| line.find("\t#")) };
    line[..comment.unwrap_or(line.len())].trim_end()
}

/// An option and its value: `-r FILE`, `-rFILE`, `--requirement FILE` and `--requirement=FILE` are the same to pip.
fn option(line: &str) -> (&str, &str) {
    let short = ["-r", "-c", "-e"].into_iter().find(|name| line.starts_with(name));
    let (word, rest) = match short {
        Some(name) => line.split_at(name.len()),
        None => line.split_once([' ', '\t', '=']).unwrap_or((line, "")),
    };
    (word, rest.trim().trim_start_matches('=').trim_start())
}

/// Whether pip takes the requirement for a directory or an archive of this machine.
fn is_local(line: &str) -> bool {
    let path = line.split(';').next().unwrap_or_default().trim_end();
    let archive =
        [".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"].iter().any(|end| path.ends_with(end));
    let option = line.starts_with('-');
    line.contains("file:")
        || (!option && !path.contains("://") && (archive || path.contains('/') || path == "."))
}

/// The layer for these requirements: the one that was made before, unless `refresh` asks to resolve them anew.
pub(super) fn install(
    store: &Store,
    python: &Python,
    wanted: &Wanted,
    (time, refresh): (u64, bool),
) -> Result<Installed, Failure> {
    let key = wanted.key(python, time);
    let known = if wanted.complete && !refresh { store.noted::<Installed>(&key) } else { None };
    if let Some(known) = known.filter(|known| store.has(&known.layer.blob)) {
        printer::talk(format_args!("requirements: {} packages, installed before", known.pinned.len()));
        return Ok(known);
    }
    let scratch = store.scratch()?;
    let site = scratch.path().join("site");
    pip(python, wanted, &site)?;
    let pinned = settle(&site).map_err(|e| trouble(&site, &e))?;
    compile(python, &site)?;
    let mut entries = Entries::default();
    entries.add_tree(&site, Path::new(SITE), true).map_err(|e| Failure::failed(e.to_string()))?;
    let lock: String = pinned.iter().map(|pin| format!("{pin}\n")).collect();
    entries.add_bytes(Path::new(LOCK), lock.into_bytes());
    let installed = Installed { layer: layers::pack(store, &entries, time)?, pinned };
    store.note(&key, &installed)?;
    Ok(installed)
}

/// Runs pip with the user's own configuration: indexes, proxies, certificates. What it says goes to stderr.
fn pip(python: &Python, wanted: &Wanted, site: &Path) -> Result<(), Failure> {
    let mut command = python.pip()?;
    command.args(["install", "--no-compile", "--no-input", "--disable-pip-version-check"]);
    command.arg("--target").arg(site).arg("--requirement").arg(&wanted.file);
    // A user's defaults for where packages go do not go together with `--target`.
    command.env("PIP_USER", "0").env("PIP_REQUIRE_VIRTUALENV", "0").env("PIP_ROOT_USER_ACTION", "ignore");
    for name in ["PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_QUIET"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(io::stderr());
    let status = command.status().map_err(|e| trouble(&python.program, &e))?;
    if status.success() {
        return Ok(());
    }
    let file = wanted.file.display();
    Err(Failure::failed(format!("pip could not install {file}: what it says above is the reason")).hint(
        format!(
            "{} -m pip config list    # indexes, proxies and certificates that pip uses",
            python.program.display()
        ),
    ))
}

/// Makes what pip installed independent of where and when, and says what it is.
fn settle(site: &Path) -> io::Result<Vec<String>> {
    fs::create_dir_all(site)?;
    let mut pinned = Vec::new();
    for found in fs::read_dir(site)? {
        let path = found?.path();
        if path.extension().is_some_and(|end| end == "dist-info") {
            pinned.extend(pin(&fs::read_to_string(path.join("METADATA"))?));
            settle_record(&path)?;
        }
    }
    pinned.sort();
    let programs = site.join("bin");
    if programs.is_dir() {
        for found in fs::read_dir(programs)? {
            settle_program(&found?.path())?;
        }
    }
    Ok(pinned)
}

fn pin(metadata: &str) -> Option<String> {
    let value = |name: &str| {
        metadata.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix(name))
    };
    Some(format!("{}=={}", value("Name: ")?.trim(), value("Version: ")?.trim()))
}

/// Programs are changed below, and where a package came from is this machine's affair.
fn settle_record(package: &Path) -> io::Result<()> {
    let path = package.join("RECORD");
    if let Ok(text) = fs::read_to_string(&path) {
        let stays = |line: &&str| !line.contains("bin/") && !line.contains("direct_url.json");
        let mut lines: Vec<&str> = text.lines().filter(stays).collect();
        lines.sort_unstable();
        fs::write(path, lines.iter().map(|line| format!("{line}\n")).collect::<String>())?;
    }
    match fs::remove_file(package.join("direct_url.json")) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// A program's first line names the interpreter that pip ran with; in an image it is the one on PATH.
fn settle_program(path: &Path) -> io::Result<()> {
    let bytes = fs::read(path)?;
    let end = bytes.iter().position(|b| *b == b'\n').unwrap_or(0);
    let first = String::from_utf8_lossy(&bytes[..end]);
    if first.starts_with("#!") && first.contains("python") {
        let mut settled = b"#!/usr/bin/env python3".to_vec();
        settled.extend_from_slice(&bytes[end..]);
        fs::write(path, settled)?;
    }
    Ok(())
}

/// Compiles all modules, so that not every job does it again: the files of an image are read only. The compiled
/// files are valid by hash and not by time, and name their sources by their place in the image.
fn compile(python: &Python, site: &Path) -> Result<(), Failure> {
    let status = Command::new(&python.program)
        .args(["-m", "compileall", "-q", "-x", "/tests?/", "--invalidation-mode", "unchecked-hash"])
        .arg("-s")
        .arg(site)
        .args(["-p", SITE])
        .arg(site)
        .env("PYTHONHASHSEED", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|e| trouble(&python.program, &e))?;
    // Some packages carry files for other Pythons: those stay as they are, and that is no failure.
    tracing::debug!(%status, "modules compiled");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_included() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("requirements.txt");
        fs::write(&file, "-r more.txt\nnumpy>=1 # why\n").unwrap();
        let check = |expect: &[&str]| {
            let problems = Wanted::read(&file).err().unwrap_or_default();
            assert_eq!(problems.len(), expect.len(), "{problems:?}");
            for (problem, part) in problems.iter().zip(expect) {
                assert!(problem.contains(part), "{problem}");
            }
        };
        check(&["more.txt"]);
        fs::write(directory.path().join("more.txt"), "-r requirements.txt\njoblib\n").unwrap();
        check(&[]);
        assert!(Wanted::read(&file).unwrap().complete);
        fs::write(directory.path().join("more.txt"), "./local\n").unwrap();
        assert!(!Wanted::read(&file).unwrap().complete);
        fs::write(directory.path().join("more.txt"), "-e .\n-r gone.txt\n").unwrap();
        check(&["more.txt:1: `-e .` is editable", "gone.txt"]);
        fs::write(&file, "numpy \\\n  >=1\n-egone\n--requirement=gone.txt\n-rlost.txt").unwrap();
        check(&["requirements.txt:3: `-egone` is editable", "gone.txt", "lost.txt"]);
    }

    #[test]
    fn the_key_is_what_is_wanted_and_not_how_it_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("requirements.txt");
        let wanted = |text: &str| {
            fs::write(&file, text).unwrap();
            Wanted::read(&file).unwrap()
        };
        let plain = wanted("numpy>=1\njoblib\n");
        assert_eq!(plain, wanted("# for training\njoblib   # why\n\nnumpy\\\n>=1"));
        assert_ne!(plain, wanted("numpy>=1\njoblib>1\n"));
        fs::write(directory.path().join("more.txt"), "scipy\n").unwrap();
        let more = wanted("-rmore.txt\n");
        fs::write(directory.path().join("more.txt"), "scipy>1\n").unwrap();
        assert_ne!(more, wanted("-rmore.txt\n"), "a file that is included counts");
        for local in ["wheels/a-1-py3-none-any.whl", "a-1.tar.gz", "pkg/", "./a", "a @ file:///a", "a==${V}"]
        {
            assert!(!wanted(local).complete, "{local}");
        }
        for complete in ["a @ https://host/a.whl", "a[b]>=1; python_version < '4'", "--find-links wheels/"] {
            assert!(wanted(complete).complete, "{complete}");
        }
    }

    #[test]
    fn programs_and_records_say_nothing_of_this_machine() {
        let directory = tempfile::tempdir().unwrap();
        let site = directory.path();
        fs::create_dir_all(site.join("bin")).unwrap();
        let package = site.join("a_b-1.0.dist-info");
        fs::create_dir(&package).unwrap();
        fs::write(
            package.join("METADATA"),
            "Metadata-Version: 2.1\nName: a-b\nVersion: 1.0\n\nVersion: no\n",
        )
        .unwrap();
        fs::write(package.join("RECORD"), "b.py,,\n../../bin/tool,sha256=x,1\na.py,,\n").unwrap();
        fs::write(package.join("direct_url.json"), "{}").unwrap();
        fs::write(site.join("bin/tool"), "#!/home/me/python3.11\nimport a\n").unwrap();
        assert_eq!(settle(site).unwrap(), ["a-b==1.0"]);
        assert_eq!(fs::read_to_string(package.join("RECORD")).unwrap(), "a.py,,\nb.py,,\n");
        assert_eq!(fs::read_to_string(site.join("bin/tool")).unwrap(), "#!/usr/bin/env python3\nimport a\n");
        assert!(!package.join("direct_url.json").exists());
    }
}
