//! Layers: tar archives whose bytes follow from their entries and nothing else.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    os::unix::ffi::OsStrExt,
    path::Path,
};

use flate2::{Compression, GzBuilder, write::GzEncoder};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};
use trainyard_domain::content::Digest;

use super::{
    Descriptor, Store,
    entries::{Entries, Entry},
    store::{Blob, trouble},
};
use crate::failure::Failure;

const MEDIA_TYPE: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// Layers are written once and read on the same network: speed counts for more than size.
const LEVEL: u32 = 1;

/// RFC 1952's code for an unknown system: the header says nothing of where the layer was made.
const ANY_SYSTEM: u8 = 255;

/// A layer in the local store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Layer {
    /// Its bytes.
    pub(super) blob: Descriptor,
    /// The digest of the archive before compression.
    pub(super) diff_id: Digest,
}

/// Packs the entries, in the order of their paths. `time` is every entry's, in seconds since 1970.
pub(super) fn pack(store: &Store, entries: &Entries, time: u64) -> Result<Layer, Failure> {
    let gzip = GzBuilder::new().mtime(0).operating_system(ANY_SYSTEM);
    let compressed = gzip.write(BufWriter::with_capacity(1 << 20, store.create()?), Compression::new(LEVEL));
    let mut archive = Builder::new(Counted { to: compressed, hash: Sha256::new() });
    for (name, entry) in &entries.0 {
        let path = Path::new(std::ffi::OsStr::from_bytes(name));
        add(&mut archive, path, entry, time).map_err(|e| match entry {
            Entry::File { from, .. } => trouble(from, &e),
            _ => trouble(path, &e),
        })?;
    }
    let finish = |archive: Builder<Counted<_>>| -> io::Result<(Blob, Digest)> {
        let Counted { to, hash } = archive.into_inner()?;
        let compressed: BufWriter<Blob> = GzEncoder::finish(to)?;
        Ok((
            compressed.into_inner().map_err(io::IntoInnerError::into_error)?,
            Digest::from_sha256(&hash.finalize()),
        ))
    };
    let (blob, diff_id) =
        finish(archive).map_err(|e| Failure::failed(format!("a layer cannot be written: {e}")))?;
    Ok(Layer { blob: store.keep(blob, MEDIA_TYPE)?, diff_id })
}

fn add(archive: &mut Builder<impl Write>, path: &Path, entry: &Entry, time: u64) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_mtime(time);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    header.set_mode(0o755);
    match entry {
        Entry::Directory => {
            header.set_entry_type(EntryType::Directory);
            archive.append_data(&mut header, path, io::empty())
        }
        Entry::Link { to } => {
            header.set_entry_type(EntryType::Symlink);
            header.set_mode(0o777);
            archive.append_link(&mut header, path, to)
        }
        Entry::Bytes(bytes) => {
            header.set_mode(0o644);
            header.set_size(bytes.len() as u64);
            archive.append_data(&mut header, path, bytes.as_slice())
        }
        Entry::File { from, executable } => {
            let file = File::open(from)?;
            let size = file.metadata()?.len();
            header.set_mode(if *executable { 0o755 } else { 0o644 });
            header.set_size(size);
            // A file that grows meanwhile is cut; one that shrinks would break the archive.
            let mut exact = io::Read::take(file, size);
            archive.append_data(&mut header, path, &mut exact)?;
            if exact.limit() == 0 {
                Ok(())
            } else {
                Err(io::Error::other("it became shorter while it was read"))
            }
        }
    }
}

struct Counted<W> {
    to: W,
    hash: Sha256,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    fn packed(mode: u32, order: &[&str]) -> Layer {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::at(&directory.path().join("store")).unwrap();
        let app = directory.path().join("app");
        fs::create_dir(&app).unwrap();
        for name in order {
            fs::write(app.join(name), name).unwrap();
            fs::set_permissions(app.join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        let mut entries = Entries::default();
        entries.add_tree(&app, Path::new("/opt/program"), false).unwrap();
        pack(&store, &entries, 0).unwrap()
    }

    #[test]
    fn the_same_input_gives_the_same_digest() {
        let one = packed(0o600, &["a.py", "b.py"]);
        assert_eq!(one, packed(0o644, &["b.py", "a.py"]));
        assert_ne!(one.blob.digest, packed(0o755, &["a.py", "b.py"]).blob.digest);
        assert_ne!(one.diff_id, packed(0o644, &["a.py"]).diff_id);
    }

    #[test]
    fn the_archive_is_a_plain_one() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::at(directory.path()).unwrap();
        let mut entries = Entries::default();
        let long = format!("/opt/{}/file", "x".repeat(150));
        entries.add_bytes(Path::new(&long), b"bytes".to_vec());
        let layer = pack(&store, &entries, 7).unwrap();
        let bytes = store.read(&layer.blob.digest).unwrap();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
        let found: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let header = entry.header();
                assert_eq!((header.mtime().unwrap(), header.uid().unwrap()), (7, 0));
                format!("/{}", entry.path().unwrap().display())
            })
            .collect();
        let directory = format!("/opt/{}", "x".repeat(150));
        assert_eq!(found, ["/opt".to_owned(), directory, long]);
    }
}
