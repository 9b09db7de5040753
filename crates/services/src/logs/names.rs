//! The rules for names.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>

use super::Error;

pub(super) fn check_group(name: &str) -> Result<(), Error> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "_-/.#".contains(c);
    if (1..=512).contains(&name.len()) && name.chars().all(legal) {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "1 validation error detected: Value '{name}' at 'logGroupName' failed to satisfy constraint: Member must \
         satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+"
    )))
}

pub(super) fn check_stream(name: &str) -> Result<(), Error> {
    let legal = |c: char| c != ':' && c != '*' && !c.is_control();
    if (1..=512).contains(&name.len()) && name.chars().all(legal) {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "1 validation error detected: Value '{name}' at 'logStreamName' failed to satisfy constraint: Member must \
         satisfy regular expression pattern: [^:*]*"
    )))
}
