//! Processes of the real program, and killing them.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use intake::{base::clock::Clock, security::Sealer};
use tempfile::TempDir;
use tokio::time::sleep;

use super::PUBLIC_URL;
use crate::support::twilio;

/// How long a node may take until it serves.
const START: Duration = Duration::from_secs(30);

const FLOW: &str = "flow: echo
title: Echo
languages: [en]
for: anyone
ends: [complete]
steps:
  word:
    label: Word
    say: |
      {{#if word}}You said {{word}}.{{/if}}
      What next?
    ask: text
    go: word
";

/// A folder with a configuration for each node.
pub struct Place {
    folder: TempDir,
    ports: Vec<u16>,
}

impl Place {
    pub fn new(store: &str, n_nodes: usize, provider: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("flows")).unwrap();
        fs::write(folder.path().join("flows/echo.yaml"), FLOW).unwrap();
        fs::write(folder.path().join("intake.key"), Sealer::generate(&Clock::machine())).unwrap();
        let listeners: Vec<TcpListener> = (0..n_nodes).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let ports: Vec<u16> = listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect();
        for (nth, port) in ports.iter().enumerate() {
            let (account, token) = (twilio::ACCOUNT, twilio::TOKEN);
            let config = format!(
                "[server]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"{PUBLIC_URL}\"\n[store]\nurl = \"{store}\"\n\
                 [records]\nurl = \"sqlite:records.db\"\n[seal]\nkey = {{ file = \"intake.key\" }}\n[flows]\nwelcome = \"echo\"\n\
                 [agency]\nname = \"City Health\"\nemergency_number = \"911\"\nphone_line = \"+15550100999\"\ncountry = \"US\"\n\
                 time_zone = \"America/New_York\"\n[[channel]]\nname = \"sms\"\nprovider = \"twilio\"\naccount_sid = \"{account}\"\n\
                 auth_token = \"{token}\"\nfrom = \"+15550100000\"\nbase_url = \"{provider}/node{nth}\"\nper_second = 2000\n[limits]\nmessages_per_minute = 0\n"
            );
            fs::write(folder.path().join(format!("node{nth}.toml")), config).unwrap();
        }
        Self { folder, ports }
    }
}

/// The nodes.
pub struct Nodes {
    children: Mutex<Vec<Child>>,
    folder: PathBuf,
    ports: Vec<u16>,
    dice: Clock,
    kills: Mutex<Vec<(Option<usize>, Instant)>>,
}

impl Nodes {
    pub async fn start(place: &Place) -> Self {
        let folder = place.folder.path().to_owned();
        let children = (0..place.ports.len()).map(|nth| spawn(&folder, nth)).collect();
        let (ports, dice) = (place.ports.clone(), Clock::machine());
        let nodes = Self { children: Mutex::new(children), folder, ports, dice, kills: Mutex::default() };
        for nth in 0..nodes.ports.len() {
            nodes.until_it_serves(nth).await;
        }
        nodes
    }

    /// `kill -9`, and another start.
    pub async fn kill(&self, nth: usize) {
        {
            let mut children = self.children.lock().unwrap();
            self.kills.lock().unwrap().push((Some(nth), Instant::now()));
            children[nth].kill().unwrap();
            children[nth].wait().unwrap();
            children[nth] = spawn(&self.folder, nth);
        }
        // So many kills would otherwise hit a node that does nothing yet.
        self.until_it_serves(nth).await;
    }

    async fn until_it_serves(&self, nth: usize) {
        let until = Instant::now() + START;
        while tokio::net::TcpStream::connect(("127.0.0.1", self.ports[nth])).await.is_err() || !self.is_alive(nth).await {
            let log = || fs::read_to_string(self.folder.join(format!("node{nth}.log"))).unwrap_or_default();
            assert!(Instant::now() < until, "node {nth} does not serve: {}", log());
            if self.children.lock().unwrap()[nth].try_wait().unwrap().is_some() {
                // The store may be away: an operator's supervisor starts it again.
                sleep(Duration::from_millis(100)).await;
                let child = spawn(&self.folder, nth);
                self.children.lock().unwrap()[nth] = child;
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    async fn is_alive(&self, nth: usize) -> bool {
        reqwest::Client::builder().no_proxy().build().unwrap().get(format!("{}/healthz", self.url(nth))).send().await.is_ok()
    }

    fn url(&self, nth: usize) -> String {
        format!("http://127.0.0.1:{}", self.ports[nth])
    }

    pub fn urls(&self) -> Vec<String> {
        (0..self.ports.len()).map(|nth| self.url(nth)).collect()
    }

    pub fn any_url(&self) -> String {
        self.url(usize::try_from(self.dice.below(self.ports.len() as u64)).unwrap())
    }

    /// The store was killed, and may have been away since: what was in the air may not be settled in time.
    pub fn store_was_killed(&self) {
        self.kills.lock().unwrap().push((None, Instant::now()));
    }

    /// Which node was killed when; `None`: the store.
    pub fn kills(&self) -> Vec<(Option<usize>, Instant)> {
        self.kills.lock().unwrap().clone()
    }

    /// What the nodes logged.
    pub fn logs(&self) -> String {
        let log = |nth: usize| fs::read_to_string(self.folder.join(format!("node{nth}.log"))).unwrap_or_default();
        (0..self.ports.len()).map(|nth| format!("node {nth}:\n{}", log(nth))).collect()
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

fn spawn(folder: &std::path::Path, nth: usize) -> Child {
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
