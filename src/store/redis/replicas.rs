//! Writes that count only once replicas have them.
//!
//! ```text
//! write ┐                        ┌ EVALSHA … EVALSHA …      one pipeline on a connection of its own:
//! write ┼─▶ queue of the master ─┤ SET in:{…}:m             whatever came while the last one was under way
//! write ┘                        └ WAIT replicas ms
//! ```
//! `WAIT` holds up its connection and speaks of what that connection wrote, so it must stand behind the write and may not stand before
//! others: writes gather while one pipeline waits, and share the next. The mark is written behind all of them: a script that only read
//! (a turn that was kept before) would otherwise be waited for in vain, and `WAIT` would tell of nothing.

use std::sync::Arc;

use redis::{Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value, aio::ConnectionManager};
use tokio::sync::{Mutex, mpsc, oneshot};

use super::keys::tag_of;
use crate::config::Replicas;

/// Pipelines under way beside each other: one waits while the next is written.
pub const LANES: usize = 2;
/// Writes that share one pipeline at most.
const TOGETHER: usize = 128;
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
    /// Over so many connections of their own. Ends when it is dropped.
    pub fn over(connections: [ConnectionManager; LANES], replicas: Replicas) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        for connection in connections {
            tokio::spawn(write(connection, waiting.clone(), replicas));
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

async fn write(mut connection: ConnectionManager, waiting: Arc<Mutex<mpsc::Receiver<Write>>>, replicas: Replicas) {
    loop {
        let mut together = Vec::new();
        if waiting.lock().await.recv_many(&mut together, TOGETHER).await == 0 {
            return;
        }
        let answers = at_once(&mut connection, &together, replicas).await;
        for (write, answer) in together.into_iter().zip(answers) {
            // Nobody there any more: whoever asked was dropped.
            let _ = write.answer.send(answer);
        }
    }
}

async fn at_once(connection: &mut ConnectionManager, together: &[Write], replicas: Replicas) -> Vec<RedisResult<Value>> {
    let mut pipe = redis::pipe();
    pipe.ignore_errors();
    for write in together {
        pipe.add_command(write.cmd.clone());
    }
    if let Some(first) = together.first() {
        pipe.add_command(mark(&first.key));
    }
    pipe.cmd("WAIT").arg(replicas.n).arg(replicas.within_ms);
    let mut answers: Vec<RedisResult<Value>> = match pipe.query_async(connection).await {
        Ok(answers) => answers,
        Err(error) => return together.iter().map(|_| Err(error.clone())).collect(),
    };
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
