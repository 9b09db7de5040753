//! The files of images, unpacked once and kept.
//!
//! `layers/<digest>` has a layer's files as they are in the archive; `trees/<digest>` has an image's: its layers
//! laid over each other by hard links, so that an image costs no more than what is new in it. Both appear when
//! they are whole and on the disk. Nothing here can be written to by way of a link.

mod layer;
mod merge;
mod source;
mod tidy;

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use trainyard_domain::{
    Kind,
    image::{Image, Layer},
    ports::{Blobs, DriverError},
};

pub use tidy::tidy;

use super::durable;
use crate::trouble;

/// The cache of unpacked images.
pub(crate) struct Images {
    directory: PathBuf,
    blobs: Arc<dyn Blobs>,
    /// One at a time for each image or layer.
    busy: Mutex<HashMap<PathBuf, Arc<tokio::sync::Mutex<()>>>>,
}

impl Images {
    /// The cache in this directory.
    pub(crate) fn new(directory: PathBuf, blobs: Arc<dyn Blobs>) -> Self {
        Self { directory, blobs, busy: Mutex::default() }
    }

    /// Where the image's files are; `None` if they have to be unpacked first.
    pub(crate) fn unpacked(&self, image: &Image) -> Option<PathBuf> {
        Some(self.path(image)).filter(|tree| tree.is_dir()).inspect(|tree| tidy::used(tree))
    }

    fn path(&self, image: &Image) -> PathBuf {
        self.directory.join("trees").join(image.digest.hex())
    }

    /// Unpacks the image's files, if they are not, and tells where they are. `Invalid` if they never can be.
    pub(crate) async fn unpack(&self, image: &Image) -> Result<PathBuf, DriverError> {
        let tree = self.path(image);
        let turn = self.turn(&tree);
        let _turn = turn.lock().await;
        if tree.is_dir() {
            return Ok(tree);
        }
        let mut layers = Vec::new();
        for layer in &image.layers {
            layers.push(self.layer(layer).await?);
        }
        let to = tree.clone();
        let made =
            tokio::task::spawn_blocking(move || made_whole(&to, |coming| merge::merge(&layers, coming)));
        made.await.map_err(|error| trouble::cut_short(&error))?.map_err(|error| failed(&tree, &error))?;
        Ok(tree)
    }

    async fn layer(&self, layer: &Layer) -> Result<PathBuf, DriverError> {
        let to = self.directory.join("layers").join(layer.digest.hex());
        let turn = self.turn(&to);
        let _turn = turn.lock().await;
        if to.is_dir() {
            tidy::used(&to);
            return Ok(to);
        }
        let packing = layer::Packing::of(&layer.media_type).ok_or_else(|| {
            let text = format!(
                "cannot unpack a layer of type {}: only tar and tar+gzip are known",
                layer.media_type
            );
            DriverError::new(Kind::Invalid, text)
        })?;
        let (mut feed, bytes) = source::pipe(layer.digest.clone());
        let (path, packed) = (to.clone(), layer.content.size);
        let unpacking = tokio::task::spawn_blocking(move || {
            made_whole(&path, |coming| {
                let mut bytes = bytes;
                layer::unpack(&mut bytes, packed, packing, coming)?;
                bytes.verify()
            })
        });
        let fed = feed.all(&*self.blobs, &layer.content).await;
        drop(feed);
        let unpacked = unpacking.await.map_err(|error| trouble::cut_short(&error))?;
        // Where the bytes could not be read, that is the reason why they could not be unpacked.
        fed?;
        unpacked.map_err(|error| failed(&to, &error))?;
        Ok(to)
    }

    fn turn(&self, path: &Path) -> Arc<tokio::sync::Mutex<()>> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(busy.entry(path.to_owned()).or_default())
    }
}

fn failed(path: &Path, error: &io::Error) -> DriverError {
    match error.kind() {
        io::ErrorKind::InvalidData => {
            DriverError::new(Kind::Invalid, format!("the image is damaged: {error}"))
        }
        _ => trouble::at("unpack an image to", path, error),
    }
}

/// Makes a directory that is whole, and on the disk, when it is seen.
fn made_whole(path: &Path, make: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("/"));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let coming = parent.join(format!(".coming-{name}-{}", std::process::id()));
    durable::private_directory(parent)?;
    if coming.exists() {
        fs::remove_dir_all(&coming)?;
    }
    durable::private_directory(&coming)?;
    let made =
        make(&coming).and_then(|()| sync_all(&coming)).and_then(|()| match fs::rename(&coming, path) {
            Err(_) if path.is_dir() => fs::remove_dir_all(&coming),
            renamed => renamed,
        });
    if made.is_err() {
        let _ = fs::remove_dir_all(&coming);
    }
    made?;
    durable::sync_directory(parent)
}

#[cfg(target_os = "linux")]
fn sync_all(path: &Path) -> io::Result<()> {
    Ok(nix::unistd::syncfs(fs::File::open(path)?)?)
}

#[cfg(not(target_os = "linux"))]
fn sync_all(_: &Path) -> io::Result<()> {
    nix::unistd::sync();
    Ok(())
}

/// Copies a directory of a tree, by hard links, into an empty one.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    merge::merge(&[from.to_owned()], to)
}

/// Directories that an image shares with what is below and beside it; everything else that it has is its own.
const SHARED: [&str; 23] = [
    "/",
    "/etc",
    "/home",
    "/opt",
    "/opt/ml",
    "/root",
    "/srv",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/local",
    "/usr/local/bin",
    "/usr/local/etc",
    "/usr/local/lib",
    "/usr/local/sbin",
    "/usr/local/share",
    "/usr/sbin",
    "/usr/share",
    "/var",
    "/var/lib",
    "/var/log",
    "/var/opt",
    "/mnt",
];

/// What the tree brings, as where it is to be seen and where it is: the topmost files and directories that are
/// its own. Unreadable directories bring nothing.
pub(crate) fn tops(tree: &Path) -> Vec<(PathBuf, PathBuf)> {
    let mut found = Vec::new();
    let mut folders = vec![(PathBuf::from("/"), tree.to_owned())];
    while let Some((at, real)) = folders.pop() {
        for entry in fs::read_dir(real).into_iter().flatten().flatten() {
            let (at, real) = (at.join(entry.file_name()), entry.path());
            let shared = entry.file_type().is_ok_and(|kind| kind.is_dir())
                && SHARED.iter().any(|s| at == Path::new(s));
            if shared { folders.push((at, real)) } else { found.push((at, real)) }
        }
    }
    found.sort();
    found
}
