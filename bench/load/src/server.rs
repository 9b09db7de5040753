//! The server that is measured: a process of its own.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use futures::{StreamExt, TryStreamExt, stream};

use crate::{
    Api, Done,
    figures::{Took, Waits},
    link::Link,
    sign::Signer,
};

/// One tick of what Linux counts a process's time in.
const TICK: Duration = Duration::from_millis(10);

/// A server; killed when dropped.
pub struct Server {
    binary: PathBuf,
    data: PathBuf,
    process: Child,
    host: String,
    signer: Signer,
    api: Api,
    /// From the start of the process to its first answer.
    pub ready: Duration,
}

/// What was used up to a moment.
struct Used {
    at: Instant,
    server: Duration,
    client: Duration,
    syncs: u64,
    commits: u64,
}

impl Server {
    /// Starts one on this directory, of which this API is measured.
    pub async fn start(binary: &Path, data: &Path, api: Api) -> Done<Self> {
        let began = Instant::now();
        let mut process = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut url = String::new();
        BufReader::new(process.stdout.take().ok_or("no output")?).read_line(&mut url)?;
        let host = url.trim().strip_prefix("http://").ok_or("the server did not start")?.to_owned();
        let key = fs::read_to_string(data.join("credentials"))?;
        let value = |name: &str| {
            let line = key.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_prefix('='));
            line.map(str::trim).ok_or("the server has left no key")
        };
        let signer = Signer::new(value("aws_access_key_id")?, value("aws_secret_access_key")?, &host);
        let (binary, data) = (binary.to_owned(), data.to_owned());
        let mut server = Self { binary, data, process, host, signer, api, ready: Duration::ZERO };
        server.link().await?.page("/health").await?;
        server.ready = began.elapsed();
        Ok(server)
    }

    /// Kills it without a warning and starts it again on the same data.
    pub async fn again(mut self) -> Done<Self> {
        self.process.kill()?;
        self.process.wait()?;
        Self::start(&self.binary, &self.data, self.api).await
    }

    /// A connection of its own.
    pub async fn link(&self) -> Done<Link> {
        self.link_to(self.api).await
    }

    /// One on which another API is spoken.
    pub async fn link_to(&self, api: Api) -> Done<Link> {
        Link::open(&self.host, self.signer.clone(), api).await
    }

    /// What `/metrics` says of this.
    pub async fn metric(&self, name: &str) -> Done<u64> {
        let page = self.link().await?.page("/metrics").await?;
        Ok(counted(&page, name))
    }

    /// Calls the operation so many times, `width` at a time, each on a connection of its own that is kept.
    pub async fn drive(
        &self,
        (operation, width, times): (&str, usize, usize),
        input: impl Fn(usize) -> String,
    ) -> Done<Took> {
        let links: Vec<Link> = stream::iter(0..width).then(|_| self.link()).try_collect().await?;
        let used = self.used().await?;
        let next = std::cell::Cell::new(0);
        let each = links.into_iter().map(|mut link| {
            let (next, input) = (&next, &input);
            async move {
                let mut waits = Vec::new();
                while next.get() < times {
                    let number = next.replace(next.get() + 1);
                    let input = input(number);
                    let began = Instant::now();
                    link.call(operation, &input).await?;
                    waits.push(began.elapsed());
                }
                Done::Ok(waits)
            }
        });
        let mut waits = Waits::default();
        for wait in futures::future::try_join_all(each).await?.into_iter().flatten() {
            waits.add(wait);
        }
        self.since(&used, waits).await
    }

    /// Begins to count what is used.
    pub async fn begin(&self) -> Done<Counting<'_>> {
        Ok(Counting { server: self, used: self.used().await? })
    }

    async fn used(&self) -> Done<Used> {
        let page = self.link().await?.page("/metrics").await?;
        let count = |name: &str| counted(&page, name);
        Ok(Used {
            at: Instant::now(),
            server: time_of(&self.process.id().to_string())?,
            client: time_of("self")?,
            syncs: count("trainyard_store_batches_total"),
            commits: count("trainyard_store_commits_total"),
        })
    }

    async fn since(&self, before: &Used, waits: Waits) -> Done<Took> {
        let wall = before.at.elapsed();
        self.settled().await?;
        let now = self.used().await?;
        Ok(Took {
            wall,
            waits,
            server: now.server - before.server,
            client: now.client - before.client,
            syncs: now.syncs - before.syncs,
            commits: now.commits - before.commits,
        })
    }

    /// Waits until the server rests: what it does after its answers (events to rules) is of the cost too.
    async fn settled(&self) -> Done {
        loop {
            let before = time_of(&self.process.id().to_string())?;
            tokio::time::sleep(Duration::from_millis(300)).await;
            if time_of(&self.process.id().to_string())? - before <= TICK {
                return Ok(());
            }
        }
    }

    /// Bytes of memory that the process has now.
    pub fn memory(&self) -> Done<u64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }

    /// Bytes that it keeps on disk.
    pub fn kept(&self) -> Done<u64> {
        let files = fs::read_dir(self.data.join("store"))?;
        files.map(|file| Ok(file?.metadata()?.len())).sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What is used from a moment on.
pub struct Counting<'a> {
    server: &'a Server,
    used: Used,
}

impl Counting<'_> {
    /// What was used since.
    pub async fn end(self, waits: Waits) -> Done<Took> {
        self.server.since(&self.used, waits).await
    }
}

fn counted(page: &str, name: &str) -> u64 {
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// Processor time of a process: its own and the system's for it.
fn time_of(process: &str) -> Done<Duration> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = fields[11].parse::<u32>()? + fields[12].parse::<u32>()?;
    Ok(TICK * ticks)
}
