//! The scripts, and calling them: by hash, loaded again where the server does not know them, and repeated for no other reason.

use std::sync::Arc;

use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, ServerErrorKind, Value};
use sha1::{Digest, Sha1};

use super::{
    keys::slot,
    link::{Lane, Link, Node, Repeat},
    masters::may_have_changed,
    unavailable,
};
use crate::store::contract::StoreError;

/// A script: called by its hash.
pub struct Script {
    code: String,
    hash: String,
}

impl Script {
    fn new(code: &str) -> Self {
        Self { code: code.to_owned(), hash: hex::encode(Sha1::digest(code)) }
    }
}

/// All of them.
pub struct Scripts {
    /// Keeps a turn.
    pub commit: Script,
    /// Whether a conversation still is of a version.
    pub confirm: Script,
    /// Takes an alias away.
    pub drop_alias: Script,
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
    /// Grants what a sender may send, or slows it down.
    pub pace: Script,
    /// Erases a conversation.
    pub erase: Script,
}

impl Scripts {
    /// The scripts as they are compiled in.
    pub fn new() -> Self {
        let with_common = |own: &str| Script::new(&format!("{}\n{own}", include_str!("common.lua")));
        Self {
            commit: with_common(include_str!("commit.lua")),
            confirm: Script::new(include_str!("confirm.lua")),
            drop_alias: Script::new(include_str!("drop_alias.lua")),
            begin: with_common(include_str!("begin.lua")),
            settle: with_common(include_str!("settle.lua")),
            receipt: with_common(include_str!("receipt.lua")),
            set_aside: with_common(include_str!("set_aside.lua")),
            lease: Script::new(include_str!("lease.lua")),
            nodes: Script::new(include_str!("nodes.lua")),
            count: Script::new(include_str!("count.lua")),
            replace: Script::new(include_str!("replace.lua")),
            pace: Script::new(include_str!("pace.lua")),
            erase: with_common(include_str!("erase.lua")),
        }
    }
}

/// One call of a script.
pub struct Call<'a> {
    script: &'a Script,
    key: String,
    cmd: Cmd,
    kept: bool,
}

impl<'a> Call<'a> {
    /// A call with its keys, which share one slot.
    pub fn new(script: &'a Script, keys: &[String]) -> Self {
        debug_assert!(keys.iter().all(|key| keys.first().is_some_and(|first| slot(first) == slot(key))), "one script, one slot: {keys:?}");
        let mut cmd = redis::cmd("EVALSHA");
        cmd.arg(&script.hash).arg(keys.len()).arg(keys);
        Self { script, key: keys.first().cloned().unwrap_or_default(), cmd, kept: false }
    }

    /// With one argument more.
    pub fn arg(mut self, arg: impl redis::ToRedisArgs) -> Self {
        // Whatever it is, it is one argument.
        self.cmd.arg(arg);
        self
    }

    /// What it writes counts only once replicas have it, where that is asked for.
    pub const fn kept(mut self) -> Self {
        self.kept = true;
        self
    }

    /// Runs it once.
    pub async fn run<T: FromRedisValue>(self, link: &Link, lane: Lane) -> Result<T, StoreError> {
        self.sent(link, lane, Repeat::Never).await
    }

    /// Runs it, and once more where the connection broke: for scripts that know their own repeats.
    pub async fn run_over<T: FromRedisValue>(self, link: &Link, lane: Lane) -> Result<T, StoreError> {
        self.sent(link, lane, Repeat::Once).await
    }

    async fn sent<T: FromRedisValue>(self, link: &Link, lane: Lane, repeat: Repeat) -> Result<T, StoreError> {
        let call = || async {
            if self.kept { link.kept(&self.key, &self.cmd, repeat).await } else { link.one(lane, &self.key, &self.cmd, repeat).await }
        };
        match call().await {
            Err(error) if unknown(&error) => {
                let _: String = link.one(lane, &self.key, &load(self.script), Repeat::Once).await.map_err(unavailable)?;
                call().await
            }
            other => other,
        }
        .map_err(unavailable)
    }
}

fn load(script: &Script) -> Cmd {
    let mut load = redis::cmd("SCRIPT");
    load.arg("LOAD").arg(&script.code);
    load
}

/// Whether the server does not know the script: it was started anew, or took over.
fn unknown(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

/// Runs one script many times: each with its one key and its arguments. For scripts that may be run twice.
pub async fn run_many(script: &Script, calls: &[(String, Vec<String>)], link: &Link, lane: Lane) -> Result<Vec<Option<i64>>, StoreError> {
    let command = |(key, args): &(String, Vec<String>)| {
        let mut cmd = redis::cmd("EVALSHA");
        cmd.arg(&script.hash).arg(1).arg(key).arg(args);
        (key.clone(), cmd)
    };
    let commands: Vec<(String, Cmd)> = calls.iter().map(command).collect();
    let mut answers = link.many(lane, &commands).await;
    let unheard: Vec<usize> =
        answers.iter().enumerate().filter(|(_, answer)| matches!(answer, Err(error) if unknown(error))).map(|(nth, _)| nth).collect();
    if !unheard.is_empty() {
        let again: Vec<(String, Cmd)> = unheard.iter().filter_map(|nth| commands.get(*nth).cloned()).collect();
        // Every server by itself has to be told; once each, though many keys of it may be among them.
        let mut told: Vec<Arc<Node>> = Vec::new();
        for node in again.iter().filter_map(|(key, _)| link.master_of(key)) {
            if !told.iter().any(|known| Arc::ptr_eq(known, &node)) {
                let _: String = node.one(lane, &load(script)).await.map_err(unavailable)?;
                told.push(node);
            }
        }
        for (nth, answer) in unheard.into_iter().zip(link.many(lane, &again).await) {
            if let Some(place) = answers.get_mut(nth) {
                *place = answer;
            }
        }
    }
    there(answers)
}

/// What came of many commands: `None` for those whose master is away, which are left for later.
///
/// # Errors
/// Where all are away, or one was refused for another reason.
pub fn there<T: FromRedisValue>(answers: Vec<RedisResult<Value>>) -> Result<Vec<Option<T>>, StoreError> {
    let (n_asked, mut n_there, mut away) = (answers.len(), 0, None);
    let mut all = Vec::with_capacity(n_asked);
    for answer in answers {
        match answer {
            Ok(value) => {
                n_there += 1;
                all.push(Some(redis::from_redis_value(value).map_err(|error| unavailable(error.into()))?));
            }
            Err(error) if may_have_changed(&error) => {
                away = Some(error);
                all.push(None);
            }
            Err(error) => return Err(unavailable(error)),
        }
    }
    match away {
        Some(error) if n_there == 0 => Err(unavailable(error)),
        Some(_) | None => Ok(all),
    }
}
