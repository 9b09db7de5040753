//! The configuration: defaults, then the file, then `TRAINYARD_*` variables, then flags.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Deserialize;

use trainyard_drivers::outside::{Network, private_networks};
use trainyard_services::{
    bus::REMEMBERED,
    executions::{MOST_PAYLOAD, PAYLOAD_LIMIT},
};

use crate::{failure::Failure, size::Size};

/// The flags and variables of a server. What is absent comes from the file, and then from the defaults.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ServerArgs {
    /// Address to listen on [default: 127.0.0.1:4566]
    #[arg(long, env = "TRAINYARD_LISTEN", value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Directory that holds everything [default: ~/.trainyard]
    #[arg(long, env = "TRAINYARD_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Configuration file [default: <data>/config.toml, if there]
    #[arg(long, env = "TRAINYARD_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Whether requests must be signed: on, or off (on loopback only) [default: on]
    #[arg(long, env = "TRAINYARD_AUTH", value_name = "on|off")]
    pub auth: Option<Switch>,
    /// Whether jobs are isolated from the host: auto, or off [default: auto]
    #[arg(long, env = "TRAINYARD_ISOLATION", value_name = "auto|off")]
    pub isolation: Option<Isolation>,
    /// Host names, beside loopback's, that the server answers to
    #[arg(long, env = "TRAINYARD_HOSTS", value_name = "NAME", value_delimiter = ',')]
    pub hosts: Vec<String>,
    /// Refuse state machines that call what is not built yet, in place of a failure when they do
    #[arg(long, env = "TRAINYARD_STRICT_INTEGRATIONS")]
    pub strict_integrations: bool,
    /// How many bytes of input, output or result executions take: more than AWS does, up to 16MiB; what is larger than
    /// 256KiB lies beside the store [default: 256KiB]
    #[arg(long, env = "TRAINYARD_PAYLOAD_LIMIT", value_name = "SIZE")]
    pub payload_limit: Option<Size>,
    /// Private addresses and networks that users' HTTP tasks and API destinations may call, such as 10.1.0.0/16;
    /// without a value this machine and all private networks
    #[arg(
        long,
        env = "TRAINYARD_ALLOW_PRIVATE_TARGETS",
        value_name = "NETWORK",
        value_delimiter = ',',
        num_args = 0..=1,
        default_missing_value = ALL_PRIVATE
    )]
    pub allow_private_targets: Vec<String>,
}

impl ServerArgs {
    /// What the variables say, for a command without these flags.
    pub(crate) fn from_env() -> Result<Self, Failure> {
        #[derive(clap::Parser)]
        struct Bare {
            #[command(flatten)]
            args: ServerArgs,
        }
        let bare = <Bare as clap::Parser>::try_parse_from(["trainyard"]);
        bare.map(|bare| bare.args).map_err(|e| Failure::usage(e.to_string().trim().to_owned()))
    }
}

/// On or off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Switch {
    /// On.
    #[default]
    On,
    /// Off.
    Off,
}

/// How jobs are kept apart from the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Isolation {
    /// A private root where the system allows it.
    #[default]
    Auto,
    /// None: paths are rewritten.
    Off,
}

/// What stands in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    listen: Option<SocketAddr>,
    auth: Option<Switch>,
    isolation: Option<Isolation>,
    hosts: Vec<String>,
    memory: Option<u64>,
    strict_integrations: bool,
    log_limit: Option<u64>,
    recent_events: Option<usize>,
    payload_limit: Option<Size>,
    allow_private_targets: Vec<String>,
}

/// A server's configuration, complete.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where everything is.
    pub data: PathBuf,
    /// Whether requests must be signed.
    pub auth: Switch,
    /// How jobs are kept apart.
    pub isolation: Isolation,
    /// Host names that it answers to, beside loopback's.
    pub hosts: Vec<String>,
    /// Bytes of memory that jobs may reserve in all; the machine's, if absent.
    pub memory: Option<u64>,
    /// Whether state machines that call what is not built yet are refused.
    pub strict_integrations: bool,
    /// Bytes that the log of a job, a build or a copy of a model may hold, and as many again each day.
    pub log_limit: u64,
    /// How many events of each bus are remembered after they were told.
    pub recent_events: usize,
    /// The most bytes of data that an execution is given or hands on.
    pub payload_limit: usize,
    /// Networks that calls of users may reach beside all that is public.
    pub private_targets: Vec<Network>,
}

impl Config {
    /// Puts flags, variables, file and defaults together.
    pub(crate) fn load(args: &ServerArgs) -> Result<Self, Failure> {
        let data = match &args.data {
            Some(dir) => std::path::absolute(dir).map_err(|e| Failure::usage(format!("--data: {e}")))?,
            None => home()?.join(".trainyard"),
        };
        let file = read_file(args.config.as_deref(), &data)?;
        let default_listen = SocketAddr::from(([127, 0, 0, 1], DEFAULT_PORT));
        let config = Self {
            listen: args.listen.or(file.listen).unwrap_or(default_listen),
            auth: args.auth.or(file.auth).unwrap_or_default(),
            isolation: args.isolation.or(file.isolation).unwrap_or_default(),
            hosts: if args.hosts.is_empty() { file.hosts } else { args.hosts.clone() },
            memory: file.memory,
            strict_integrations: args.strict_integrations || file.strict_integrations,
            log_limit: file.log_limit.unwrap_or(LOG_LIMIT),
            recent_events: file.recent_events.unwrap_or(REMEMBERED),
            payload_limit: payload_limit(args.payload_limit.or(file.payload_limit))?,
            private_targets: networks(if args.allow_private_targets.is_empty() {
                &file.allow_private_targets
            } else {
                &args.allow_private_targets
            })?,
            data,
        };
        if config.auth == Switch::Off && !config.listen.ip().is_loopback() {
            return Err(Failure::usage(format!(
                "`--auth off` is allowed on loopback only, and {} is not: listen on 127.0.0.1 or leave `--auth on`",
                config.listen
            )));
        }
        Ok(config)
    }
}

/// The port that is listened on unless told otherwise.
pub(crate) const DEFAULT_PORT: u16 = 4566;

/// What no log of a healthy job comes near.
const LOG_LIMIT: u64 = 512 << 20;

/// What opens this machine and all private networks.
const ALL_PRIVATE: &str = "all";

fn payload_limit(given: Option<Size>) -> Result<usize, Failure> {
    let size = given.unwrap_or(Size(PAYLOAD_LIMIT));
    if (PAYLOAD_LIMIT..=MOST_PAYLOAD).contains(&size.0) {
        return Ok(size.0);
    }
    let (least, most) = (Size(PAYLOAD_LIMIT), Size(MOST_PAYLOAD));
    let message =
        format!("payload_limit: executions take at least {least}, as at AWS, and at most {most}, not {size}");
    Err(Failure::usage(message).hint("trainyard serve --payload-limit 4MiB"))
}

fn networks(texts: &[String]) -> Result<Vec<Network>, Failure> {
    let mut networks = Vec::new();
    for text in texts {
        match text.as_str() {
            ALL_PRIVATE => networks.extend(private_networks()),
            text => networks.push(text.parse().map_err(|error| {
                Failure::usage(format!("allow_private_targets: {error}"))
                    .hint("trainyard serve --allow-private-targets 10.1.0.0/16    # or `all`")
            })?),
        }
    }
    Ok(networks)
}

fn home() -> Result<PathBuf, Failure> {
    std::env::home_dir().filter(|dir| dir.is_absolute()).ok_or_else(|| {
        Failure::usage("there is no home directory: say where the data goes with `--data DIR`")
    })
}

fn read_file(named: Option<&Path>, data: &Path) -> Result<File, Failure> {
    let path = named.map_or_else(|| data.join("config.toml"), Path::to_path_buf);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && named.is_none() => return Ok(File::default()),
        Err(e) => return Err(Failure::usage(format!("{}: {e}", path.display()))),
    };
    toml::from_str(&text).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(text: &str, args: ServerArgs) -> Result<Config, Failure> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config.toml"), text).unwrap();
        Config::load(&ServerArgs { data: Some(dir.path().to_owned()), ..args })
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let config =
            with_file("listen = '127.0.0.1:5000'\nisolation = 'off'", ServerArgs::default()).unwrap();
        assert_eq!((config.listen.port(), config.isolation, config.auth), (5000, Isolation::Off, Switch::On));
        let args = ServerArgs { listen: Some("127.0.0.1:6000".parse().unwrap()), ..ServerArgs::default() };
        assert_eq!(with_file("listen = '127.0.0.1:5000'", args).unwrap().listen.port(), 6000);
    }

    #[test]
    fn unknown_keys_are_named_with_their_line() {
        let error = with_file("\nlitsen = 1", ServerArgs::default()).unwrap_err().to_string();
        assert!(error.contains("litsen") && error.contains("line 2"), "{error}");
    }

    #[test]
    fn private_targets_are_named_one_by_one_or_all() {
        let opened = |text: &str, args: &[&str]| {
            let args = args.iter().map(|text| (*text).to_owned()).collect();
            with_file(text, ServerArgs { allow_private_targets: args, ..ServerArgs::default() })
        };
        let count = |text, args: &[&str]| opened(text, args).unwrap().private_targets.len();
        assert_eq!(count("", &[]), 0);
        assert_eq!(count("allow_private_targets = ['127.0.0.1', '10.0.0.0/8']", &[]), 2);
        assert_eq!(count("allow_private_targets = ['127.0.0.1', '10.0.0.0/8']", &["::1"]), 1);
        assert!(count("", &["all"]) > 4);
        let error = opened("allow_private_targets = ['example.com']", &[]).unwrap_err().to_string();
        assert!(error.contains("`example.com`") && error.contains("allow_private_targets"), "{error}");
    }

    #[test]
    fn executions_take_as_much_as_at_aws_or_more() {
        let limit = |text: &str, flag: Option<&str>| {
            let payload_limit = flag.map(|flag| flag.parse().unwrap());
            with_file(text, ServerArgs { payload_limit, ..ServerArgs::default() })
                .map(|config| config.payload_limit)
        };
        assert_eq!(limit("", None).unwrap(), 262_144);
        assert_eq!(limit("payload_limit = '1MiB'", None).unwrap(), 1 << 20);
        assert_eq!(limit("payload_limit = 300000", Some("4MiB")).unwrap(), 4 << 20);
        for wrong in ["262143", "16777217", "0", "1GiB"] {
            let error = limit("", Some(wrong)).unwrap_err().to_string();
            assert!(error.contains("at least 256 KiB") && error.contains("at most 16 MiB"), "{error}");
        }
        assert!(limit("payload_limit = '4MB'", None).is_err());
    }

    #[test]
    fn no_open_door_beyond_loopback() {
        let args = ServerArgs {
            listen: Some("0.0.0.0:4566".parse().unwrap()),
            auth: Some(Switch::Off),
            ..ServerArgs::default()
        };
        assert!(with_file("", args).is_err());
    }
}
