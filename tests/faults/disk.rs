//! What a disk may hold after a power cut: rebuilt from the shim's log.
//!
//! Sure is only what was synced: a file's bytes by its own sync, its name by a sync of its directory. Of what came
//! after it, any bytes may be there or not, whole or to a sector, in any order; changes of one directory come in theirs.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::Path,
};

use crate::dice::Dice;

const SECTOR: usize = 512;

/// One thing that was done, as shim.c writes it.
#[derive(Clone, Debug)]
enum Done {
    Create {
        path: String,
        inode: u64,
    },
    Write {
        inode: u64,
        at: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        inode: u64,
        length: usize,
    },
    Sync {
        inode: u64,
    },
    Rename {
        from: String,
        to: String,
    },
    Unlink {
        path: String,
    },
    MakeDirectory {
        path: String,
    },
    SyncDirectory {
        path: String,
    },
    /// A sync failed: what it was for is not on the disk, and no later sync will bring it there.
    Lost {
        inode: u64,
    },
    /// A point at which nothing was done.
    Nothing,
}

/// All that was done, in order.
pub(crate) struct Log(Vec<Done>);

impl Log {
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let bytes = fs::read(path)?;
        let (mut rest, mut all) = (&bytes[..], Vec::new());
        // The last record may be cut off: then what it says was not done.
        while let Some((done, after)) = record(rest) {
            all.push(done);
            rest = after;
        }
        Ok(Self(all))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The same as it would be if nobody had synced files, or directories, whose path begins so.
    pub(crate) fn without_syncs(&self, begin: &str) -> Self {
        let mut names: HashMap<u64, String> = HashMap::new();
        let mut rest = Vec::new();
        for done in &self.0 {
            let synced = match done {
                Done::Create { path, inode } => {
                    names.insert(*inode, path.clone());
                    None
                }
                Done::Sync { inode } => names.get(inode),
                Done::SyncDirectory { path } => Some(path),
                _ => None,
            };
            if synced.is_none_or(|path| !path.starts_with(begin)) {
                rest.push(done.clone());
            } else {
                // The points keep their numbers.
                rest.push(Done::Nothing);
            }
        }
        Self(rest)
    }

    /// Makes in `directory` what the disk may hold when the power is cut after the first `count` things.
    pub(crate) fn image(&self, count: usize, dice: &mut Dice, directory: &Path) -> io::Result<()> {
        let mut disk = Disk::default();
        for done in &self.0[..count] {
            disk.take(done);
        }
        disk.cut(dice);
        disk.write(directory)
    }
}

fn record(bytes: &[u8]) -> Option<(Done, &[u8])> {
    let field = |n: usize| Some(u64::from_le_bytes(bytes.get(8 * n..8 * n + 8)?.try_into().ok()?));
    let (kind, inode, at) = (field(0)?, field(1)?, field(2)? as usize);
    let (name, length) = (field(3)? as usize, field(4)? as usize);
    let path = String::from_utf8_lossy(bytes.get(40..40 + name)?).into_owned();
    let data = bytes.get(40 + name..40 + name + length)?.to_vec();
    let done = match kind {
        1 => Done::Create { path, inode },
        2 => Done::Write { inode, at, bytes: data },
        3 => Done::Truncate { inode, length: at },
        4 => Done::Sync { inode },
        5 => Done::Rename { from: path, to: String::from_utf8_lossy(&data).into_owned() },
        6 => Done::Unlink { path },
        7 => Done::MakeDirectory { path },
        8 => Done::SyncDirectory { path },
        9 => Done::Lost { inode },
        _ => return None,
    };
    Some((done, &bytes[40 + name + length..]))
}

/// What a name stands for.
#[derive(Clone, PartialEq)]
enum Entry {
    File(usize),
    Directory,
}

/// A change of one directory.
enum Naming {
    Put(String, Entry),
    Remove(String),
    /// Out of sight here and put elsewhere at once: a rename inside one directory.
    Move(String, String, Entry),
}

#[derive(Default)]
struct File {
    sure: Vec<u8>,
    pending: Vec<Change>,
}

enum Change {
    Write { at: usize, bytes: Vec<u8>, lost: bool },
    Truncate(usize),
}

#[derive(Default)]
struct Disk {
    files: Vec<File>,
    inodes: HashMap<u64, usize>,
    /// Every name, as the running system sees it.
    seen: BTreeMap<String, Entry>,
    /// Every name that is sure.
    sure: BTreeMap<String, Entry>,
    pending: HashMap<String, Vec<Naming>>,
}

fn parent(path: &str) -> String {
    path.rsplit_once('/').map_or("", |(parent, _)| parent).to_owned()
}

impl Disk {
    fn take(&mut self, done: &Done) {
        match done {
            Done::Create { path, inode } => {
                self.files.push(File::default());
                self.inodes.insert(*inode, self.files.len() - 1);
                self.name(path, Entry::File(self.files.len() - 1));
            }
            Done::Write { inode, at, bytes } => {
                self.change(*inode, Change::Write { at: *at, bytes: bytes.clone(), lost: false });
            }
            Done::Truncate { inode, length } => self.change(*inode, Change::Truncate(*length)),
            Done::Sync { inode } => {
                if let Some(file) = self.file(*inode) {
                    file.sync();
                }
            }
            Done::Rename { from, to } => self.rename(from, to),
            Done::Unlink { path } => {
                self.seen.remove(path);
                self.pending.entry(parent(path)).or_default().push(Naming::Remove(path.clone()));
            }
            Done::MakeDirectory { path } => self.name(path, Entry::Directory),
            Done::SyncDirectory { path } => {
                for naming in self.pending.remove(path).unwrap_or_default() {
                    self.settle(naming);
                }
            }
            Done::Nothing => {}
            Done::Lost { inode } => {
                for change in self.file(*inode).into_iter().flat_map(|file| &mut file.pending) {
                    if let Change::Write { lost, .. } = change {
                        *lost = true;
                    }
                }
            }
        }
    }

    fn file(&mut self, inode: u64) -> Option<&mut File> {
        self.inodes.get(&inode).and_then(|at| self.files.get_mut(*at))
    }

    fn change(&mut self, inode: u64, change: Change) {
        if let Some(file) = self.file(inode) {
            file.pending.push(change);
        }
    }

    fn name(&mut self, path: &str, entry: Entry) {
        self.seen.insert(path.to_owned(), entry.clone());
        self.pending.entry(parent(path)).or_default().push(Naming::Put(path.to_owned(), entry));
    }

    fn rename(&mut self, from: &str, to: &str) {
        let Some(entry) = self.seen.remove(from) else { return };
        self.seen.insert(to.to_owned(), entry.clone());
        if parent(from) == parent(to) {
            let moved = Naming::Move(from.to_owned(), to.to_owned(), entry);
            self.pending.entry(parent(from)).or_default().push(moved);
        } else {
            self.pending.entry(parent(to)).or_default().push(Naming::Put(to.to_owned(), entry));
            self.pending.entry(parent(from)).or_default().push(Naming::Remove(from.to_owned()));
        }
    }

    fn settle(&mut self, naming: Naming) {
        match naming {
            Naming::Put(path, entry) => drop(self.sure.insert(path, entry)),
            Naming::Remove(path) => drop(self.sure.remove(&path)),
            Naming::Move(from, to, entry) => {
                self.sure.remove(&from);
                self.sure.insert(to, entry);
            }
        }
    }

    /// The power goes.
    fn cut(&mut self, dice: &mut Dice) {
        for file in &mut self.files {
            file.cut(dice);
        }
        let mut directories: Vec<_> = std::mem::take(&mut self.pending).into_iter().collect();
        directories.sort_by(|one, other| one.0.cmp(&other.0));
        for (_, namings) in directories {
            let kept = dice.within(0..namings.len() as u64 + 1) as usize;
            for naming in namings.into_iter().take(kept) {
                self.settle(naming);
            }
        }
    }

    fn write(&self, directory: &Path) -> io::Result<()> {
        fs::create_dir_all(directory)?;
        // A directory's name sorts before all that is in it: what is in one that is gone is gone with it.
        for (path, entry) in &self.sure {
            let path = directory.join(path);
            if !path.parent().is_some_and(Path::is_dir) {
                continue;
            }
            match entry {
                Entry::Directory => fs::create_dir(&path)?,
                Entry::File(at) => fs::write(&path, &self.files[*at].sure)?,
            }
        }
        Ok(())
    }
}

impl File {
    fn sync(&mut self) {
        let (lost, pending) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|change| matches!(change, Change::Write { lost: true, .. }));
        self.pending = lost;
        for change in pending {
            match change {
                Change::Write { at, bytes, .. } => self.put(at, &bytes),
                Change::Truncate(length) => self.sure.resize(length, 0),
            }
        }
    }

    fn cut(&mut self, dice: &mut Dice) {
        // Sometimes nothing came through, or all but the last, or all: chance alone would seldom have it so.
        let mood = dice.within(0..6);
        let pending = std::mem::take(&mut self.pending);
        let count = pending.len();
        for (n, change) in pending.into_iter().enumerate() {
            let kept = match mood {
                0 => false,
                1 => true,
                2 => n + 1 < count,
                3 => n + 1 == count,
                _ => dice.once_in(2),
            };
            match change {
                Change::Truncate(length) if kept => self.sure.resize(length, 0),
                Change::Write { at, bytes, lost: false } if kept => self.put(at, &bytes),
                Change::Write { at, bytes, .. } if mood > 3 && dice.once_in(4) => {
                    let sectors = dice.within(0..bytes.len().div_ceil(SECTOR) as u64) as usize;
                    self.put(at, &bytes[..sectors * SECTOR]);
                }
                Change::Truncate(_) | Change::Write { .. } => {}
            }
        }
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        if self.sure.len() < at + bytes.len() {
            self.sure.resize(at + bytes.len(), 0);
        }
        self.sure[at..at + bytes.len()].copy_from_slice(bytes);
    }
}
