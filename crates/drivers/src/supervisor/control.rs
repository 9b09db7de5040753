//! What the supervisor and the first process of a run say to each other, one line each, on a socket.
//!
//! The first process says `ready` when all is laid out, or `refused <why>`; the supervisor marks the run as
//! begun and says `go <bytes of memory> <processes>`, 0 where something else limits them, and later perhaps `term`. A first process that stays says `code <n>` at the end.
//! The end of the socket is the end of the other.

use std::{
    io::{self, Read, Write},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::net::UnixStream,
    },
};

/// One end of the socket.
pub(super) struct Control {
    stream: UnixStream,
    received: Vec<u8>,
    ended: bool,
}

impl Control {
    /// Both ends: ours, and one to give away.
    pub(super) fn pair() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) = UnixStream::pair()?;
        Ok((Self::from(ours), theirs.into()))
    }

    /// The end that was given to this process as its standard input.
    pub(super) fn given() -> io::Result<Self> {
        Ok(Self::from(UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?)))
    }

    fn from(stream: UnixStream) -> Self {
        Self { stream, received: Vec::new(), ended: false }
    }

    /// Says one line; the other may be gone.
    pub(super) fn say(&mut self, line: &str) -> io::Result<()> {
        self.stream.write_all(format!("{}\n", line.replace('\n', " ")).as_bytes())
    }

    /// The next line; waits for it unless [`Control::do_not_wait`] was called. `None` if there is none now.
    pub(super) fn hear(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                return Ok(Some(String::from_utf8_lossy(&line[..end]).into_owned()));
            }
            let mut bytes = [0; 1024];
            match self.stream.read(&mut bytes) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(None);
                }
                Ok(count) => self.received.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                    self.ended = true;
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// From now on [`Control::hear`] does not wait.
    pub(super) fn do_not_wait(&self) -> io::Result<()> {
        self.stream.set_nonblocking(true)
    }

    /// Whether the other end is closed and all it said is heard.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }
}

impl AsFd for Control {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
