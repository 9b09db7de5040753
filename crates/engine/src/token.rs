//! Task tokens.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::{
    Run,
    frame::{Entry, FrameId, ROOT},
};

const HASH: usize = 32;

/// The token of the attempt that the entered state would make now: the same however often it is decided, and not
/// to be guessed without the execution's secret. It also says which frame waits for it, so that nobody searches.
pub(crate) fn token(run: &Run, frame: FrameId, entry: &Entry) -> String {
    let execution = run.start().map_or("", |start| start.execution_arn.as_str());
    let mut hash = Sha256::new();
    hash.update(execution.as_bytes());
    for number in [run.secret, entry.id, u64::from(entry.retry_count)] {
        hash.update(number.to_be_bytes());
    }
    if entry.redrive > 0 {
        hash.update(entry.redrive.to_be_bytes());
    }
    let mut bytes = hash.finalize().to_vec();
    if frame != ROOT {
        bytes.extend(frame.to_be_bytes());
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The frame that a token names. None if it is none of ours.
pub(crate) fn frame(token: &str) -> Option<FrameId> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    match bytes.split_at_checked(HASH)? {
        (_, []) => Some(ROOT),
        (_, frame) => Some(FrameId::from_be_bytes(frame.try_into().ok()?)),
    }
}
