//! Processes of the real program: killed, left dead, stopped and woken.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use intake::{base::clock::Clock, security::Sealer};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::{PUBLIC_URL, people};
use crate::support::{redis::free_port, signal, twilio};

/// How long a node may take until it serves.
const START: Duration = Duration::from_secs(60);
/// How long a node may take to stop in order.
const STOP: Duration = Duration::from_secs(60);
/// Bytes of each log that a failure shows.
const TAIL: usize = 6_000;

/// A folder with a configuration for each node.
pub struct Place {
    folder: TempDir,
    ports: Vec<u16>,
}

/// A time zone in which it is noon, so that reminders come in the middle of their day.
fn where_it_is_noon() -> String {
    let ahead = 12 - i32::from(jiff::tz::TimeZone::UTC.to_datetime(Clock::machine().now()).hour());
    // The sign of these names is turned round: Etc/GMT-5 is five hours ahead.
    format!("Etc/GMT{:+}", -ahead)
}

impl Place {
    /// A node for each address of the store.
    pub fn new(stores: &[String], provider: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("flows")).unwrap();
        fs::write(folder.path().join("flows/echo.yaml"), people::FLOW).unwrap();
        fs::write(folder.path().join("intake.key"), Sealer::generate(&Clock::machine())).unwrap();
        let zone = where_it_is_noon();
        let ports: Vec<u16> = stores.iter().map(|_| free_port()).collect();
        for (nth, (port, store)) in ports.iter().zip(stores).enumerate() {
            let (account, token) = (twilio::ACCOUNT, twilio::TOKEN);
            let config = format!(
                "[server]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"{PUBLIC_URL}\"\n[store]\nurl = \"{store}\"\n\
                 [records]\nurl = \"sqlite:records.db\"\n[seal]\nkey = {{ file = \"intake.key\" }}\n[flows]\nwelcome = \"echo\"\n\
                 [agency]\nname = \"City Health\"\nemergency_number = \"911\"\nphone_line = \"+15550100999\"\ncountry = \"US\"\n\
                 time_zone = \"{zone}\"\n[[channel]]\nname = \"sms\"\nprovider = \"twilio\"\naccount_sid = \"{account}\"\n\
                 auth_token = \"{token}\"\nfrom = \"+15550100000\"\nbase_url = \"{provider}/node{nth}\"\nper_second = 2000\n[limits]\nmessages_per_minute = 0\n"
            );
            fs::write(folder.path().join(format!("node{nth}.toml")), config).unwrap();
        }
        Self { folder, ports }
    }

    /// Where the first node's configuration is.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("node0.toml")
    }
}

/// The nodes.
pub struct Nodes {
    children: Mutex<Vec<Child>>,
    folder: PathBuf,
    ports: Vec<u16>,
    dice: Clock,
}

impl Nodes {
    pub async fn start(place: &Place) -> Self {
        let folder = place.folder.path().to_owned();
        let children = (0..place.ports.len()).map(|nth| spawn(&folder, nth)).collect();
        let nodes = Self { children: Mutex::new(children), folder, ports: place.ports.clone(), dice: Clock::machine() };
        for nth in 0..nodes.ports.len() {
            nodes.until_it_serves(nth).await;
        }
        nodes
    }

    pub fn n(&self) -> usize {
        self.ports.len()
    }

    /// `kill -9`.
    pub fn kill(&self, nth: usize) {
        let child = &mut self.children.lock().unwrap()[nth];
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Another start, waited for: so many kills would otherwise hit a node that does nothing yet.
    pub async fn start_again(&self, nth: usize) {
        self.children.lock().unwrap()[nth] = spawn(&self.folder, nth);
        self.until_it_serves(nth).await;
    }

    /// `STOP` or `CONT`.
    pub fn signal(&self, nth: usize, name: &str) {
        signal(&self.children.lock().unwrap()[nth], name);
    }

    /// All end in order, as operators end them.
    pub async fn stop(&self) {
        for nth in 0..self.n() {
            self.signal(nth, "TERM");
        }
        let until = Instant::now() + STOP;
        while self.children.lock().unwrap().iter_mut().any(|child| child.try_wait().unwrap().is_none()) {
            assert!(Instant::now() < until, "a node does not stop:\n{}", self.logs());
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn until_it_serves(&self, nth: usize) {
        let until = Instant::now() + START;
        while !self.is_alive(nth).await {
            assert!(Instant::now() < until, "node {nth} does not serve:\n{}", self.logs());
            if self.children.lock().unwrap()[nth].try_wait().unwrap().is_some() {
                // The store may be away: an operator's supervisor starts it again.
                sleep(Duration::from_millis(100)).await;
                let child = spawn(&self.folder, nth);
                self.children.lock().unwrap()[nth] = child;
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    async fn is_alive(&self, nth: usize) -> bool {
        let asked = async {
            let mut stream = TcpStream::connect(("127.0.0.1", self.ports[nth])).await.ok()?;
            stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: node\r\nconnection: close\r\n\r\n").await.ok()?;
            let mut head = [0; 12];
            stream.read_exact(&mut head).await.ok()?;
            Some(&head == b"HTTP/1.1 200")
        };
        timeout(Duration::from_secs(1), asked).await.ok().flatten().unwrap_or(false)
    }

    fn url(&self, nth: usize) -> String {
        format!("http://127.0.0.1:{}", self.ports[nth])
    }

    pub fn urls(&self) -> Vec<String> {
        (0..self.n()).map(|nth| self.url(nth)).collect()
    }

    pub fn any_url(&self) -> String {
        self.url(usize::try_from(self.dice.below(self.ports.len() as u64)).unwrap())
    }

    /// The ends of what the nodes logged.
    pub fn logs(&self) -> String {
        let tail = |nth: usize| {
            let log = fs::read(self.folder.join(format!("node{nth}.log"))).unwrap_or_default();
            format!("node {nth}:\n{}\n", String::from_utf8_lossy(&log[log.len().saturating_sub(TAIL)..]))
        };
        (0..self.n()).map(tail).collect()
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        for child in self.children.lock().unwrap().iter_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn spawn(folder: &Path, nth: usize) -> Child {
    let log = File::options().create(true).append(true).open(folder.join(format!("node{nth}.log"))).unwrap();
    Command::new(env!("CARGO_BIN_EXE_intake"))
        .arg("serve")
        .arg("--config")
        .arg(folder.join(format!("node{nth}.toml")))
        .env("INTAKE_LOG", "warn")
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}
