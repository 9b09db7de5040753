//! Names for what has none of its own. Pure.

use sha2::{Digest, Sha256};
use trainyard_domain::Arn;

use super::Error;

/// Refuses what cannot be a stack's name.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html>
pub(super) fn check_stack(name: &str) -> Result<(), Error> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let begins = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    if begins && name.len() <= 128 && name.bytes().all(legal) {
        return Ok(());
    }
    Err(Error::Request(format!(
        "`{name}` cannot be a stack's name: use at most 128 letters, digits and `-`, a letter first"
    )))
}

/// `<stack>-<logical id>-<suffix>` as CloudFormation makes it, at most `longest` letters. It follows from the stack and
/// the logical id, so that making it again after a crash gives the same; another stack of that name has another.
pub(super) fn generated(stack: &Arn, logical_id: &str, longest: usize) -> String {
    let mut hash = Sha256::new();
    hash.update(stack.to_string());
    hash.update([0]);
    hash.update(logical_id);
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let suffix: String =
        hash.finalize()[..12].iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    let name = stack.resource_of("stack").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let mut front = format!("{name}-{logical_id}");
    front.truncate(longest.saturating_sub(suffix.len() + 1));
    format!("{front}-{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_the_stack() {
        let stack: Arn = "arn:aws:cloudformation:us-east-1:000000000000:stack/loop/uuid-1".parse().unwrap();
        let other: Arn = "arn:aws:cloudformation:us-east-1:000000000000:stack/loop/uuid-2".parse().unwrap();
        let name = generated(&stack, "TrainRule", 64);
        assert!(name.starts_with("loop-TrainRule-") && name.len() == 27, "{name}");
        assert_eq!(name, generated(&stack, "TrainRule", 64));
        assert_ne!(name, generated(&other, "TrainRule", 64));
        assert_eq!(generated(&stack, &"x".repeat(200), 64).len(), 64);
    }

    #[test]
    fn stack_names() {
        assert!(check_stack("train-and-deploy").is_ok());
        for bad in ["", "1a", "a_b", "a/b", "-a", &"a".repeat(129)] {
            assert!(check_stack(bad).is_err(), "{bad}");
        }
    }
}
