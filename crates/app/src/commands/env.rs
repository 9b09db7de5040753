//! `trainyard env`: what a shell needs to talk to the server with the clients people have.

use clap::Args;

use crate::{
    config::{Config, ServerArgs},
    failure::Failure,
    place::Place,
    printer,
};

/// Where the address of a proxy stands. It is none of the way to a server on this machine.
const PROXIES: [&str; 6] =
    ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// Flags of `trainyard env`.
#[derive(Args)]
pub(super) struct EnvArgs {
    #[command(flatten)]
    server: ServerArgs,
}

/// Prints shell exports.
pub(super) fn run(args: &EnvArgs) -> Result<(), Failure> {
    let config = Config::load(&args.server)?;
    let place = Place::of(&config.data);
    let key = place.key()?;
    let url = place.running().map_or_else(|| format!("http://{}", config.listen), |server| server.url);
    for (name, value) in variables(&url, &key.id, &key.secret) {
        printer::result(format_args!("export {name}={}", quoted(&value)));
    }
    if PROXIES.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())) {
        for name in ["NO_PROXY", "no_proxy"] {
            let value = no_proxy(std::env::var(name).ok());
            printer::result(format_args!("export {name}={}", quoted(&value)));
        }
    }
    Ok(())
}

/// The hosts that are reached without a proxy: the user's, and this machine.
pub(crate) fn no_proxy(there: Option<String>) -> String {
    let there = there.unwrap_or_default();
    let mut hosts: Vec<&str> = there.split(',').map(str::trim).filter(|host| !host.is_empty()).collect();
    for own in ["localhost", "127.0.0.1", "::1"] {
        if !hosts.contains(&own) && hosts != ["*"] {
            hosts.push(own);
        }
    }
    hosts.join(",")
}

/// The variables for AWS's clients, and for git a credential helper that is named in the environment only, so that
/// no secret is ever written to a `.git/config`.
pub(crate) fn variables(url: &str, key: &str, secret: &str) -> Vec<(&'static str, String)> {
    let program =
        std::env::current_exe().map_or_else(|_| "trainyard".to_owned(), |p| p.display().to_string());
    vec![
        ("AWS_ENDPOINT_URL", url.to_owned()),
        ("AWS_ACCESS_KEY_ID", key.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", secret.to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
        ("GIT_CONFIG_COUNT", "2".to_owned()),
        // The empty value forgets the helpers of the user's own configuration for this one address.
        ("GIT_CONFIG_KEY_0", format!("credential.{url}.helper")),
        ("GIT_CONFIG_VALUE_0", String::new()),
        ("GIT_CONFIG_KEY_1", format!("credential.{url}.helper")),
        ("GIT_CONFIG_VALUE_1", format!("!{} git-credential", quoted(&program))),
    ]
}

/// In single quotes for a POSIX shell.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_needs_no_proxy() {
        assert_eq!(no_proxy(None), "localhost,127.0.0.1,::1");
        assert_eq!(no_proxy(Some("corp, ::1".to_owned())), "corp,::1,localhost,127.0.0.1");
        assert_eq!(no_proxy(Some("*".to_owned())), "*");
    }

    #[test]
    fn quotes_survive_a_shell() {
        let text = "it's \"a\" $path `x`";
        let out = std::process::Command::new("sh")
            .args(["-c", &format!("printf %s {}", quoted(text))])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(out.stdout).unwrap(), text);
    }
}
