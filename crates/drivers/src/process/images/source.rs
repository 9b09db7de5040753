//! A layer's stored bytes, from the store of blobs to a thread that unpacks them, hashed on their way.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use futures::StreamExt;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use trainyard_domain::{
    Kind,
    content::{Content, Digest},
    ports::{Blobs, DriverError},
};

/// Where the bytes go in.
pub(super) struct Feed(Option<mpsc::Sender<Bytes>>);

/// Where they come out.
pub(super) struct Source {
    pieces: mpsc::Receiver<Bytes>,
    piece: Bytes,
    hash: Sha256,
    digest: Digest,
}

/// Both ends, for bytes that are to have this digest.
pub(super) fn pipe(digest: Digest) -> (Feed, Source) {
    let (sender, pieces) = mpsc::channel(8);
    (Feed(Some(sender)), Source { pieces, piece: Bytes::new(), hash: Sha256::new(), digest })
}

impl Feed {
    /// Puts all of the content in. Ends early, without an error, where nobody reads any more.
    pub(super) async fn all(&mut self, blobs: &dyn Blobs, content: &Content) -> Result<(), DriverError> {
        let Some(sender) = self.0.take() else { return Ok(()) };
        for part in &content.parts {
            let mut body = blobs.get(&part.blob, Some(0..part.size)).await?;
            while let Some(piece) = body.next().await {
                let piece = piece.map_err(|error| DriverError::new(Kind::Unavailable, error.to_string()))?;
                if sender.send(piece).await.is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

impl Source {
    /// Reads what is left and tells whether all of it had the digest.
    pub(super) fn verify(mut self) -> io::Result<()> {
        io::copy(&mut self, &mut io::sink())?;
        let found = Digest::from_sha256(&self.hash.finalize());
        if found == self.digest {
            return Ok(());
        }
        let text = format!("layer {} has bytes of digest {found}", self.digest);
        Err(io::Error::new(io::ErrorKind::InvalidData, text))
    }
}

impl Read for Source {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => {
                    self.hash.update(&piece);
                    self.piece = piece;
                }
                None => return Ok(0),
            }
        }
        let count = to.len().min(self.piece.len());
        self.piece.copy_to_slice(&mut to[..count]);
        Ok(count)
    }
}
