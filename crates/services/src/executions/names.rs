//! Names and ARNs of state machines and executions. Pure.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>

use trainyard_domain::{Arn, Scope};

use super::Error;

const LONGEST: usize = 80;

/// Checks a name of a state machine or execution.
pub(super) fn check(name: &str) -> Result<(), Error> {
    let length = name.chars().count();
    if length == 0 || length > LONGEST {
        let bound = if length == 0 { "greater than or equal to 1" } else { "less than or equal to 80" };
        return Err(Error::Invalid(format!(
            "1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: Member must have length {bound}"
        )));
    }
    let illegal = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(c)
            || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    if name.chars().any(illegal) { Err(Error::InvalidName(name.to_owned())) } else { Ok(()) }
}

/// The name of the state machine that the ARN is of, and where it is.
pub(super) fn machine(arn: &str) -> Result<(Scope, String), Error> {
    let (scope, read) = read(arn)?;
    match read.resource_of("stateMachine") {
        Some(name) if !name.contains(':') => Ok((scope, name.to_owned())),
        Some(_) => Err(Error::InvalidArn(format!(
            "versions and aliases of state machines are not supported yet: {arn}"
        ))),
        None => Err(wrong_kind(&read)),
    }
}

/// The state machine and the name of the execution that the ARN is of, and where it is.
pub(super) fn execution(arn: &str) -> Result<(Scope, String, String), Error> {
    let (scope, read) = read(arn)?;
    match read.resource_of("execution").and_then(|rest| rest.split_once(':')) {
        Some((machine, name)) if !machine.is_empty() && !name.is_empty() => {
            Ok((scope, machine.to_owned(), name.to_owned()))
        }
        _ => Err(wrong_kind(&read)),
    }
}

/// The role, which is of the state machine's own account.
pub(super) fn role(scope: &Scope, text: &str) -> Result<Arn, Error> {
    let arn: Arn = text.parse().map_err(|_| Error::InvalidArn(format!("Invalid ARN prefix: {text}")))?;
    if arn.service != "iam" || arn.resource_of("role").is_none() {
        return Err(wrong_kind(&arn));
    }
    if arn.account == scope.account.as_str() { Ok(arn) } else { Err(Error::StrangeRole) }
}

/// The ARN of a state machine.
pub(super) fn machine_arn(scope: &Scope, name: &str) -> Arn {
    Arn::new("states", scope, format!("stateMachine:{name}"))
}

/// The ARN of an execution.
pub(super) fn execution_arn(scope: &Scope, machine: &str, name: &str) -> Arn {
    Arn::new("states", scope, format!("execution:{machine}:{name}"))
}

fn read(arn: &str) -> Result<(Scope, Arn), Error> {
    let invalid = || Error::InvalidArn(format!("Invalid ARN prefix: {arn}"));
    let read: Arn = arn.parse().map_err(|_| invalid())?;
    let scope = read.scope().ok_or_else(invalid)?;
    if read.service == "states" { Ok((scope, read)) } else { Err(wrong_kind(&read)) }
}

fn wrong_kind(arn: &Arn) -> Error {
    let kind = arn.resource.split([':', '/']).next().unwrap_or_default();
    Error::InvalidArn(format!("Resource type not valid in this context: {kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_strange_characters() {
        assert!(check("train-2024_x.y").is_ok());
        assert!(check("0b1c_0b1c").is_ok());
        for bad in ["", "a b", "a/b", "a:b", "a$", "a\u{7}", &"x".repeat(81)] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn arns_are_of_one_kind() {
        let arn = "arn:aws:states:us-east-1:000000000000:stateMachine:train";
        assert_eq!(machine(arn).unwrap().1, "train");
        assert_eq!(
            execution(arn).unwrap_err().to_string(),
            "Invalid Arn: 'Resource type not valid in this context: stateMachine'"
        );
        assert_eq!(machine("train").unwrap_err().to_string(), "Invalid Arn: 'Invalid ARN prefix: train'");
        assert!(machine(&format!("{arn}:1")).is_err());
        let arn = "arn:aws:states:us-east-1:000000000000:execution:train:a";
        assert_eq!(execution(arn).unwrap().2, "a");
    }
}
