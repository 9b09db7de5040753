//! Task tokens.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::{Run, run::Entry};

/// The token of the attempt that the entered state would make now: the same however often it is decided, and not
/// to be guessed without the execution's secret.
pub(super) fn token(run: &Run, entry: &Entry) -> String {
    let execution = run.start().map_or("", |start| start.execution_arn.as_str());
    let mut hash = Sha256::new();
    hash.update(execution.as_bytes());
    for number in [run.secret, entry.id, u64::from(entry.retry_count)] {
        hash.update(number.to_be_bytes());
    }
    URL_SAFE_NO_PAD.encode(hash.finalize())
}
