//! The scripts, and calling them: by hash, loaded again where the server does not know them, and repeated for no other reason.

use redis::{RedisResult, Script, aio::ConnectionManager};

use super::unavailable;
use crate::store::contract::StoreError;

/// All of them.
pub struct Scripts {
    /// Keeps a turn.
    pub commit: Script,
    /// Notes an attempt.
    pub begin: Script,
    /// Keeps what came of it.
    pub settle: Script,
    /// Keeps a provider's word.
    pub receipt: Script,
    /// Puts an item off.
    pub set_aside: Script,
    /// Renews or gives up a lease.
    pub lease: Script,
    /// Says that a node lives.
    pub nodes: Script,
    /// Counts within a window.
    pub count: Script,
    /// Puts a value in the place of another.
    pub replace: Script,
    /// Erases a conversation.
    pub erase: Script,
}

impl Scripts {
    /// The scripts as they are compiled in.
    pub fn new() -> Self {
        let with_common = |own: &str| Script::new(&format!("{}\n{own}", include_str!("common.lua")));
        Self {
            commit: with_common(include_str!("commit.lua")),
            begin: with_common(include_str!("begin.lua")),
            settle: with_common(include_str!("settle.lua")),
            receipt: with_common(include_str!("receipt.lua")),
            set_aside: with_common(include_str!("set_aside.lua")),
            lease: Script::new(include_str!("lease.lua")),
            nodes: Script::new(include_str!("nodes.lua")),
            count: Script::new(include_str!("count.lua")),
            replace: Script::new(include_str!("replace.lua")),
            erase: with_common(include_str!("erase.lua")),
        }
    }
}

/// One call of a script.
pub struct Call<'a> {
    invocation: redis::ScriptInvocation<'a>,
}

impl<'a> Call<'a> {
    /// A call with its keys.
    pub fn new<'k>(script: &'a Script, keys: impl IntoIterator<Item = &'k String>) -> Self {
        let mut invocation = script.prepare_invoke();
        for key in keys {
            invocation.key(key);
        }
        Self { invocation }
    }

    /// With one argument more.
    pub fn arg(mut self, arg: impl redis::ToRedisArgs) -> Self {
        self.invocation.arg(arg);
        self
    }

    /// Runs it once. Every script answers with a number.
    pub async fn run(self, connection: &ConnectionManager) -> Result<i64, StoreError> {
        self.invocation.invoke_async(&mut connection.clone()).await.map_err(unavailable)
    }

    /// Runs it, and once more where the connection broke: for scripts that know their own repeats.
    pub async fn run_over(self, connection: &ConnectionManager) -> Result<i64, StoreError> {
        over(|| async { self.invocation.invoke_async(&mut connection.clone()).await }).await
    }
}

/// Does something that may be done twice, and does it again, once, where the connection broke under it: one that was idle for long is
/// often cut by what lies between, and the manager only connects again when asked.
pub async fn over<T, F: Future<Output = RedisResult<T>>>(what: impl Fn() -> F) -> Result<T, StoreError> {
    match what().await {
        Err(error) if error.is_io_error() && !error.is_timeout() => what().await.map_err(unavailable),
        other => other.map_err(unavailable),
    }
}

/// Runs one script many times in one round trip: each with its one key and its arguments.
pub async fn run_many(script: &Script, calls: &[(String, Vec<String>)], connection: &ConnectionManager) -> Result<Vec<i64>, StoreError> {
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    let mut pipe = redis::pipe();
    for (key, args) in calls {
        pipe.cmd("EVALSHA").arg(script.get_hash()).arg(1).arg(key).arg(args);
    }
    let mut connection = connection.clone();
    match pipe.query_async(&mut connection).await {
        Err(error) if error.kind() == redis::ErrorKind::Server(redis::ServerErrorKind::NoScript) => {
            script.load_async(&mut connection).await.map_err(unavailable)?;
            pipe.query_async(&mut connection).await.map_err(unavailable)
        }
        other => other.map_err(unavailable),
    }
}
