//! The server under test: started, with the shim between it and the disk or without, and killed.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{Outcome, client::Client};

/// So long a server may take to say that it is ready.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a server is started from.
#[derive(Clone)]
pub(crate) struct Bench {
    pub(crate) binary: PathBuf,
    /// The compiled shim.
    pub(crate) shim: PathBuf,
}

/// What the shim is to do; the harness may change it at any time. See shim.c.
#[derive(Clone, Copy, Default)]
pub(crate) struct Orders {
    pub(crate) kill_at: u64,
    /// Dies in the middle of a write's bytes, and not before.
    pub(crate) torn: bool,
    /// From which to which point calls fail, and how; 0 to 0 is never.
    pub(crate) fail: (u64, u64),
    pub(crate) error: u64,
    /// Seconds that the time of day is ahead.
    pub(crate) clock: i64,
}

/// The file through which the shim is told.
pub(crate) struct Control(File);

impl Control {
    pub(crate) fn order(&self, orders: &Orders) -> io::Result<()> {
        let (from, to) = orders.fail;
        let fields = [orders.kill_at, u64::from(orders.torn), from, to, orders.error];
        for (n, field) in fields.into_iter().enumerate() {
            self.0.write_at(&field.to_le_bytes(), 8 * (n as u64 + 1))?;
        }
        self.0.write_at(&orders.clock.to_le_bytes(), 48).map(drop)
    }

    /// How many points there have been.
    pub(crate) fn points(&self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        self.0.read_exact_at(&mut bytes, 0)?;
        Ok(u64::from_le_bytes(bytes))
    }
}

/// A running server. Dropping it kills it.
pub(crate) struct Server {
    child: Child,
    pub(crate) client: Client,
}

/// A server that was begun, and has not said that it is ready.
pub(crate) struct Begun(Child);

impl Bench {
    /// Starts a server on `home/data` and waits until it is ready.
    pub(crate) fn start(&self, home: &Path) -> Outcome<Server> {
        self.begin(home)?.ready(home)
    }

    /// Starts a server and does not wait.
    pub(crate) fn begin(&self, home: &Path) -> Outcome<Begun> {
        begun(self.command(home)?)
    }

    /// Starts a server with the shim below it, and does not wait. `log`: where the shim writes what was done.
    pub(crate) fn begin_watched(
        &self,
        home: &Path,
        orders: &Orders,
        log: Option<&Path>,
    ) -> Outcome<(Begun, Control)> {
        let path = home.join("control");
        fs::write(&path, [0; 64])?;
        let control = Control(OpenOptions::new().read(true).write(true).open(&path)?);
        control.order(orders)?;
        let mut command = self.command(home)?;
        command.env("LD_PRELOAD", &self.shim).env("FAULTS_CONTROL", &path);
        command.env("FAULTS_ROOT", home.join("data"));
        if let Some(log) = log {
            command.env("FAULTS_LOG", log);
        }
        Ok((begun(command)?, control))
    }

    fn command(&self, home: &Path) -> Outcome<Command> {
        let own = |(name, _): &(OsString, OsString)| {
            let name = name.to_string_lossy();
            !["AWS_", "TRAINYARD_", "LD_", "FAULTS_"].iter().any(|prefix| name.starts_with(prefix))
        };
        let log = OpenOptions::new().create(true).append(true).open(home.join("server.log"))?;
        fs::create_dir_all(home.join("data"))?;
        let mut command = Command::new(&self.binary);
        command.args(["serve", "--auth", "off", "--isolation", "off", "--listen", "127.0.0.1:0", "--data"]);
        command.arg(home.join("data")).env_clear().envs(std::env::vars_os().filter(own));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        Ok(command)
    }
}

fn begun(mut command: Command) -> Outcome<Begun> {
    Ok(Begun(command.spawn()?))
}

impl Begun {
    pub(crate) fn kill(mut self) -> io::Result<()> {
        self.0.kill()?;
        self.0.wait().map(drop)
    }

    /// Waits until it is ready. An error says that it has ended before, and its last words.
    pub(crate) fn ready(mut self, home: &Path) -> Outcome<Server> {
        let mut line = String::new();
        if let Some(output) = self.0.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        match line.trim().strip_prefix("http://").and_then(|address| address.parse::<SocketAddr>().ok()) {
            Some(address) => Ok(Server { child: self.0, client: Client::new(address) }),
            None => {
                ended(&mut self.0)?;
                Err(format!("the server did not start: {}", last_words(home)).into())
            }
        }
    }
}

impl Server {
    pub(crate) fn kill(mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end by itself.
    pub(crate) fn ended(mut self) -> Outcome {
        ended(&mut self.child)
    }

    pub(crate) fn is_there(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ended(child: &mut Child) -> Outcome {
    let until = Instant::now() + PATIENCE;
    while child.try_wait()?.is_none() {
        if Instant::now() > until {
            child.kill()?;
            child.wait()?;
            return Err("the server did not end".into());
        }
        crate::breathe();
    }
    Ok(())
}

/// What the servers of this home have written to stderr.
pub(crate) fn said(home: &Path) -> String {
    fs::read(home.join("server.log"))
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .unwrap_or_default()
}

fn last_words(home: &Path) -> String {
    let said = said(home);
    let lines: Vec<_> = said.lines().collect();
    lines[lines.len().saturating_sub(3)..].join(" | ")
}
