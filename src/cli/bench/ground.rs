//! What a measurement stands on: a folder, a store of its own, and the server as a child process. All of it goes with the value.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    part::Part,
    talk::{ACCOUNT, FLOW, INTERVIEW, TOKEN},
};
use crate::{base::clock::Clock, cli::out, config::seal, security::Sealer};

/// How long a server may take to answer for the first time.
const START: Duration = Duration::from_secs(20);
/// How long the outbox may take to drain once nobody writes any more.
const DRAIN: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(20);

/// Which store.
#[derive(Clone, Debug)]
pub enum StoreKind {
    /// A redis-server of our own.
    OwnRedis,
    /// One that runs already, which must be empty.
    Redis(String),
    Sqlite,
    Memory,
}

impl StoreKind {
    /// Reads `--store`.
    ///
    /// # Errors
    /// Where it names none.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        Ok(match text {
            "redis" => Self::OwnRedis,
            "sqlite" => Self::Sqlite,
            "memory" => Self::Memory,
            url if url.starts_with("redis://127.0.0.1") || url.starts_with("redis://localhost") => Self::Redis(url.to_owned()),
            url if url.starts_with("redis://") => bail!("`{url}` is not on this machine; the load goes to loopback only"),
            other => bail!("`--store {other}` is no store; write redis, sqlite, memory or redis://127.0.0.1:PORT/DB"),
        })
    }
}

/// A folder with a configuration in it, and a store.
pub struct Ground {
    pub kind: StoreKind,
    pub dir: PathBuf,
    redis: Option<(Child, String)>,
}

impl Ground {
    /// Makes the folder and starts the store.
    ///
    /// # Errors
    /// Where redis-server is missing or does not start.
    pub fn new(kind: &StoreKind, fsync: &str) -> anyhow::Result<Self> {
        ensure!(["always", "everysec", "no"].contains(&fsync), "`--fsync {fsync}` is none of always, everysec and no");
        let dir = std::env::temp_dir().join(Clock::machine().new_id("intake-bench"));
        fs::create_dir_all(&dir).with_context(|| format!("{} cannot be made", dir.display()))?;
        let mut ground = Self { kind: kind.clone(), dir, redis: None };
        ground.redis = match kind {
            StoreKind::OwnRedis => Some(start_redis(&ground.dir, fsync)?),
            StoreKind::Redis(_) | StoreKind::Sqlite | StoreKind::Memory => None,
        };
        Ok(ground)
    }

    /// The URL of the Redis, where there is one.
    pub fn redis_url(&self) -> Option<&str> {
        match (&self.kind, &self.redis) {
            (StoreKind::Redis(url), _) => Some(url),
            (_, Some((_, url))) => Some(url),
            (StoreKind::OwnRedis | StoreKind::Sqlite | StoreKind::Memory, None) => None,
        }
    }

    fn store_url(&self) -> String {
        match (&self.kind, self.redis_url()) {
            (_, Some(url)) => url.to_owned(),
            (StoreKind::Sqlite | StoreKind::OwnRedis | StoreKind::Redis(_), None) => "sqlite:intake.db".to_owned(),
            (StoreKind::Memory, None) => "memory:".to_owned(),
        }
    }

    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn serve(&self, part: Part, provider: SocketAddr) -> anyhow::Result<Server> {
        let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr())?;
        let public_url = format!("http://{address}");
        let flows = self.dir.join("flows");
        fs::create_dir_all(&flows)?;
        fs::write(flows.join(format!("{FLOW}.yaml")), INTERVIEW)?;
        let (config, key) = (self.dir.join("intake.toml"), self.dir.join("intake.key"));
        if !key.exists() {
            seal::write_new(&key, &Sealer::generate(&Clock::machine())).map_err(anyhow::Error::msg)?;
        }
        let text = format!(
            r#"[server]
listen = "{address}"
public_url = "{public_url}"
[store]
url = "{store}"
[records]
url = "sqlite:records.db"
[flows]
dir = "flows"
[seal]
key = {{ file = "intake.key" }}
[agency]
name = "City Health Department"
emergency_number = "911"
phone_line = "+15550100999"
country = "US"
time_zone = "America/New_York"
[[channel]]
name = "sms"
provider = "twilio"
account_sid = "{ACCOUNT}"
auth_token = "{TOKEN}"
from = "+15550100000"
base_url = "http://{provider}"
per_second = 2000 # what is measured is the service, not the rate of a number
burst = 2000
reconcile_seconds = 0
[api]
tokens = [{{ name = "bench", role = "admin", secret = "{TOKEN}-{TOKEN}-{TOKEN}" }}]
"#,
            store = self.store_url()
        );
        fs::write(&config, text)?;
        let log = fs::File::create(self.dir.join("server.log"))?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bench", "--serve", part.word(), "--config"]).arg(&config);
        if std::env::var_os("INTAKE_LOG").is_none() {
            command.env("INTAKE_LOG", "warn");
        }
        // It ends when our end of its standard input does.
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log).spawn()?;
        let mut server = Server { child, address, public_url };
        server.wait(&self.dir)?;
        Ok(server)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.redis {
            let _ = child.kill();
            let _ = child.wait();
        }
        if fs::remove_dir_all(&self.dir).is_err() {
            out::problem(&format!("{} could not be removed", self.dir.display()));
        }
    }
}

fn start_redis(dir: &Path, fsync: &str) -> anyhow::Result<(Child, String)> {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr())?.port();
    let mut child = Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", fsync])
        .args(["--maxmemory-policy", "noeviction", "--aof-load-truncated", "no", "--loglevel", "warning", "--port"])
        .arg(port.to_string())
        .arg("--dir")
        .arg(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("redis-server cannot be run; install it (`apt-get install redis-server`), or measure with `--store sqlite`")?;
    let until = Instant::now() + START;
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        if child.try_wait()?.is_some() || Instant::now() > until {
            let _ = child.kill();
            bail!("redis-server did not start");
        }
        std::thread::sleep(LOOK);
    }
    Ok((child, format!("redis://127.0.0.1:{port}/0")))
}

/// A server that runs.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub public_url: String,
}

impl Server {
    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn wait(&mut self, dir: &Path) -> anyhow::Result<()> {
        let until = Instant::now() + START;
        while std::net::TcpStream::connect(self.address).is_err() {
            if self.child.try_wait()?.is_some() || Instant::now() > until {
                let log = fs::read_to_string(dir.join("server.log")).unwrap_or_default();
                bail!("the server did not start:\n{log}");
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    /// A figure of `/metrics`, summed over its labels.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn figure(&self, name: &str) -> anyhow::Result<f64> {
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n").await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        let lines = text.lines().filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])));
        Ok(lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }

    /// Waits until the outbox is empty; how long that took, `None` where it did not within [`DRAIN`].
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn drained(&self) -> anyhow::Result<Option<Duration>> {
        let began = Instant::now();
        while began.elapsed() < DRAIN {
            if self.figure("intake_outbox_depth").await? < 1.0 {
                return Ok(Some(began.elapsed()));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(None)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
