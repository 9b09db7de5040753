//! Where a run has no file system of its own, paths that it is told are rewritten to where things really are.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// What stands where.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(Vec<(String, String)>);

impl Places {
    /// Notes that what the run would see at `target` is at `real`.
    pub(crate) fn note(&mut self, target: &Path, real: &Path) {
        let text = |path: &Path| path.to_string_lossy().trim_end_matches('/').to_owned();
        self.0.push((text(target), text(real)));
        // The longest first: it is the one mounted last.
        self.0.sort_by_key(|(target, _)| std::cmp::Reverse(target.len()));
    }

    /// Where this path really is.
    pub(crate) fn path(&self, path: &Path) -> PathBuf {
        self.one(&path.to_string_lossy()).map_or_else(|| path.to_owned(), PathBuf::from)
    }

    /// An argument or the value of a variable: a path, paths with `:` between them, a path behind `=`, a `file://`
    /// URL, or JSON in which strings are any of these.
    pub(crate) fn text(&self, text: &str) -> String {
        if self.0.is_empty() || !text.contains('/') {
            return text.to_owned();
        }
        if text.starts_with(['{', '['])
            && let Ok(mut value) = serde_json::from_str(text)
        {
            return if self.json(&mut value) { value.to_string() } else { text.to_owned() };
        }
        if let Some(rewritten) = text.strip_prefix("file://").and_then(|path| self.one(path)) {
            return format!("file://{rewritten}");
        }
        match text.split_once('=') {
            Some((name, value)) if !name.contains(['/', ':']) => format!("{name}={}", self.list(value)),
            _ => self.list(text),
        }
    }

    fn list(&self, text: &str) -> String {
        let pieces: Vec<String> =
            text.split(':').map(|piece| self.one(piece).unwrap_or_else(|| piece.to_owned())).collect();
        pieces.join(":")
    }

    fn one(&self, text: &str) -> Option<String> {
        self.0.iter().find_map(|(target, real)| {
            let rest = text.strip_prefix(target.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{real}{rest}"))
        })
    }

    /// Whether anything changed.
    fn json(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => {
                let rewritten = self.text(text);
                let changed = rewritten != *text;
                *text = rewritten;
                changed
            }
            Value::Array(values) => values.iter_mut().fold(false, |changed, v| self.json(v) | changed),
            Value::Object(members) => members.values_mut().fold(false, |changed, v| self.json(v) | changed),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let mut places = Places::default();
        places.note(Path::new("/opt/ml"), Path::new("/data/job 1"));
        places.note(Path::new("/opt/ml/input/data/train"), Path::new("/data/train"));
        places.note(Path::new("/app/"), Path::new("/images/x/app"));
        assert_eq!(places.text(text), expect);
    }

    #[test]
    fn paths_are_found_where_they_begin() {
        check("/opt/ml", "/data/job 1");
        check("/opt/ml/model/m.json", "/data/job 1/model/m.json");
        check("/opt/ml/input/data/train/x", "/data/train/x");
        check("/opt/mlx", "/opt/mlx");
        check("cat /opt/ml/x", "cat /opt/ml/x");
        check("/app", "/images/x/app");
        check("/usr/bin:/app/bin:/app", "/usr/bin:/images/x/app/bin:/images/x/app");
        check("--out=/opt/ml/model", "--out=/data/job 1/model");
        check("file:///opt/ml/model", "file:///data/job 1/model");
        check("s3://opt/ml/x", "s3://opt/ml/x");
        check("https://host/app/x", "https://host/app/x");
        check("nothing", "nothing");
    }

    #[test]
    fn paths_are_found_in_json() {
        check(
            r#"{"b":"/opt/ml/model", "a":[1,"/app"]}"#,
            r#"{"b":"/data/job 1/model","a":[1,"/images/x/app"]}"#,
        );
        check(r#"{"b": "/tmp"}"#, r#"{"b": "/tmp"}"#);
        check("[/app", "[/app");
    }
}
