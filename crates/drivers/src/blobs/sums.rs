//! How a blob lies in its file: its bytes, a sum for each block of them, and at the end how many they are.
//!
//! A part of a blob is checked without reading the whole of it, and a flipped bit is never served.

use std::{fs::File, io, ops::Range, os::unix::fs::FileExt};

use bytes::Bytes;
use trainyard_domain::crc::Crc;

const BLOCK: u64 = 64 << 10;
/// The size of the blob, a sum over all sums and it, and which form this is.
const TRAILER: usize = 16;
const FORM: &[u8; 4] = b"TYB1";

/// The sums of a blob that is being written.
#[derive(Default)]
pub(super) struct Sums {
    blocks: Vec<u8>,
    block: Crc,
    size: u64,
}

impl Sums {
    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = (BLOCK - self.size % BLOCK) as usize;
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.block.feed(now);
            self.size += now.len() as u64;
            if self.size.is_multiple_of(BLOCK) {
                self.close();
            }
            bytes = later;
        }
    }

    fn close(&mut self) {
        self.blocks.extend(self.block.sum().to_le_bytes());
        self.block = Crc::default();
    }

    /// What stands behind the bytes.
    pub(super) fn end(mut self) -> Vec<u8> {
        if !self.size.is_multiple_of(BLOCK) {
            self.close();
        }
        let mut end = self.blocks;
        end.extend(self.size.to_le_bytes());
        let whole = Crc::default().feed(&end).sum();
        end.extend(whole.to_le_bytes());
        end.extend(FORM);
        end
    }
}

/// How many bytes the blob in a file of that length has. A file that was cut off has fewer than it should.
pub(super) fn size(length: u64) -> u64 {
    let rest = length.saturating_sub(TRAILER as u64);
    // Each block, the last one too, has a sum of four bytes.
    rest - 4 * rest.div_ceil(BLOCK + 4)
}

/// An open blob.
pub(super) struct Checked {
    file: File,
    sums: Vec<u8>,
    pub(super) size: u64,
}

impl Checked {
    /// Reads what stands behind the bytes. Damage is `InvalidData`.
    pub(super) fn open(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let size = size(length);
        let mut end = vec![0; (length - size) as usize];
        file.read_exact_at(&mut end, size)?;
        let at = end.len().checked_sub(TRAILER).ok_or_else(|| damaged(size))?;
        let whole = Crc::default().feed(&end[..at + 8]).sum().to_le_bytes();
        if end[at..at + 8] != size.to_le_bytes() || end[at + 8..at + 12] != whole || end[at + 12..] != *FORM {
            return Err(damaged(size));
        }
        end.truncate(at);
        Ok(Self { file, sums: end, size })
    }

    /// These bytes of the blob, each block of them checked.
    pub(super) fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        let from = range.start - range.start % BLOCK;
        let to = range.end.next_multiple_of(BLOCK).min(self.size);
        let mut bytes = vec![0; (to - from) as usize];
        self.file.read_exact_at(&mut bytes, from)?;
        let sums = self.sums.chunks_exact(4).skip((from / BLOCK) as usize);
        for (n, (block, sum)) in bytes.chunks(BLOCK as usize).zip(sums).enumerate() {
            if Crc::default().feed(block).sum().to_le_bytes() != sum {
                return Err(damaged(from + n as u64 * BLOCK));
            }
        }
        Ok(Bytes::from(bytes).slice((range.start - from) as usize..(range.end - from) as usize))
    }
}

fn damaged(at: u64) -> io::Error {
    let text = format!("damaged: its bytes from {at} on are not those that were written");
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// A file as it is written, from pieces of that size.
    fn file(bytes: &[u8], piece: usize) -> File {
        let (mut sums, mut file) = (Sums::default(), tempfile::tempfile().unwrap());
        for piece in bytes.chunks(piece) {
            sums.feed(piece);
            file.write_all(piece).unwrap();
        }
        file.write_all(&sums.end()).unwrap();
        file
    }

    fn flip(file: &File, bit: u64) {
        let mut byte = [0];
        file.read_exact_at(&mut byte, bit / 8).unwrap();
        byte[0] ^= 1 << (bit % 8);
        file.write_all_at(&byte, bit / 8).unwrap();
    }

    #[test]
    fn what_was_written_is_read() {
        for length in [0, 1, 65_535, 65_536, 65_537, 200_000, 262_144] {
            let bytes: Vec<u8> = (0..length).map(|n: u64| (n / 7) as u8).collect();
            let blob = Checked::open(file(&bytes, 1000)).unwrap();
            assert_eq!(blob.size, length);
            for range in [0..length, length / 3..length / 2, length..length] {
                let part = &bytes[range.start as usize..range.end as usize];
                assert_eq!(blob.read(range).unwrap(), part);
            }
        }
    }

    #[test]
    fn no_flipped_bit_is_served() {
        let bytes: Vec<u8> = (0..70_000_u64).map(|n| (n / 7) as u8).collect();
        let length = file(&bytes, 4096).metadata().unwrap().len();
        for bit in (0..length * 8).step_by(4001).chain((length - 24) * 8..length * 8) {
            let file = file(&bytes, 4096);
            flip(&file, bit);
            let read = Checked::open(file).and_then(|blob| blob.read(0..70_000));
            assert_eq!(read.unwrap_err().kind(), io::ErrorKind::InvalidData, "bit {bit}");
        }
        // What lies in another block is not touched by it.
        let file = file(&bytes, 4096);
        flip(&file, 8);
        assert_eq!(Checked::open(file).unwrap().read(66_000..70_000).unwrap(), bytes[66_000..]);
    }
}
