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

/// Checks the length of a text that people read.
pub(super) fn check_length(member: &str, text: &str, most: usize) -> Result<(), Error> {
    if text.chars().count() <= most {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "1 validation error detected: Value '{text}' at '{member}' failed to satisfy constraint: Member must have length less than or equal to {most}"
    )))
}

/// Checks the name of an alias: it must not look like a version's number.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachineAlias.html>
pub(super) fn check_alias(name: &str) -> Result<(), Error> {
    check_length("name", name, LONGEST)?;
    let sign = |c: char| "_-.".contains(c);
    let legal = name.chars().all(|c| c.is_ascii_alphanumeric() || sign(c));
    if legal && name.chars().any(|c| c.is_ascii_alphabetic() || sign(c)) {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: ^(?=.*[a-zA-Z_\\-\\.])[a-zA-Z0-9_\\-\\.]+$"
    )))
}

/// What the ARN of a state machine may name behind the machine.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-alias.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Qualifier {
    /// A version.
    Version(u64),
    /// An alias.
    Alias(String),
}

/// A state machine, or a version or an alias of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Qualified {
    pub(super) scope: Scope,
    pub(super) machine: String,
    pub(super) qualifier: Option<Qualifier>,
}

/// What the ARN of a state machine, a version or an alias names.
pub(super) fn qualified(arn: &str) -> Result<Qualified, Error> {
    let (scope, read) = read(arn)?;
    let name = read.resource_of("stateMachine").ok_or_else(|| wrong_kind(&read))?;
    let (machine, qualifier) = match name.split_once(':') {
        None => (name, None),
        Some((machine, text)) => {
            let number = text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
            (machine, Some(number.map_or_else(|| Qualifier::Alias(text.to_owned()), Qualifier::Version)))
        }
    };
    Ok(Qualified { scope, machine: machine.to_owned(), qualifier })
}

/// The name of the state machine that the ARN is of, and where it is. A version or alias is none.
pub(super) fn machine(arn: &str) -> Result<(Scope, String), Error> {
    match qualified(arn)? {
        Qualified { scope, machine, qualifier: None } => Ok((scope, machine)),
        Qualified { qualifier: Some(_), .. } => {
            Err(Error::InvalidArn("Resource type not valid in this context: stateMachine".to_owned()))
        }
    }
}

/// The activity's name, and where it is.
pub(super) fn activity(arn: &str) -> Result<(Scope, String), Error> {
    let (scope, read) = read(arn)?;
    match read.resource_of("activity") {
        Some(name) if !name.contains(':') => Ok((scope, name.to_owned())),
        _ => Err(wrong_kind(&read)),
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

/// The ARN of a map run, and where it is.
pub(super) fn map_run(arn: &str) -> Result<(Scope, Arn), Error> {
    let (scope, read) = read(arn)?;
    match read.resource_of("mapRun").and_then(|rest| rest.rsplit_once(':')) {
        Some((machine, id)) if machine.contains('/') && !id.is_empty() => Ok((scope, read)),
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

/// The ARN of a version or an alias of a state machine.
pub(super) fn qualified_arn(scope: &Scope, name: &str, qualifier: &str) -> Arn {
    Arn::new("states", scope, format!("stateMachine:{name}:{qualifier}"))
}

/// The ARN of an activity.
pub(super) fn activity_arn(scope: &Scope, name: &str) -> Arn {
    Arn::new("states", scope, format!("activity:{name}"))
}

/// The ARN of an execution that is run in memory: its name may be used again, so that it has an id besides.
pub(super) fn express_arn(scope: &Scope, machine: &str, name: &str, id: &str) -> Arn {
    Arn::new("states", scope, format!("express:{machine}:{name}:{id}"))
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
        let of = |text: &str| qualified(&format!("{arn}{text}")).unwrap().qualifier;
        assert_eq!((of(""), of(":12")), (None, Some(Qualifier::Version(12))));
        assert_eq!(of(":+1"), Some(Qualifier::Alias("+1".to_owned())));
        assert_eq!(of(":LIVE"), Some(Qualifier::Alias("LIVE".to_owned())));
        let arn = "arn:aws:states:us-east-1:000000000000:execution:train:a";
        assert_eq!(execution(arn).unwrap().2, "a");
    }
}
