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
    let done = unpack(&mut &layer(entries)[..], 0, Packing::Tar, &root);
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
        let error = unpack(&mut &[7; 2000][..], 2000, packing, directory.path()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
    let whole = layer(&[('f', "a", "some bytes")]);
    let error = unpack(&mut &whole[..515], 515, Packing::Tar, directory.path()).unwrap_err();
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

/// One entry of this type whose data is so many zeros, packed as small as they are.
fn bomb(kind: EntryType, name: &str, zeros: u64) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_path(name).unwrap();
    header.set_mode(0o644);
    header.set_entry_type(kind);
    header.set_size(zeros);
    header.set_cksum();
    let packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut packed = std::io::BufWriter::new(packed);
    io::Write::write_all(&mut packed, header.as_bytes()).unwrap();
    io::copy(&mut io::repeat(0).take(zeros), &mut packed).unwrap();
    packed.into_inner().unwrap().finish().unwrap()
}

#[test]
fn what_swells_is_refused() {
    let check = |kind: EntryType, zeros: u64, expect: &str| {
        let directory = tempfile::tempdir().unwrap();
        let bytes = bomb(kind, "x", zeros);
        let packed = bytes.len() as u64;
        let error = unpack(&mut &bytes[..], packed, Packing::TarGzip, directory.path()).unwrap_err();
        assert!(error.to_string().contains(expect), "{kind:?}: {error}");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    };
    for kind in [EntryType::GNULongName, EntryType::GNULongLink, EntryType::XHeader] {
        check(kind, 8 << 20, "headers of an entry are too large");
    }
    let mut header = tar::Header::new_gnu();
    header.set_path("huge").unwrap();
    header.set_size(5 << 30);
    header.set_cksum();
    let directory = tempfile::tempdir().unwrap();
    let error = unpack(&mut &header.as_bytes()[..], 512, Packing::Tar, directory.path()).unwrap_err();
    assert!(error.to_string().contains("larger than a layer may be"), "{error}");
}

#[test]
fn paths_have_an_end() {
    let name = |name: String| {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(EntryType::GNULongName);
        header.set_size(name.len() as u64);
        header.set_cksum();
        builder.append(&header, name.as_bytes()).unwrap();
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_size(0);
        header.set_cksum();
        builder.append(&header, &b""[..]).unwrap();
        builder.into_inner().unwrap()
    };
    for bad in ["a/".repeat(250_000) + "x", "x".repeat(256), "a/".repeat(300) + "x", "a\0b".to_owned()] {
        let directory = tempfile::tempdir().unwrap();
        let error = unpack(&mut &name(bad)[..], 0, Packing::Tar, directory.path()).unwrap_err();
        assert!(error.to_string().contains("too long, or none"), "{error}");
    }
    let directory = tempfile::tempdir().unwrap();
    let deep = "a/".repeat(255) + "x";
    unpack(&mut &name(deep.clone())[..], 0, Packing::Tar, directory.path()).unwrap();
    assert!(directory.path().join(deep).is_file());
}
