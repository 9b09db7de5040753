//! Names of repositories, and of their directories.

use super::Error;

/// Refuses what cannot be a repository's name: CodeCommit's letters, and nothing that is a path or an option.
pub fn check_name(name: &str) -> Result<(), Error> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    let whole = (1..=100).contains(&name.len()) && name.bytes().all(legal);
    if whole && !name.starts_with(['.', '-']) && !name.ends_with(".git") && !name.contains("..") {
        return Ok(());
    }
    Err(Error::BadName(name.to_owned()))
}

/// The directory's name. Two names that differ in case only are two directories, on every file system.
pub(super) fn directory(name: &str) -> String {
    let mut directory = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            directory.push('!');
        }
        directory.push(letter.to_ascii_lowercase());
    }
    directory + ".git"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_paths() {
        for good in ["a", "train-and-deploy", "My.Repo_2"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        let long = "x".repeat(101);
        for bad in ["", ".", "..", "a..b", "-u", ".hidden", "a/b", "a\\b", "a b", "a.git", "a\0", "ü", &long]
        {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn directories_differ_without_their_case() {
        assert_eq!(directory("train"), "train.git");
        assert_eq!(directory("TrAin"), "!tr!ain.git");
    }
}
