//! Finding out whether runs can be kept apart, by doing it: a run of a shell that does nothing.

use std::{
    collections::BTreeMap,
    io,
    path::Path,
    time::{Duration, Instant},
};

use trainyard_domain::job::Resources;

use super::{
    ProcessConfig, Separation,
    directory::{Directory, Seen},
    durable, host,
    order::Order,
    view::{self, Power, Sight},
};

/// A trial that takes longer has failed.
const LIMIT: Duration = Duration::from_secs(10);

/// Tries what is best first.
pub(super) fn find(config: &ProcessConfig) -> Separation {
    if !cfg!(target_os = "linux") {
        return Separation::Bare("this system has no namespaces".into());
    }
    let own = Power { borrowed: false, confine: true };
    let weak = Power { borrowed: false, confine: false };
    let borrowed = Power { borrowed: true, confine: true };
    let root = nix::unistd::geteuid().is_root();
    let candidates = if root { vec![own, weak, borrowed] } else { vec![borrowed] };
    let mut why = String::new();
    for power in candidates {
        match run(config, power) {
            Ok(None) => return Separation::Private(power),
            Ok(Some(reason)) => why = reason,
            Err(error) => why = error.to_string(),
        }
    }
    Separation::Bare(why)
}

/// Why it does not work; `None` if it does.
fn run(config: &ProcessConfig, power: Power) -> io::Result<Option<String>> {
    let run = Directory::new(config.directory.join(format!(".trial-{}", durable::nonce()?)));
    run.create(&"trial", None)?;
    let tried = attempt(config, power, &run);
    run.remove()?;
    tried
}

fn attempt(config: &ProcessConfig, power: Power, run: &Directory) -> io::Result<Option<String>> {
    let base = run.path().join("root");
    durable::private_directory(&base)?;
    durable::private_directory(&run.scratch())?;
    let root = Path::new("/");
    let sight = Sight {
        base: &base,
        scratch: &run.scratch(),
        image: &[],
        python: None,
        mounts: &[],
        working_dir: root,
        hide: &[],
    };
    run.give_order(&Order {
        command: ["/bin/sh", "-c", ":"].map(String::from).into(),
        env: BTreeMap::new(),
        working_dir: root.into(),
        log_bytes: 1 << 20,
        resources: Resources::default(),
        view: Some(view::of_image(&sight, power)?),
    })?;
    let mut child = host::supervisor(config, run)?.spawn()?;
    let until = Instant::now() + LIMIT;
    while child.try_wait()?.is_none() {
        if Instant::now() > until {
            child.kill()?;
            child.wait()?;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(match run.look()? {
        Seen::Ended(exit) if exit.code == 0 => None,
        Seen::Ended(exit) => Some(format!("a trial ended with exit status {}", exit.code)),
        Seen::Refused(reason) => Some(reason),
        other => Some(format!("a trial did not end: {other:?}")),
    })
}
