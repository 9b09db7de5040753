use super::{super::merge::merge, *};

/// Each entry: kind, path, content or link.
type Entries<'a> = &'a [(char, &'a str, &'a str)];

fn layer(entries: Entries<'_>) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (kind, path, text) in entries {
        let mut header = tar::Header::new_gnu();
        // Written as it is: the builder would not take some of these paths.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_mode(0o6777);
        header.set_mtime(1_000_000_000);
        header.set_entry_type(match kind {
            'f' => EntryType::Regular,
            'd' => EntryType::Directory,
            's' => EntryType::Symlink,
            'h' => EntryType::Link,
            _ => EntryType::Char,
        });
        let data = if *kind == 'f' { text.as_bytes() } else { b"" };
        if matches!(kind, 's' | 'h') {
            header.as_old_mut().linkname[..text.len()].copy_from_slice(text.as_bytes());
        }
        header.set_size(data.len() as u64);
        header.set_cksum();
        builder.append(&header, data).unwrap();
    }
    builder.into_inner().unwrap()
}

fn unpacked(entries: Entries<'_>) -> (tempfile::TempDir, io::Result<()>) {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("layer");
    fs::create_dir(&root).unwrap();
    let done = unpack(&mut &layer(entries)[..], Packing::Tar, &root);
    (directory, done)
}

#[test]
fn files_come_out_harmless() {
    let (directory, done) = unpacked(&[
        ('f', "/opt/a", "A"),
        ('s', "opt/b", "/opt/a"),
        ('h', "opt/c", "./opt/a"),
        ('d', "e/", ""),
    ]);
    done.unwrap();
    let root = directory.path().join("layer");
    assert_eq!(fs::read_to_string(root.join("opt/c")).unwrap(), "A");
    assert_eq!(fs::read_link(root.join("opt/b")).unwrap(), Path::new("/opt/a"));
    let meta = fs::metadata(root.join("opt/a")).unwrap();
    assert_eq!(meta.permissions().mode() & 0o7777, 0o555);
    assert_eq!(meta.modified().unwrap(), UNIX_EPOCH + Duration::from_secs(1_000_000_000));
    assert_eq!(fs::metadata(root.join("e")).unwrap().permissions().mode() & 0o7777, 0o755);
}

#[test]
fn nothing_leads_out() {
    let check = |entries: Entries<'_>, expect: &str| {
        let (directory, done) = unpacked(entries);
        let error = done.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
        assert!(error.to_string().contains(expect), "{error}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "only the layer is there");
    };
    check(&[('f', "../x", "")], "leads out");
    check(&[('f', "a/../../x", "")], "leads out");
    check(&[('s', "a", ".."), ('f', "a/x", "")], "is not a directory");
    check(&[('s', "a", "/tmp"), ('d', "a/x", "")], "is not a directory");
    check(&[('h', "a", "../x")], "leads out");
    check(&[('s', "l", "/etc"), ('h', "a", "l/passwd")], "is not a directory");
    check(&[('c', "null", "")], "neither file nor");
}

#[test]
fn a_later_entry_takes_the_place() {
    let (directory, done) = unpacked(&[('f', "a/b/c", "1"), ('f', "a/b", "2"), ('f', "a/b", "3")]);
    done.unwrap();
    assert_eq!(fs::read_to_string(directory.path().join("layer/a/b")).unwrap(), "3");
}

#[test]
fn rubbish_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    for packing in [Packing::Tar, Packing::TarGzip] {
        let error = unpack(&mut &[7; 2000][..], packing, directory.path()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
    let whole = layer(&[('f', "a", "some bytes")]);
    let error = unpack(&mut &whole[..515], Packing::Tar, directory.path()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

#[test]
fn upper_layers_hide_lower_ones() {
    let (low, done) = unpacked(&[('f', "a/x", "x"), ('f', "a/y", "y"), ('f', "b/x", "x"), ('f', "c", "c")]);
    done.unwrap();
    let (high, done) = unpacked(&[
        ('f', "a/.wh.x", ""),
        ('f', "b/.wh..wh..opq", ""),
        ('f', "b/z", "z"),
        ('f', "c/new", "n"),
        ('f', ".wh...", ""),
    ]);
    done.unwrap();
    let to = tempfile::tempdir().unwrap();
    merge(&[low.path().join("layer"), high.path().join("layer")], to.path()).unwrap();
    let there = |path: &str| to.path().join(path).exists();
    assert!(!there("a/x") && there("a/y") && !there("b/x") && there("b/z") && there("c/new"));
    assert!(!there("a/.wh.x") && !there("b/.wh..wh..opq"));
}
