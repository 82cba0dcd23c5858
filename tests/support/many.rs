//! Several redis-servers of a test's own: a cluster, a master with its replica, sentinels. All on loopback, gone with the test.

use std::{
    fs,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use redis::{Connection, FromRedisValue};
use tempfile::TempDir;

use super::redis::free_port;

/// How long whatever is begun here may take to come about, with a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(40);
/// How soon a master that does not answer is taken for dead, in ms. A test of the size of seconds needs a small one.
pub const NODE_TIMEOUT_MS: u64 = 1_500;
/// A slot each: begins of thirds.
const THIRDS: [(u16, u16); 3] = [(0, 5_460), (5_461, 10_922), (10_923, 16_383)];

/// A server of one kind or another, in a folder of its own.
pub struct Server {
    child: Option<Child>,
    dir: TempDir,
    args: Vec<String>,
    pub port: u16,
}

/// Waits until something holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "{what}: not within {PATIENCE:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

impl Server {
    /// Starts one that keeps its data as production does, with further arguments. It may not answer yet.
    pub fn start(args: &[&str]) -> Self {
        let kept = [
            "--save",
            "",
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
            "--maxmemory-policy",
            "noeviction",
            "--aof-load-truncated",
            "no",
        ];
        let quick = ["--repl-ping-replica-period", "1", "--repl-diskless-sync-delay", "0", "--repl-timeout", "5"];
        let mut all: Vec<String> = kept.iter().chain(&quick).chain(args).map(|arg| (*arg).to_owned()).collect();
        if args.contains(&"--cluster-enabled") {
            all.extend(["--cluster-port".to_owned(), free_port().to_string()]);
        }
        let mut server = Self { child: None, dir: TempDir::new().expect("a folder"), args: all, port: free_port() };
        server.restart();
        server
    }

    fn sentinel(name: &str, master: u16) -> Self {
        let dir = TempDir::new().expect("a folder");
        let config = dir.path().join("sentinel.conf");
        let text = format!(
            "sentinel monitor {name} 127.0.0.1 {master} 2\nsentinel down-after-milliseconds {name} {NODE_TIMEOUT_MS}\n\
             sentinel failover-timeout {name} 6000\nsentinel parallel-syncs {name} 1\n"
        );
        fs::write(&config, text).expect("a file");
        let mut server = Self { child: None, args: vec![config.display().to_string(), "--sentinel".to_owned()], dir, port: free_port() };
        server.restart();
        server
    }

    /// Starts it, again, with what it kept.
    pub fn restart(&mut self) {
        let child = Command::new("redis-server")
            .args(&self.args)
            .args(["--bind", "127.0.0.1", "--loglevel", "warning", "--port"])
            .arg(self.port.to_string())
            .arg("--dir")
            .arg(self.dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.child = Some(child.unwrap_or_else(|error| {
            panic!("redis-server cannot be run ({error}); this test needs it: `apt-get install redis-server` or `brew install redis`")
        }));
    }

    /// Kills it as `kill -9` does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// A connection, where it answers.
    pub fn connection(&self) -> Option<Connection> {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}/", self.port)).expect("a URL");
        let connection = client.get_connection_with_timeout(Duration::from_secs(1)).ok()?;
        connection.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        Some(connection)
    }

    /// What it answers, where it does.
    pub fn asked<T: FromRedisValue>(&self, words: &[&str]) -> Option<T> {
        let (first, rest) = words.split_first()?;
        redis::cmd(first).arg(rest).query(&mut self.connection()?).ok()
    }

    /// Does something that must work, in time.
    pub fn must(&self, words: &[&str]) {
        until(&words.join(" "), || self.asked::<redis::Value>(words).is_some());
    }

    /// A line of `INFO replication`.
    pub fn replication(&self, name: &str) -> Option<String> {
        let info: String = self.asked(&["INFO", "replication"])?;
        info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(|value| value.trim().to_owned()))
    }

    pub fn is_master(&self) -> bool {
        self.replication("role").as_deref() == Some("master")
    }

    pub fn is_replica_in_step(&self) -> bool {
        self.replication("master_link_status").as_deref() == Some("up")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Three masters and three replicas.
pub struct RedisCluster {
    pub servers: Vec<Server>,
}

impl RedisCluster {
    pub fn start() -> Self {
        let timeout = NODE_TIMEOUT_MS.to_string();
        let args = [
            ["--cluster-enabled", "yes"],
            ["--cluster-config-file", "nodes.conf"],
            ["--cluster-node-timeout", timeout.as_str()],
            ["--cluster-replica-validity-factor", "0"],
            ["--cluster-require-full-coverage", "no"],
        ];
        let servers: Vec<Server> = (0..6).map(|_| Server::start(args.as_flattened())).collect();
        for (nth, server) in servers.iter().enumerate() {
            server.must(&["PING"]);
            server.must(&["CLUSTER", "SET-CONFIG-EPOCH", &(nth + 1).to_string()]);
        }
        for (server, (first, last)) in servers.iter().zip(THIRDS) {
            server.must(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]);
        }
        for server in &servers[1..] {
            let bus = server.args.last().expect("its bus");
            servers[0].must(&["CLUSTER", "MEET", "127.0.0.1", &server.port.to_string(), bus]);
        }
        let knows = |server: &Server| {
            let nodes: String = server.asked(&["CLUSTER", "NODES"]).unwrap_or_default();
            nodes.lines().filter(|line| !line.contains("handshake")).count() == 6
        };
        until("all nodes of the cluster know each other", || servers.iter().all(knows));
        for (master, replica) in servers[..3].iter().zip(&servers[3..]) {
            let id: String = master.asked(&["CLUSTER", "MYID"]).expect("its id");
            replica.must(&["CLUSTER", "REPLICATE", &id]);
        }
        let cluster = Self { servers };
        until("the cluster is in step", || cluster.is_in_step(6));
        cluster
    }

    /// Whether so many nodes serve, and every master among them has a replica in step.
    pub fn is_in_step(&self, n_nodes: usize) -> bool {
        let ok = |server: &&Server| server.asked::<String>(&["CLUSTER", "INFO"]).is_some_and(|info| info.contains("cluster_state:ok"));
        let alive: Vec<&Server> = self.servers.iter().filter(ok).collect();
        let n_masters = alive.iter().filter(|server| server.is_master()).count();
        let n_replicas = alive.iter().filter(|server| server.is_replica_in_step()).count();
        alive.len() == n_nodes && n_masters == 3 && n_replicas == n_nodes - 3
    }

    /// Some of its nodes.
    pub fn url(&self) -> String {
        format!("redis-cluster://127.0.0.1:{},127.0.0.1:{}", self.servers[1].port, self.servers[4].port)
    }

    /// All hosts and ports.
    pub fn masters(&self) -> impl Iterator<Item = &Server> {
        self.servers.iter().filter(|server| server.is_master())
    }

    /// Empties it.
    pub fn flush(&self) {
        for master in self.masters() {
            master.must(&["FLUSHALL"]);
        }
    }

    /// Kills the master of a slot; which it was.
    pub fn kill_master(&mut self, nth_third: usize) -> usize {
        let first = THIRDS[nth_third].0.to_string();
        let own = |server: &Server| {
            let nodes: String = server.asked(&["CLUSTER", "NODES"]).unwrap_or_default();
            let myself = nodes.lines().find(|line| line.contains("myself,master")).unwrap_or_default();
            myself.split(' ').skip(8).any(|stretch| stretch.split('-').next() == Some(&first))
        };
        let nth = self.servers.iter().position(own).expect("some master has the slots");
        self.servers[nth].kill();
        nth
    }
}

/// A master and its replica, and sentinels where asked for.
pub struct RedisPair {
    pub servers: [Server; 2],
    pub sentinels: Vec<Server>,
}

impl RedisPair {
    /// The master is the first.
    pub fn start() -> Self {
        let master = Server::start(&[]);
        master.must(&["PING"]);
        let replica = Server::start(&["--replicaof", "127.0.0.1", &master.port.to_string()]);
        let pair = Self { servers: [master, replica], sentinels: Vec::new() };
        until("the replica is in step", || pair.servers[1].is_replica_in_step());
        pair
    }

    /// With three sentinels.
    pub fn watched() -> Self {
        let mut pair = Self::start();
        pair.sentinels = (0..3).map(|_| Server::sentinel("mine", pair.servers[0].port)).collect();
        until("the sentinels know each other and the replica", || {
            pair.sentinels.iter().all(|sentinel| {
                let told: Option<std::collections::HashMap<String, String>> = sentinel.asked(&["SENTINEL", "MASTER", "mine"]);
                told.is_some_and(|told| told["num-other-sentinels"] == "2" && told["num-slaves"] == "1" && told["flags"] == "master")
            })
        });
        pair
    }

    pub fn url(&self) -> String {
        match self.sentinels.as_slice() {
            [] => format!("redis://127.0.0.1:{}/0", self.servers[0].port),
            sentinels => {
                let hosts: Vec<String> = sentinels.iter().map(|sentinel| format!("127.0.0.1:{}", sentinel.port)).collect();
                format!("redis-sentinel://{}/mine/0", hosts.join(","))
            }
        }
    }
}
