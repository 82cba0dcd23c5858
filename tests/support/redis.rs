//! A redis-server of a test's own: append-only with `appendfsync always`, in a temporary folder, on a free port, gone with the test.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// How long a server may take to answer its first PING.
const START: Duration = Duration::from_secs(10);
/// The socket's name in the server's folder.
const SOCKET: &str = "redis.sock";
/// Ports tried, should another test take one in between.
const TRIES: usize = 5;

/// A running server.
pub struct RedisServer {
    child: Child,
    dir: TempDir,
    port: u16,
}

impl RedisServer {
    /// Starts one.
    ///
    /// # Panics
    /// Where redis-server is missing, saying how to install it.
    pub fn start() -> Self {
        let dir = TempDir::new().expect("a temporary folder can be made");
        for _ in 0..TRIES {
            let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
            if let Some(child) = spawn(&dir, port) {
                return Self { child, dir, port };
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

    /// Starts it again on the same port with what it kept.
    pub fn restart(&mut self) {
        self.child = spawn(&self.dir, self.port).expect("the server starts again");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `None` where it ended at once: its port was taken.
fn spawn(dir: &TempDir, port: u16) -> Option<Child> {
    let mut child = Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "always"])
        .args(["--maxmemory-policy", "noeviction", "--loglevel", "warning"])
        .arg("--port")
        .arg(port.to_string())
        .arg("--dir")
        .arg(dir.path())
        .arg("--unixsocket")
        .arg(dir.path().join(SOCKET))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
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
