//! Writes that something relies on: they gather while others are under way, and share one pipeline, one sync of the file and, where
//! replicas are asked for, one waiting for them.
//!
//! ```text
//! write ┐                        ┌ EVALSHA … EVALSHA …      one pipeline on a connection of its own:
//! write ┼─▶ queue of the master ─┤ SET in:{…}:m             whatever came while the last one was under way
//! write ┘                        └ WAIT replicas ms         (the last two only where replicas are asked for)
//! ```
//! `appendfsync always` syncs once for all that Redis finds to do, so the more it finds, the less each costs. Nobody waits for others to
//! come: a write that comes alone goes alone.
//!
//! `WAIT` holds up its connection and speaks of what that connection wrote, so it must stand behind the write and may not stand before
//! others. The mark is written behind all of them: a script that only read (a turn that was kept before) would otherwise be waited for in
//! vain, and `WAIT` would tell of nothing.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use redis::{Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value, aio::ConnectionManager};
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::yield_now,
};

use super::keys::tag_of;
use crate::config::Replicas;

/// Writes that share one pipeline at most.
const TOGETHER: usize = 16;
/// Writes that wait for a place at most; who comes later waits to get in.
const QUEUE: usize = 1_024;
/// How long a mark stays, in ms: nobody reads it.
const MARK_MS: u64 = 60_000;

/// The way in for writes to one master.
pub struct Writes {
    queue: mpsc::Sender<Write>,
}

struct Write {
    key: String,
    cmd: Cmd,
    answer: oneshot::Sender<RedisResult<Value>>,
}

impl Writes {
    /// Over connections of their own. Ends when it is dropped.
    pub fn over(connections: Vec<ConnectionManager>, replicas: Option<Replicas>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let (waiting, n_breaks) = (Arc::new(Mutex::new(waiting)), Arc::new(AtomicU64::new(0)));
        for connection in connections {
            tokio::spawn(write(connection, waiting.clone(), n_breaks.clone(), replicas));
        }
        Self { queue }
    }

    /// Writes, and answers once replicas have it.
    ///
    /// # Errors
    /// Where they do not in time: it may have been done all the same, and what is repeated must know its own repeats.
    pub async fn write(&self, key: &str, cmd: &Cmd) -> RedisResult<Value> {
        let (answer, answered) = oneshot::channel();
        let write = Write { key: key.to_owned(), cmd: cmd.clone(), answer };
        self.queue.send(write).await.map_err(|_| gone())?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }
}

/// Writes what comes, until nobody can come any more. `n_breaks` counts connections that broke, over all that write beside each other.
async fn write(
    mut connection: ConnectionManager,
    waiting: Arc<Mutex<mpsc::Receiver<Write>>>,
    n_breaks: Arc<AtomicU64>,
    replicas: Option<Replicas>,
) {
    let mut n_seen = 0;
    loop {
        let mut together = Vec::new();
        let mut queue = waiting.lock().await;
        if queue.recv_many(&mut together, TOGETHER).await == 0 {
            return;
        }
        // Turns that are ready to write go first, and share the pipeline.
        yield_now().await;
        while together.len() < TOGETHER
            && let Ok(another) = queue.try_recv()
        {
            together.push(another);
        }
        drop(queue);
        let (cmds, asked): (Vec<(String, Cmd)>, Vec<_>) = together.into_iter().map(|write| ((write.key, write.cmd), write.answer)).unzip();
        let n_now = n_breaks.load(Ordering::Relaxed);
        if n_now != n_seen {
            // What broke another connection has broken this one too, as like as not, and no write should have to find out.
            renew(&mut connection).await;
            n_seen = n_now;
        }
        let answers = at_once(&mut connection, cmds, replicas).await;
        if answers.iter().any(|answer| matches!(answer, Err(error) if error.is_io_error() && !error.is_timeout())) {
            n_breaks.fetch_add(1, Ordering::Relaxed);
        }
        for (asked, answer) in asked.into_iter().zip(answers) {
            // Nobody there any more: whoever asked was dropped.
            let _ = asked.send(answer);
        }
    }
}

/// Makes a connection anew that broke: the first word that fails tells of it, the second waits for the new one.
async fn renew(connection: &mut ConnectionManager) {
    for _ in 0..2 {
        if redis::cmd("PING").query_async::<()>(connection).await.is_ok() {
            return;
        }
    }
}

async fn at_once(connection: &mut ConnectionManager, writes: Vec<(String, Cmd)>, replicas: Option<Replicas>) -> Vec<RedisResult<Value>> {
    let mut pipe = redis::pipe();
    pipe.ignore_errors();
    let n = writes.len();
    let mark = writes.first().map(|(key, _)| mark(key));
    for (_, cmd) in writes {
        pipe.add_command(cmd);
    }
    if let (Some(replicas), Some(mark)) = (replicas, mark) {
        pipe.add_command(mark).cmd("WAIT").arg(replicas.n).arg(replicas.within_ms);
    }
    let mut answers: Vec<RedisResult<Value>> = match pipe.query_async(connection).await {
        Ok(answers) => answers,
        Err(error) => return vec![Err(error); n],
    };
    let Some(replicas) = replicas else { return answers };
    let (waited, marked) = (answers.pop(), answers.pop());
    let refusal = match (marked, waited) {
        (Some(Ok(_)), Some(Ok(n))) if redis::from_redis_value::<u64>(n.clone()).is_ok_and(|n| n >= u64::from(replicas.n)) => None,
        (Some(Err(error)), _) | (_, Some(Err(error))) => Some(error),
        (_, _) => Some(too_few()),
    };
    match refusal {
        None => answers,
        // What was refused by itself says why.
        Some(refusal) => answers.into_iter().map(|answer| answer.and_then(|_| Err(refusal.clone()))).collect(),
    }
}

/// A write that says nothing, in the slot of a key.
pub fn mark(key: &str) -> Cmd {
    let mut mark = redis::cmd("SET");
    mark.arg(format!("in:{{{}}}:m", tag_of(key))).arg(1).arg("PX").arg(MARK_MS);
    mark
}

fn too_few() -> RedisError {
    (ErrorKind::Server(ServerErrorKind::ResponseError), "too few replicas had it in time").into()
}

/// Whether it was written, but not copied in time.
pub fn is_too_few(error: &RedisError) -> bool {
    *error == too_few()
}

fn gone() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::BrokenPipe).into()
}
