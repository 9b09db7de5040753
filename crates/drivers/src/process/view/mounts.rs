//! What is mounted where, as `/proc/self/mountinfo` tells.
//! <https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html>

use std::{fs, io, path::PathBuf};

/// One mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mounted {
    /// Where.
    pub at: PathBuf,
    /// How, as the mount's own options with commas between.
    pub options: String,
    /// The kind of file system.
    pub kind: String,
}

/// All mounts that this process sees. None where the system does not tell.
pub(crate) fn all() -> io::Result<Vec<Mounted>> {
    match fs::read_to_string("/proc/self/mountinfo") {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        text => Ok(text?.lines().filter_map(read).collect()),
    }
}

fn read(line: &str) -> Option<Mounted> {
    let (mount, source) = line.split_once(" - ")?;
    let mut fields = mount.split(' ').skip(4);
    let (at, options) = (fields.next()?, fields.next()?);
    let kind = source.split(' ').next()?;
    Some(Mounted { at: unescaped(at).into(), options: options.to_owned(), kind: kind.to_owned() })
}

/// `\040` and the like, as the kernel writes what would not be one field.
fn unescaped(field: &str) -> String {
    let mut pieces = field.split('\\');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let number = piece.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match number {
            Some(byte) => {
                text.push(char::from(byte));
                text.push_str(&piece[3..]);
            }
            None => {
                text.push('\\');
                text.push_str(piece);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_are_meant() {
        let line = "36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 - ext3 /dev/root rw,errors=continue";
        let (at, options, kind) = ("/mnt 2".into(), "rw,noatime".to_owned(), "ext3".to_owned());
        assert_eq!(read(line), Some(Mounted { at, options, kind }));
        assert_eq!(unescaped("/a\\040b\\134c"), "/a b\\c");
        assert_eq!(unescaped("/plain\\x"), "/plain\\x");
        assert_eq!(read("rubbish"), None);
    }
}
