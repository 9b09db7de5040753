//! Who reads the calls of other systems.

use crate::hook::{Heard, HookCall, HookError};

/// Reads one kind of calls from the outside. Pure: it verifies and parses, and does nothing.
pub trait Hook: Send + Sync {
    /// The kind's name, such as `github`.
    fn name(&self) -> &'static str;

    /// A secret made of these random bytes, as the other side's configuration takes it.
    fn secret(&self, random: &[u8; 32]) -> String;

    /// What the other side must be told beside URL and secret, for a person.
    fn advice(&self) -> &'static str;

    /// Reads a call. Not one byte of the body is looked at before it is known that the sender knows a secret; how long
    /// that takes says nothing of the secret. The same call read again gives the same.
    fn read(&self, call: &HookCall<'_>) -> Result<Heard, HookError>;
}
