//! One server, and the connections to it.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use redis::{
    Client, Cmd, ConnectionInfo, FromRedisValue, Pipeline, RedisResult, Value,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

use super::writes::Writes;
use crate::config::Replicas;

/// Connections that writes go over, and pipelines of them beside each other. Redis reads 16 KiB of each before it syncs its file, some five
/// turns, so it takes several to share a sync among many.
const WRITING: usize = 8;
/// How long one command may take: an `appendfsync always` that waits for a rewrite stayed below 100 ms.
const RESPONSE: Duration = Duration::from_secs(2);
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(1);
/// Tries at connecting again before a command that waits for it gives up: providers would rather hear 503 than wait.
const RECONNECTS: usize = 2;
/// Pause between them at most.
const RECONNECT_PAUSE: Duration = Duration::from_millis(200);

/// Which of a server's connections: a long answer of the one never stands before a command of the other.
#[derive(Clone, Copy, Debug)]
pub enum Lane {
    /// For turns, and for what a person waits for.
    Turns,
    /// For looking over the shards, and what the loops do.
    Looks,
}

/// A server. Connections are made when first used.
pub struct Node {
    /// `10.0.0.1:7000`: for the operator.
    pub name: String,
    /// Where it was asked at.
    pub host: String,
    turns: ConnectionManager,
    looks: ConnectionManager,
    writes: OnceLock<Writes>,
    client: Client,
    replicas: Option<Replicas>,
    trouble: AtomicBool,
}

impl Node {
    /// A server by its address and settings, and what writes to it wait for.
    pub fn new(info: &ConnectionInfo, replicas: Option<Replicas>) -> RedisResult<Self> {
        let name = info.addr().to_string();
        let host = name.rsplit_once(':').map_or(name.clone(), |(host, _)| host.to_owned());
        let client = Client::open(info.clone())?;
        let (turns, looks) = (connection(&client)?, connection(&client)?);
        Ok(Self { name, host, turns, looks, writes: OnceLock::new(), client, replicas, trouble: AtomicBool::new(false) })
    }

    /// One of its connections.
    pub fn connection(&self, lane: Lane) -> ConnectionManager {
        match lane {
            Lane::Turns => self.turns.clone(),
            Lane::Looks => self.looks.clone(),
        }
    }

    /// Whether it did not answer last time.
    pub fn in_trouble(&self) -> bool {
        self.trouble.load(Ordering::Relaxed)
    }

    /// One command.
    pub async fn one<T: FromRedisValue>(&self, lane: Lane, cmd: &Cmd) -> RedisResult<T> {
        self.noted(cmd.query_async(&mut self.connection(lane)).await)
    }

    /// Several in one round trip, each with its own answer: of a pipeline that ignores errors.
    pub async fn few(&self, lane: Lane, pipe: &Pipeline) -> RedisResult<Vec<RedisResult<Value>>> {
        self.noted(pipe.query_async(&mut self.connection(lane)).await)
    }

    /// A write that what follows relies on: together with others, answered once replicas have it where that is asked for.
    pub async fn kept(&self, key: &str, cmd: &Cmd) -> RedisResult<Value> {
        let writes = match self.writes.get() {
            Some(writes) => writes,
            None => {
                let made = (0..WRITING).map(|_| connection(&self.client)).collect::<RedisResult<_>>()?;
                self.writes.get_or_init(|| Writes::over(made, self.replicas))
            }
        };
        self.noted(writes.write(key, cmd).await)
    }

    fn noted<T>(&self, answer: RedisResult<T>) -> RedisResult<T> {
        self.trouble.store(matches!(&answer, Err(error) if error.is_io_error()), Ordering::Relaxed);
        answer
    }
}

fn connection(client: &Client) -> RedisResult<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_response_timeout(Some(RESPONSE))
        .set_connection_timeout(Some(CONNECT))
        .set_number_of_retries(RECONNECTS)
        .set_max_delay(RECONNECT_PAUSE);
    ConnectionManager::new_lazy_with_config(client.clone(), config)
}
