//! `trainyard git-credential`: git's credential helper for the built-in git host. It answers with what the
//! environment holds, and stores nothing.
//! <https://git-scm.com/docs/git-credential>

use std::{collections::BTreeMap, io::Read};

use clap::{Args, ValueEnum};

use crate::{failure::Failure, printer};

/// Flags of `trainyard git-credential`; git gives them.
#[derive(Args)]
pub(crate) struct GitCredentialArgs {
    /// What git wants
    #[arg(value_enum)]
    operation: Operation,
}

/// What git wants of a helper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Operation {
    /// A user name and password.
    Get,
    /// To keep one: nothing is kept.
    Store,
    /// To forget one: nothing is kept.
    Erase,
}

/// Answers git.
pub(crate) fn run(args: &GitCredentialArgs) -> Result<(), Failure> {
    let mut asked = String::new();
    std::io::stdin()
        .read_to_string(&mut asked)
        .map_err(|e| Failure::failed(format!("git's question: {e}")))?;
    if args.operation == Operation::Get
        && let Some(answer) = answer(&asked, |name| std::env::var(name).ok())
    {
        printer::result(answer.trim_end());
    }
    Ok(())
}

/// The answer, if the environment has one: a session's password is `<secret>:<session token>`.
fn answer(asked: &str, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let question: BTreeMap<_, _> = asked.lines().filter_map(|line| line.split_once('=')).collect();
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let key = variable("AWS_ACCESS_KEY_ID")?;
    if question.get("username").is_some_and(|user| *user != key) {
        return None;
    }
    let secret = variable("AWS_SECRET_ACCESS_KEY")?;
    let password = match variable("AWS_SESSION_TOKEN") {
        Some(token) => format!("{secret}:{token}"),
        None => secret,
    };
    Some(format!("username={key}\npassword={password}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(asked: &str, variables: &[(&str, &str)], expect: Option<&str>) {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        assert_eq!(answer(asked, variable).as_deref(), expect);
    }

    #[test]
    fn the_environment_answers() {
        let asked = "protocol=http\nhost=127.0.0.1:4566\n\n";
        let key = ("AWS_ACCESS_KEY_ID", "AKIA1");
        let secret = ("AWS_SECRET_ACCESS_KEY", "s/+=");
        check(asked, &[key, secret], Some("username=AKIA1\npassword=s/+=\n"));
        let token = ("AWS_SESSION_TOKEN", "body.seal");
        check(asked, &[key, secret, token], Some("username=AKIA1\npassword=s/+=:body.seal\n"));
        check(asked, &[key], None);
        check(asked, &[], None);
        check("username=somebody\n", &[key, secret], None);
        check("username=AKIA1\n", &[key, secret], Some("username=AKIA1\npassword=s/+=\n"));
    }
}
