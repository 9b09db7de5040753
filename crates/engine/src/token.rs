//! Task tokens: base64 of a seal, and of what it seals, which says where the answer belongs.
//!
//! | bytes | what |
//! |---|---|
//! | 32 | the seal: SHA-256 of the execution's ARN, its secret and the numbers |
//! | 8 | which frame waits for it |
//! | 8 | the event by which the state was entered |
//! | 8 | how many attempts came before |
//! | 8 | in which redrive of the execution |
//! | 8 | how many events the history had when it was made |
//! | the rest | the execution's ARN |
//!
//! Those of earlier histories have a seal only, and behind it the frame if it is not the root.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::{
    Run,
    frame::{Entry, FrameId, ROOT},
};

const SEAL: usize = 32;
const NUMBERS: usize = 5;
const HEAD: usize = SEAL + NUMBERS * size_of::<u64>();

/// A task token that was read. What it says is true if its execution has [made](Run::made) it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The ARN of the execution whose task it is.
    pub execution: String,
    /// How many events the execution's history had when it was made.
    pub events: u64,
    seal: Vec<u8>,
    numbers: [u64; NUMBERS],
}

impl Token {
    /// Reads a token; none if it has not the form of one.
    pub fn read(token: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (head, execution) = bytes.split_at_checked(HEAD)?;
        let (seal, sealed) = head.split_at(SEAL);
        let mut numbers = [0; NUMBERS];
        for (number, bytes) in numbers.iter_mut().zip(sealed.chunks_exact(size_of::<u64>())) {
            *number = u64::from_be_bytes(bytes.try_into().ok()?);
        }
        let execution = String::from_utf8(execution.to_vec()).ok()?;
        let [.., events] = numbers;
        Some(Self { execution, events, seal: seal.to_vec(), numbers })
    }
}

impl Run {
    /// Whether the token is one of this execution's, of a task under way or of one that is over.
    pub fn made(&self, token: &Token) -> bool {
        self.start().is_some_and(|start| start.execution_arn == token.execution)
            && seal(self, &token.numbers).as_slice() == token.seal
    }
}

/// The token of the attempt that the entered state makes now: the same however often it is decided, and not to be
/// guessed without the execution's secret.
pub(crate) fn token(run: &Run, frame: FrameId, entry: &Entry) -> String {
    let numbers = [frame, entry.id, entry.retry_count.into(), entry.redrive.into(), run.last_event_id()];
    let mut bytes = seal(run, &numbers);
    bytes.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    bytes.extend(arn(run).bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The frame that a token names. None if it is none of ours.
pub(crate) fn frame(token: &str) -> Option<FrameId> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    match bytes.split_at_checked(SEAL)? {
        (_, []) => Some(ROOT),
        (_, rest) => Some(FrameId::from_be_bytes(*rest.first_chunk()?)),
    }
}

fn seal(run: &Run, numbers: &[u64; NUMBERS]) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(arn(run).as_bytes());
    for number in [&[run.secret], numbers.as_slice()].concat() {
        hash.update(number.to_be_bytes());
    }
    hash.finalize().to_vec()
}

fn arn(run: &Run) -> &str {
    run.start().map_or("", |start| start.execution_arn.as_str())
}
