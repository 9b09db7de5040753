//! The tree of a buildspec to its parts.

use super::{Buildspec, Env, OnFailure, Phase, PhaseName, Shell};
use crate::source::{Content, Cursor, Diagnostic, Node};

/// Keys that AWS knows and we do not, each with what is done instead, by the map they stand in.
const REFUSED: &[(&str, &[(&str, &str)])] = &[
    (
        "a buildspec",
        &[
            ("run-as", "commands run as the user of the build"),
            ("proxy", "set the proxy variables in the project"),
            ("batch", "start one build for each part"),
            ("reports", "write them to S3 with `aws s3 cp`"),
            ("artifacts", "copy them to S3 with `aws s3 cp`"),
            ("cache", "image layers are cached without it"),
        ],
    ),
    (
        "`env`",
        &[
            ("parameter-store", "set the variables in the project"),
            ("secrets-manager", "set the variables in the project"),
            ("git-credential-helper", "git has the credentials of the build"),
        ],
    ),
    (
        "a phase",
        &[
            ("run-as", "commands run as the user of the build"),
            ("runtime-versions", "call the wanted version in the commands"),
        ],
    ),
];

pub(super) fn buildspec(root: &Node) -> Result<Buildspec, Vec<Diagnostic>> {
    let root = Cursor::root(root);
    root.expect_map("a buildspec").map_err(|d| vec![d])?;
    let mut reader = Reader { found: Vec::new() };
    reader.keys(&root, "a buildspec", &["version", "env", "phases"]);
    reader.version(&root);
    let env = root.get("env").map(|env| reader.env(&env)).unwrap_or_default();
    let phases = match root.get("phases") {
        Some(phases) => reader.phases(&phases),
        None => {
            reader.found.push(root.error("`phases` is missing: name at least one phase with `commands`"));
            Vec::new()
        }
    };
    reader.found.sort_by_key(|d| d.position);
    if reader.found.is_empty() { Ok(Buildspec { env, phases }) } else { Err(reader.found) }
}

struct Reader {
    found: Vec<Diagnostic>,
}

impl Reader {
    /// The value, or a default and one more finding.
    fn keep<T: Default>(&mut self, read: Result<T, Diagnostic>) -> T {
        read.unwrap_or_else(|d| {
            self.found.push(d);
            T::default()
        })
    }

    /// Reports every key of `map` that is not `known`.
    fn keys(&mut self, map: &Cursor<'_>, what: &str, known: &[&str]) {
        for (key, at) in map.entries().filter(|(key, _)| !known.contains(key)) {
            let refused = REFUSED.iter().find(|(place, _)| *place == what).map_or(&[][..], |(_, keys)| keys);
            let message = match refused.iter().find(|(name, _)| *name == key) {
                Some((_, instead)) => format!("`{key}` is not supported, {instead}"),
                None => format!("`{key}` is no key of {what}, which has {}", known.join(", ")),
            };
            self.found.push(at.key_error(message));
        }
    }

    fn version(&mut self, root: &Cursor<'_>) {
        let Some(version) = root.get("version") else {
            return self.found.push(root.error("`version` is missing: write `version: 0.2`"));
        };
        match version.node.scalar_text().as_deref() {
            Some("0.2") => {}
            _ => self.found.push(version.error("only `version: 0.2` is supported")),
        }
    }

    fn env(&mut self, env: &Cursor<'_>) -> Env {
        let read = env.expect_map("`env`");
        self.keep(read);
        self.keys(env, "`env`", &["shell", "variables", "exported-variables"]);
        let shell = env.get("shell").map(|at| shell(&at)).unwrap_or(Ok(Shell::Sh));
        Env {
            variables: env.get("variables").map(|at| self.variables(&at)).unwrap_or_default(),
            exported_variables: env
                .get("exported-variables")
                .map(|at| self.exported(&at))
                .unwrap_or_default(),
            shell: self.keep(shell),
        }
    }

    fn variables(&mut self, map: &Cursor<'_>) -> Vec<(String, String)> {
        let read = map.expect_map("`variables`");
        self.keep(read);
        map.entries().map(|(name, at)| self.variable(name, &at)).collect()
    }

    fn variable(&mut self, name: &str, at: &Cursor<'_>) -> (String, String) {
        if !is_variable_name(name) {
            self.found.push(at.key_error(format!("`{name}` is no name of an environment variable")));
        }
        let value = match &at.node.content {
            Content::Null => Some(String::new()),
            _ => at.node.scalar_text(),
        };
        let value = value.ok_or_else(|| at.error(format!("`{name}` must be text, not {}", at.node.kind())));
        let value = value.and_then(|value| {
            if value.contains('\0') {
                Err(at.error(format!("`{name}` holds a NUL character")))
            } else {
                Ok(value)
            }
        });
        (name.to_owned(), self.keep(value))
    }

    fn exported(&mut self, list: &Cursor<'_>) -> Vec<String> {
        let read = list.expect_list("`exported-variables`");
        self.keep(read);
        let name = |at: Cursor<'_>| {
            let name = at.expect_text("an exported variable")?;
            if is_variable_name(name) {
                Ok(name.to_owned())
            } else {
                Err(at.error(format!("`{name}` is no name of an environment variable")))
            }
        };
        list.items().map(|at| self.keep(name(at))).collect()
    }

    fn phases(&mut self, phases: &Cursor<'_>) -> Vec<Phase> {
        let read = phases.expect_map("`phases`");
        self.keep(read);
        self.keys(phases, "`phases`", &PhaseName::ALL.map(PhaseName::as_str));
        if phases.node.entries().is_empty() && matches!(phases.node.content, Content::Map(_)) {
            self.found.push(phases.error("`phases` is empty: name at least one phase with `commands`"));
        }
        let named = PhaseName::ALL.into_iter().filter_map(|name| Some((name, phases.get(name.as_str())?)));
        named.map(|(name, at)| self.phase(name, &at)).collect()
    }

    fn phase(&mut self, name: PhaseName, phase: &Cursor<'_>) -> Phase {
        let read = phase.expect_map(&format!("`{name}`"));
        self.keep(read);
        self.keys(phase, "a phase", &["on-failure", "commands", "finally"]);
        let on_failure = phase.get("on-failure").map(|at| on_failure(&at)).transpose();
        Phase {
            name,
            on_failure: self.keep(on_failure),
            commands: phase.get("commands").map(|at| self.commands(&at, "`commands`")).unwrap_or_default(),
            finally: phase.get("finally").map(|at| self.commands(&at, "`finally`")).unwrap_or_default(),
        }
    }

    fn commands(&mut self, list: &Cursor<'_>, what: &str) -> Vec<String> {
        let read = list.expect_list(what);
        self.keep(read);
        list.items().map(|at| self.keep(command(&at))).collect()
    }
}

fn command(at: &Cursor<'_>) -> Result<String, Diagnostic> {
    match &at.node.content {
        // The classic: `- echo "a": b` is a map to YAML.
        Content::Map(_) => {
            Err(at.error("a command must be a string; quote this one, its `: ` makes it a map in YAML"))
        }
        _ => match at.node.scalar_text() {
            Some(text) if text.contains('\0') => Err(at.error("a command must not hold a NUL character")),
            Some(text) => Ok(text),
            None => Err(at.error(format!("a command must be a string, not {}", at.node.kind()))),
        },
    }
}

fn shell(at: &Cursor<'_>) -> Result<Shell, Diagnostic> {
    match at.expect_text("`shell`")? {
        "bash" | "/bin/bash" => Ok(Shell::Bash),
        "sh" | "/bin/sh" => Ok(Shell::Sh),
        other => Err(at.error(format!("the shell `{other}` is not supported, use `bash` or `sh`"))),
    }
}

fn on_failure(at: &Cursor<'_>) -> Result<OnFailure, Diagnostic> {
    match at.expect_text("`on-failure`")? {
        "ABORT" => Ok(OnFailure::Abort),
        "CONTINUE" => Ok(OnFailure::Continue),
        other => Err(at.error(format!("`on-failure: {other}` is not supported, use `ABORT` or `CONTINUE`"))),
    }
}

fn is_variable_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
