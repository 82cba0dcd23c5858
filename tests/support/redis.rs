//! A redis-server of a test's own: append-only with `appendfsync always`, in a temporary folder, on a free port, gone with the test.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt,
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use intake::base::clock::Clock;
use tempfile::TempDir;

use super::power::{Cut, Power};

/// How long a server may take to answer its first PING.
const START: Duration = Duration::from_secs(10);
/// The socket's name in the server's folder.
const SOCKET: &str = "redis.sock";
/// What it said last, in the same folder.
const SAID: &str = "redis.said";
/// Ports tried, should another test take one in between.
const TRIES: usize = 5;

/// What a server has beyond the usual.
#[derive(Default)]
pub struct Setup {
    /// Settings, as `("appendfsync", "everysec")`: each takes the place of the usual one; several
    /// words of a value have a space between them.
    pub settings: Vec<(&'static str, &'static str)>,
    /// What notes its syncs, so that its power can be cut.
    pub power: Option<Power>,
}

/// A running server.
pub struct RedisServer {
    child: Child,
    dir: TempDir,
    port: u16,
    setup: Setup,
}

impl RedisServer {
    /// Starts one.
    ///
    /// # Panics
    /// Where redis-server is missing, saying how to install it.
    pub fn start() -> Self {
        Self::with(Setup::default())
    }

    /// Starts one that is set up otherwise.
    pub fn with(setup: Setup) -> Self {
        let dir = TempDir::new().expect("a temporary folder can be made");
        for _ in 0..TRIES {
            let port = free_port();
            if let Some(child) = spawn(&dir, port, &setup) {
                return Self { child, dir, port, setup };
            }
        }
        panic!("redis-server did not start on any of {TRIES} free ports");
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Its URL by a socket of the file system.
    pub fn socket_url(&self) -> String {
        format!("unix://{}", self.dir.path().join(SOCKET).display())
    }

    /// Kills it as `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().expect("the server can be killed");
        self.child.wait().expect("the server ends");
    }

    /// Starts it again on the same port with what it kept, as an operator does: by `deploy/redis-start`.
    pub fn restart(&mut self) {
        let said = || fs::read_to_string(self.dir.path().join(SAID)).unwrap_or_default();
        self.child = spawn(&self.dir, self.port, &self.setup).unwrap_or_else(|| panic!("the server does not start again:\n{}", said()));
    }

    /// Its port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `STOP` or `CONT`: it stands still, with all its connections, until it goes on.
    pub fn signal(&self, name: &str) {
        super::signal(&self.child, name);
    }

    /// Cuts its power: it is dead, and what was not synced is gone. It can be started again.
    ///
    /// # Panics
    /// Where it was set up without [`Power`].
    pub fn cut_power(&mut self, dice: &Clock) -> Cut {
        // With all its children: one may be writing the file anew.
        super::signal_group(&self.child, "KILL");
        self.child.wait().expect("the server ends");
        self.setup.power.as_ref().expect("its syncs are noted").cut(self.dir.path(), dice)
    }

    /// Takes so many bytes off the end of a dead server's append-only file.
    ///
    /// # Panics
    /// Where there is no such file.
    pub fn tear(&self, n_bytes: u64) {
        let folder = self.dir.path().join("appendonlydir");
        let files = std::fs::read_dir(folder).expect("it keeps a file").map(|entry| entry.expect("an entry").path());
        let path = files.into_iter().find(|path| path.to_string_lossy().ends_with(".incr.aof")).expect("a file that is appended to");
        let file = std::fs::File::options().write(true).open(path).expect("it can be opened");
        let length = file.metadata().expect("it has a length").len();
        file.set_len(length - n_bytes).expect("it can be cut");
    }

    /// Leaves what a power cut leaves of a list of files that was being written anew: half of one beside the old.
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn leave_half_a_manifest(&self) {
        let half = self.dir.path().join("appendonlydir/temp-appendonly.aof.manifest");
        fs::write(half, "file appendonly.aof.2.base.rdb se").expect("a file can be made");
    }

    /// Whether its power can be cut.
    pub fn has_power(&self) -> bool {
        self.setup.power.is_some()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that is free now, and below those that outgoing connections take: who lets go of it for a moment finds it free again.
pub fn free_port() -> u16 {
    let dice = Clock::machine();
    let ports = std::iter::repeat_with(|| u16::try_from(15_000 + dice.below(17_000)).expect("it is small"));
    ports.take(10_000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}

/// `None` where it ended at once: its port was taken.
fn spawn(dir: &TempDir, port: u16, setup: &Setup) -> Option<Child> {
    let said = File::create(dir.path().join(SAID)).expect("a file can be made");
    let mut child = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/redis-start"))
        .arg(dir.path())
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "always"])
        .args(["--maxmemory-policy", "noeviction", "--loglevel", "warning"])
        .arg("--port")
        .arg(port.to_string())
        .arg("--unixsocket")
        .arg(dir.path().join(SOCKET))
        .args(setup.settings.iter().flat_map(|(name, value)| [format!("--{name}")].into_iter().chain(value.split(' ').map(str::to_owned))))
        .envs(setup.power.iter().flat_map(Power::environment))
        .stdout(said.try_clone().expect("a file has two ends"))
        .stderr(said)
        .process_group(0)
        .spawn()
        .unwrap_or_else(|error| {
            panic!("redis-server cannot be run ({error}); this test needs it: `apt-get install redis-server` or `brew install redis`")
        });
    let until = Instant::now() + START;
    while Instant::now() < until {
        if child.try_wait().expect("the server's state can be read").is_some() {
            return None;
        }
        if answers(port) {
            return Some(child);
        }
        thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    let _ = child.wait();
    panic!("redis-server did not answer within {START:?}");
}

fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut reply = [0; 5];
    stream.write_all(b"PING\r\n").is_ok() && stream.read_exact(&mut reply).is_ok() && &reply == b"+PONG"
}
