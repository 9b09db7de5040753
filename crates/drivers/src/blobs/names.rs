//! Which file a key's bytes are in.
//!
//! A key is already safe text, so it is the file's name, with `.` for `/`: no key holds a `.`, and nothing that a
//! key may hold sorts between the two, so that names sort as keys do. A folder holds the names that begin with
//! its own name: the last piece's first two characters and all before them. Keys that differ only in the case of
//! a letter are not told apart where the file system does not.

use trainyard_domain::content::BlobKey;

/// The name of the key's file.
pub(super) fn file(key: &BlobKey) -> String {
    key.as_str().replace('/', ".")
}

/// The name of the folder that a file of this name is in.
pub(super) fn folder(file: &str) -> &str {
    let last = file.rfind('.').map_or(0, |dot| dot + 1);
    &file[..file.len().min(last + 2)]
}

/// The key whose file has this name; `None` if none can have it.
pub(super) fn key(file: &str) -> Option<BlobKey> {
    file.replace('.', "/").parse().ok()
}

/// Puts folders together so that every name in one group comes before every name in the next. Only folders of
/// which one's name begins with the other's can hold names that interleave.
pub(super) fn groups(mut folders: Vec<String>) -> Vec<Vec<String>> {
    folders.sort();
    let mut groups: Vec<Vec<String>> = Vec::new();
    for folder in folders {
        match groups.last_mut() {
            Some(group) if folder.starts_with(group[0].as_str()) => group.push(folder),
            _ => groups.push(vec![folder]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key_text: &str, file_name: &str, folder_name: &str) {
        let name = file(&key_text.parse().unwrap());
        assert_eq!(name, file_name);
        assert_eq!(folder(&name), folder_name);
        assert_eq!(key(&name).unwrap().as_str(), key_text);
    }

    #[test]
    fn a_key_is_its_own_name() {
        check("a", "a", "a");
        check("ab", "ab", "ab");
        check("abc", "abc", "ab");
        check("s3/abc/x", "s3.abc.x", "s3.abc.x");
        check("s3/abc/xyz", "s3.abc.xyz", "s3.abc.xy");
    }

    #[test]
    fn names_sort_as_keys_do() {
        let mut keys: Vec<String> =
            ["a", "a-b", "a/b", "a0", "aA", "a_", "aa", "a/b/c", "a-/b"].map(String::from).into();
        keys.sort();
        let names: Vec<String> = keys.iter().map(|k| file(&k.parse().unwrap())).collect();
        assert!(names.is_sorted(), "{names:?}");
    }

    #[test]
    fn groups_do_not_interleave() {
        let folders = ["s3.ab", "s3.ab.cd", "s3.ac", "s3.a", "x"].map(String::from);
        assert_eq!(groups(folders.into()), [vec!["s3.a", "s3.ab", "s3.ab.cd", "s3.ac"], vec!["x"]]);
    }
}
