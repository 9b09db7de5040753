//! From what is to be seen where, to steps: the only difficulty is that a thing may be seen at a place which what
//! is seen above it does not have. Then what is above is not shown as a whole but piece by piece, on an empty
//! directory that can have the place.

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

use super::Step;

/// Something of the host's that is to be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Where it is seen.
    pub at: PathBuf,
    /// Where it is.
    pub from: PathBuf,
    /// What may be done to it.
    pub access: Access,
}

/// What a run may do to a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Look at it.
    Read,
    /// Change it.
    Write,
    /// Change what it sees; the changes are kept in this directory, in a new one for each.
    Pretend(PathBuf),
}

/// The steps that show the pieces. Of two at one place, the later one is seen.
pub(super) fn steps(mut pieces: Vec<Piece>) -> io::Result<Vec<Step>> {
    for piece in &pieces {
        let plain = |part: Component<'_>| matches!(part, Component::RootDir | Component::Normal(_));
        if !piece.at.is_absolute() || !piece.at.components().all(plain) {
            return Err(refused(&format!("`{}` is no place for a directory", piece.at.display())));
        }
    }
    pieces.reverse();
    pieces.sort_by(|a, b| a.at.cmp(&b.at));
    pieces.dedup_by(|later, kept| later.at == kept.at);
    let mut plan = Plan { steps: Vec::new() };
    for piece in &pieces {
        let below: Vec<&Piece> = pieces.iter().filter(|other| is_below(&other.at, &piece.at)).collect();
        // What lies below one of them is that one's affair.
        let direct = |other: &&&Piece| !below.iter().any(|between| is_below(&other.at, &between.at));
        let direct: Vec<&Piece> = below.iter().filter(direct).copied().collect();
        plan.folders(piece.at.parent(), &pieces);
        plan.show(piece, &direct)?;
    }
    Ok(plan.steps)
}

struct Plan {
    steps: Vec<Step>,
}

impl Plan {
    /// Directories above a piece, where no other piece has them.
    fn folders(&mut self, at: Option<&Path>, pieces: &[Piece]) {
        let Some(at) = at.filter(|at| *at != Path::new("/")) else { return };
        // What another piece has was looked at when that one was shown.
        if !pieces.iter().any(|piece| at.starts_with(&piece.at)) {
            self.folders(at.parent(), pieces);
            self.folder(at);
        }
    }

    fn folder(&mut self, at: &Path) {
        let step = Step::Folder { at: at.to_owned() };
        if !self.steps.contains(&step) {
            self.steps.push(step);
        }
    }

    fn show(&mut self, piece: &Piece, below: &[&Piece]) -> io::Result<()> {
        let kind = fs::symlink_metadata(&piece.from)
            .map_err(|error| io::Error::new(error.kind(), format!("`{}`: {error}", piece.from.display())))?
            .file_type();
        let at = piece.at.clone();
        if kind.is_symlink() {
            if let Some(lost) = below.first() {
                return Err(leads_through_a_link(&lost.at, &at));
            }
            self.steps.push(Step::Link { at, target: fs::read_link(&piece.from)? });
            return Ok(());
        }
        let mut whole = true;
        for other in below {
            whole &= has_place(piece, other)?;
        }
        if !whole {
            return self.piece_by_piece(piece, below);
        }
        let from = piece.from.clone();
        self.steps.push(match &piece.access {
            Access::Pretend(kept) if kind.is_dir() => {
                let changes = kept.join(self.steps.len().to_string());
                Step::Overlay { from, changes, at }
            }
            access => Step::Bind { from, at, read_only: *access != Access::Write },
        });
        Ok(())
    }

    fn piece_by_piece(&mut self, piece: &Piece, all_below: &[&Piece]) -> io::Result<()> {
        if piece.at != Path::new("/") {
            self.folder(&piece.at);
        }
        let mut names: Vec<_> = fs::read_dir(&piece.from)?
            .map(|entry| entry.map(|e| e.file_name()))
            .collect::<io::Result<_>>()?;
        names.sort();
        for name in &names {
            let at = piece.at.join(name);
            if all_below.iter().any(|other| other.at == at) {
                continue;
            }
            let child = Piece { from: piece.from.join(name), access: piece.access.clone(), at };
            let below: Vec<&Piece> =
                all_below.iter().filter(|other| is_below(&other.at, &child.at)).copied().collect();
            self.show(&child, &below)?;
        }
        // Places that nobody has.
        for other in all_below {
            let mut parents: Vec<&Path> =
                other.at.ancestors().skip(1).take_while(|parent| is_below(parent, &piece.at)).collect();
            parents.reverse();
            let mut missing = false;
            for parent in parents {
                let inside = parent.strip_prefix(&piece.at).unwrap_or(parent);
                missing |= fs::symlink_metadata(piece.from.join(inside)).is_err();
                if missing {
                    self.folder(parent);
                }
            }
        }
        Ok(())
    }
}

/// Whether what is shown as `piece` has a place that `other` can be laid on.
fn has_place(piece: &Piece, other: &Piece) -> io::Result<bool> {
    let inside = other.at.strip_prefix(&piece.at).unwrap_or(&other.at);
    let mut path = piece.from.clone();
    let parts = inside.components().count();
    let kind = fs::symlink_metadata(&other.from)?.file_type();
    for (number, part) in inside.components().enumerate() {
        path.push(part);
        let there = match fs::symlink_metadata(&path) {
            Ok(meta) => meta.file_type(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        if number + 1 == parts {
            return Ok(!there.is_symlink() && !kind.is_symlink() && there.is_dir() == kind.is_dir());
        }
        if !there.is_dir() {
            return Err(leads_through_a_link(&other.at, &path));
        }
    }
    Ok(true)
}

fn is_below(path: &Path, above: &Path) -> bool {
    path != above && path.starts_with(above)
}

fn leads_through_a_link(at: &Path, link: &Path) -> io::Error {
    refused(&format!("`{}` leads through `{}`, which is no directory", at.display(), link.display()))
}

fn refused(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lay(names: &[&str]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for name in names {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if name.ends_with('/') {
                fs::create_dir_all(path).unwrap();
            } else {
                fs::write(path, "").unwrap();
            }
        }
        directory
    }

    /// Pieces as (at, from below the directory); steps as text.
    fn check(directory: &tempfile::TempDir, pieces: &[(&str, &str)], expect: &[&str]) {
        let pieces = pieces.iter().map(|(at, from)| Piece {
            at: at.into(),
            from: directory.path().join(from),
            access: Access::Read,
        });
        let show = |path: &Path| path.strip_prefix(directory.path()).unwrap_or(path).display().to_string();
        let steps: Vec<String> = steps(pieces.collect())
            .unwrap()
            .iter()
            .map(|step| match step {
                Step::Folder { at } => format!("{}/", at.display()),
                Step::Bind { from, at, .. } => format!("{} < {}", at.display(), show(from)),
                Step::Link { at, target } => format!("{} -> {}", at.display(), target.display()),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(steps, expect);
    }

    #[test]
    fn what_has_a_place_is_laid_on_it() {
        let host = lay(&["usr/bin/sh", "usr/local/", "ml/model/", "file"]);
        check(&host, &[("/usr", "usr"), ("/opt/ml", "ml")], &["/opt/", "/opt/ml < ml", "/usr < usr"]);
        check(
            &host,
            &[("/opt/ml", "ml"), ("/opt/ml/model", "usr")],
            &["/opt/", "/opt/ml < ml", "/opt/ml/model < usr"],
        );
        check(&host, &[("/usr", "usr"), ("/usr", "ml")], &["/usr < ml"]);
    }

    #[test]
    fn what_has_none_gets_one() {
        let host = lay(&["usr/bin/sh", "usr/bin/env", "usr/local/x/", "app/run", "ml/"]);
        check(
            &host,
            &[("/usr", "usr"), ("/usr/local/bin/run", "app/run")],
            &[
                "/usr/",
                "/usr/bin < usr/bin",
                "/usr/local/",
                "/usr/local/x < usr/local/x",
                "/usr/local/bin/",
                "/usr/local/bin/run < app/run",
            ],
        );
        check(
            &host,
            &[("/", "usr"), ("/opt/ml", "ml"), ("/opt/ml/x/y", "app")],
            &["/bin < usr/bin", "/local < usr/local", "/opt/", "/opt/ml/", "/opt/ml/x/", "/opt/ml/x/y < app"],
        );
        check(
            &host,
            &[("/bin", "usr/bin"), ("/bin/sh", "app/run")],
            &["/bin < usr/bin", "/bin/sh < app/run"],
        );
    }

    #[test]
    fn links_stay_links_and_lead_nowhere() {
        let host = lay(&["usr/bin/sh", "app/run"]);
        std::os::unix::fs::symlink("usr/bin", host.path().join("bin")).unwrap();
        check(&host, &[("/bin", "bin")], &["/bin -> usr/bin"]);
        let piece = |at: &str, from: &str| Piece {
            at: at.into(),
            from: host.path().join(from),
            access: Access::Read,
        };
        let error = steps(vec![piece("/bin", "bin"), piece("/bin/run", "app/run")]).unwrap_err();
        assert!(error.to_string().contains("leads through"), "{error}");
        for bad in ["relative", "/a/../b"] {
            assert!(steps(vec![piece(bad, "app")]).is_err());
        }
    }
}
