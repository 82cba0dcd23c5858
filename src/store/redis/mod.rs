//! The store in Redis (7.0 or newer): several nodes share it.
//!
//! 256 virtual shards (see `keys.rs`); every change is one script over the keys of one shard, so it is kept whole or not at all, in a
//! cluster too. Nodes share the shards by leases with a fence; whatever a script must compare (etag, epoch, fence) it compares itself.
//! Two shared connections: one for turns, one for looking over the shards, so that a long answer never stands before a turn.
//!
//! Nothing is repeated by itself but a script that the server does not know, and, once and where the connection broke, what knows its
//! own repeats: reads, a commit (by its etag), a settle (by the count of attempts), a receipt (by its rank). A time-out says nothing
//! about whether the command ran; the caller may repeat the same.

mod keys;
mod leases;
mod reseal;
mod scripts;
mod sweep;

use std::time::Duration;

use redis::{
    AsyncCommands, Client, ErrorKind, RedisError,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

use self::{
    keys::Shard,
    scripts::{Call, Scripts, over},
};
use super::{
    codec,
    contract::{Begin, Committed, Cursor, Receipted, SentState, StoreError},
    erase::RawErase,
    raw::{self, RawBegin, RawCommit, RawItem, RawSettle, Settled},
};
use crate::{
    base::{
        clock::Clock,
        id::{ConversationId, OutboxId, RevisionId},
    },
    channel::Delivery,
};

/// How long one command may take: an `appendfsync always` that waits for a rewrite stayed below 100 ms.
const RESPONSE: Duration = Duration::from_secs(2);
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(1);
/// Tries at connecting again before a command that waits for it gives up: providers would rather hear 503 than wait.
const RECONNECTS: usize = 2;
/// Pause between them at most.
const RECONNECT_PAUSE: Duration = Duration::from_millis(200);
/// Difference to Redis's clock that is worth a warning, in ms.
const SKEW_MS: i64 = 2_000;

/// A Redis.
pub struct Redis {
    turns: ConnectionManager,
    looks: ConnectionManager,
    scripts: Scripts,
    clock: Clock,
}

/// Whatever went wrong, the store could not do it: by kind and code, never by what was sent.
fn unavailable(error: RedisError) -> StoreError {
    let what = if error.is_timeout() { "no answer in time" } else { error.category() };
    StoreError::Unavailable(match error.code() {
        Some(code) if !what.is_empty() => format!("redis: {what} ({code})"),
        Some(code) => format!("redis: {code}"),
        None => format!("redis: {what}"),
    })
}

impl Redis {
    /// Connects, checks that the database is ours, and gives warnings about settings that can lose messages.
    ///
    /// # Errors
    /// [`StoreError::Configuration`] where the URL, the password, the layout or the index key is wrong.
    pub async fn open(url: &str, mark: &str, clock: Clock) -> Result<(Self, Vec<String>), StoreError> {
        if url.starts_with("rediss") {
            // Fails only where one is installed already, which serves as well.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let refused = |error: RedisError| match error.kind() {
            ErrorKind::InvalidClientConfig | ErrorKind::AuthenticationFailed => {
                StoreError::Configuration(format!("the store's URL does not serve: {}", error.category()))
            }
            _ => unavailable(error),
        };
        let client = Client::open(url).map_err(refused)?;
        let config = || {
            ConnectionManagerConfig::new()
                .set_response_timeout(Some(RESPONSE))
                .set_connection_timeout(Some(CONNECT))
                .set_number_of_retries(RECONNECTS)
                .set_max_delay(RECONNECT_PAUSE)
        };
        let turns = ConnectionManager::new_with_config(client.clone(), config()).await.map_err(refused)?;
        let looks = ConnectionManager::new_with_config(client, config()).await.map_err(refused)?;
        let redis = Self { turns, looks, scripts: Scripts::new(), clock };
        redis.check_ours(mark).await?;
        let warnings = redis.warnings().await?;
        Ok((redis, warnings))
    }

    async fn check_ours(&self, mark: &str) -> Result<(), StoreError> {
        for (name, value, otherwise) in [
            ("layout", keys::LAYOUT, "it was laid out by another version of intake"),
            ("index key", mark, "it was written with another index key: give the key file that belongs to it"),
        ] {
            let mut pipe = redis::pipe();
            pipe.cmd("HSETNX").arg(keys::META).arg(name).arg(value).ignore();
            pipe.cmd("HGET").arg(keys::META).arg(name);
            let (kept,): (String,) = pipe.query_async(&mut self.looks.clone()).await.map_err(unavailable)?;
            if kept != value {
                return Err(StoreError::Configuration(format!("this Redis database cannot be used: {otherwise}")));
            }
        }
        Ok(())
    }

    /// What an operator should know about this server. A server that does not tell (`CONFIG` is often forbidden) is told so.
    async fn warnings(&self) -> Result<Vec<String>, StoreError> {
        let mut warnings = Vec::new();
        let mut connection = self.looks.clone();
        let info: String = redis::cmd("INFO").arg("server").query_async(&mut connection).await.unwrap_or_default();
        let version = info.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap_or_default().trim();
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        if major.is_none_or(|major| major < 7) {
            warnings.push(format!("redis is of version `{version}`; intake is made for 7.0 and newer"));
        }
        for (setting, fit, otherwise) in [
            ("maxmemory-policy", ["noeviction"].as_slice(), "redis may drop conversations when memory is short; set `noeviction`"),
            ("appendonly", &["yes"], "what was acknowledged is lost when redis restarts; set `appendonly yes`"),
            ("appendfsync", &["always"], "a power cut loses up to a second or two of acknowledged messages; set `appendfsync always`"),
        ] {
            let kept: Result<Vec<String>, RedisError> = redis::cmd("CONFIG").arg("GET").arg(setting).query_async(&mut connection).await;
            match kept.as_deref().map(<[String]>::last) {
                Ok(Some(value)) if fit.contains(&value.as_str()) => {}
                Ok(Some(value)) => warnings.push(format!("redis has `{setting} {value}`: {otherwise}")),
                Ok(None) | Err(_) => warnings.push(format!("redis does not tell its `{setting}`; it should be `{}`", fit.join("` or `"))),
            }
        }
        let (seconds, micros): (i64, i64) = redis::cmd("TIME").query_async(&mut connection).await.map_err(unavailable)?;
        let skew_ms = seconds.saturating_mul(1_000).saturating_add(micros / 1_000).saturating_sub(self.clock.now().as_millisecond());
        if skew_ms.abs() > SKEW_MS {
            warnings.push(format!("redis's clock and this machine's differ by {skew_ms} ms; keep both by NTP"));
        }
        Ok(warnings)
    }

    pub async fn load(&self, id: &ConversationId) -> Result<Option<Vec<u8>>, StoreError> {
        over(|| async { self.turns.clone().get(keys::conversation(id)).await }).await
    }

    pub async fn alias(&self, id: &ConversationId) -> Result<Option<ConversationId>, StoreError> {
        let target: Option<String> = over(|| async { self.turns.clone().get(keys::alias(id)).await }).await?;
        Ok(target.map(ConversationId))
    }

    pub async fn alias_and_load(&self, id: &ConversationId) -> Result<(Option<ConversationId>, Option<Vec<u8>>), StoreError> {
        let mut pipe = redis::pipe();
        pipe.cmd("GET").arg(keys::alias(id)).cmd("GET").arg(keys::conversation(id));
        let found = over(|| async { pipe.query_async(&mut self.turns.clone()).await }).await;
        let (target, stored): (Option<String>, Option<Vec<u8>>) = found?;
        Ok((target.map(ConversationId), stored))
    }

    pub async fn put_alias(&self, id: &ConversationId, target: &ConversationId) -> Result<(), StoreError> {
        let _: bool = self.turns.clone().set_nx(keys::alias(id), target.as_str()).await.map_err(unavailable)?;
        Ok(())
    }

    pub async fn commit(&self, commit: RawCommit) -> Result<Committed, StoreError> {
        let shard = Shard(keys::shard_of(&commit.id));
        let mut all = keys::seven(&commit.id);
        all.push(shard.wakes());
        all.extend(commit.items.iter().map(|item| shard.sent(&item.id)));
        let mut call = Call::new(&self.scripts.commit, &all)
            .arg(commit.expected.as_ref().map_or(&[][..], <[u8; 16]>::as_slice))
            .arg(&commit.value)
            .arg(commit.id.as_str())
            .arg(commit.wake_ms.map(|ms| ms.to_string()).unwrap_or_default())
            .arg(&commit.journal)
            .arg(u8::from(commit.cancel_waiting))
            .arg(commit.now_ms);
        for item in &commit.items {
            call = call.arg(item.id.as_str()).arg(waiting_line(item)).arg(&item.value);
        }
        match call.run_over(&self.turns).await? {
            0 => Ok(Committed::Stale),
            _ => Ok(Committed::Done),
        }
    }

    pub async fn erase(&self, erase: RawErase) -> Result<Committed, StoreError> {
        let mut all = keys::seven(&erase.id);
        all.push(Shard(keys::shard_of(&erase.id)).wakes());
        let call = Call::new(&self.scripts.erase, &all)
            .arg(&erase.expected[..])
            .arg(erase.tombstone.unwrap_or_default())
            .arg(erase.id.as_str())
            .arg(erase.journal.unwrap_or_default());
        match call.run_over(&self.turns).await? {
            0 => Ok(Committed::Stale),
            _ => Ok(Committed::Done),
        }
    }

    pub async fn begin(&self, begin: &RawBegin) -> Result<Begin, StoreError> {
        let mut all = keys::seven(&begin.conversation);
        all.push(Shard(begin.shard.0).owner());
        let begun = Call::new(&self.scripts.begin, &all)
            .arg(begin.shard.1)
            .arg(begin.id.as_str())
            .arg(begin.n_attempts)
            .arg(begin.epoch.map(|epoch| epoch.to_be_bytes().to_vec()).unwrap_or_default())
            .arg(begin.now_ms)
            .arg(begin.under_way_until_ms)
            .run(&self.looks)
            .await?;
        Ok(match begun {
            1 => Begin::Go,
            2 => Begin::Superseded,
            _ => Begin::NotOurs,
        })
    }

    pub async fn settle(&self, settle: &RawSettle) -> Result<(), StoreError> {
        let shard = Shard(settle.shard.0);
        let mut all = keys::seven(&settle.conversation);
        all.push(shard.owner());
        all.push(shard.sent(&settle.id));
        let accepted = codec::state_word(SentState::Delivery(Delivery::Accepted));
        let (what, again_ms, word, code) = match &settle.settled {
            Settled::Accepted => ("accepted", 0, accepted, ""),
            Settled::Delivered => ("delivered", 0, "", ""),
            Settled::Again { at_ms, ambiguous: false } => ("retry", *at_ms, "", ""),
            Settled::Again { at_ms, ambiguous: true } => ("ambiguous", *at_ms, "", ""),
            Settled::Failed { reason, code } => {
                ("failed", 0, codec::state_word(SentState::Delivery(Delivery::Failed(*reason))), code.as_str())
            }
        };
        Call::new(&self.scripts.settle, &all)
            .arg(settle.shard.1)
            .arg(settle.id.as_str())
            .arg(settle.n_attempts)
            .arg(what)
            .arg(settle.now_ms)
            .arg(again_ms)
            .arg(word)
            .arg(code)
            .arg(raw::SENT_LEDGER_S)
            .arg(raw::RANK_FAILED)
            .run_over(&self.looks)
            .await
            .map(|_| ())
    }

    pub async fn receipt(
        &self,
        id: &OutboxId,
        conversation: &ConversationId,
        delivery: Delivery,
        at_ms: i64,
    ) -> Result<Receipted, StoreError> {
        let mut all = keys::seven(conversation);
        all.push(Shard(keys::shard_of(conversation)).sent(id));
        let moved: i64 = Call::new(&self.scripts.receipt, &all)
            .arg(id.as_str())
            .arg(raw::rank(delivery))
            .arg(codec::state_word(SentState::Delivery(delivery)))
            .arg(at_ms)
            .arg(raw::SENT_LEDGER_S)
            .arg(raw::RANK_FAILED)
            .run_over(&self.turns)
            .await?;
        Ok(match moved {
            1 => Receipted::Forward,
            2 => Receipted::Known,
            _ => Receipted::NoChange,
        })
    }

    pub async fn set_aside(&self, id: &OutboxId, until_ms: i64) -> Result<(), StoreError> {
        let Some(conversation) = id.conversation() else { return Ok(()) };
        let call = Call::new(&self.scripts.set_aside, &keys::seven(&conversation));
        call.arg(id.as_str()).arg(until_ms).run(&self.looks).await.map(|_| ())
    }

    pub async fn trim(&self, through: &Cursor) -> Result<(), StoreError> {
        let (ms, nth) = sweep::place(through);
        let from = format!("{ms}-{}", nth.saturating_add(1));
        let mut trim = redis::cmd("XTRIM");
        trim.arg(Shard(through.shard).journal()).arg("MINID").arg(from);
        let _: i64 = trim.query_async(&mut self.looks.clone()).await.map_err(unavailable)?;
        Ok(())
    }

    pub async fn fault(&self, stored: &[u8]) -> Result<(), StoreError> {
        // Any shard serves: spread by chance.
        let shard = Shard(u16::from(self.clock.random::<1>()[0]));
        let mut add = redis::cmd("XADD");
        add.arg(shard.journal()).arg("*").arg("v").arg(stored);
        let _: String = add.query_async(&mut self.turns.clone()).await.map_err(unavailable)?;
        Ok(())
    }

    pub async fn put_revision(&self, id: &RevisionId, stored: &[u8]) -> Result<(), StoreError> {
        let _: bool = over(|| async { self.looks.clone().set_nx(keys::revision(id), stored).await }).await?;
        Ok(())
    }

    pub async fn revision(&self, id: &RevisionId) -> Result<Option<Vec<u8>>, StoreError> {
        over(|| async { self.looks.clone().get(keys::revision(id)).await }).await
    }

    pub async fn put_small(&self, key: &str, stored: &[u8], ttl_s: u64) -> Result<(), StoreError> {
        over(|| async { self.turns.clone().set_ex(keys::small(key), stored, ttl_s).await }).await
    }

    pub async fn small(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        over(|| async { self.turns.clone().get(keys::small(key)).await }).await
    }

    pub async fn drop_small(&self, key: &str) -> Result<(), StoreError> {
        self.turns.clone().del(keys::small(key)).await.map_err(unavailable)
    }

    pub async fn count(&self, key: &str, window_s: u64) -> Result<u64, StoreError> {
        let n = Call::new(&self.scripts.count, &[keys::count(key)]).arg(window_s).run(&self.turns).await?;
        Ok(u64::try_from(n).unwrap_or(0))
    }

    pub async fn ping(&self) -> Result<(), StoreError> {
        let ping = redis::cmd("PING");
        let (mut turns, mut looks) = (self.turns.clone(), self.looks.clone());
        let both = tokio::join!(ping.query_async::<String>(&mut turns), ping.query_async::<String>(&mut looks));
        both.0.and(both.1).map(|_| ()).map_err(unavailable)
    }
}

/// An item's line in its conversation's list: class, whether STOP stops it, when it was decided, id.
fn waiting_line(item: &RawItem) -> String {
    let class = if item.interactive { 'i' } else { 'b' };
    let stop = if item.stoppable { 's' } else { 'n' };
    format!("{class} {stop} {} {}", item.decided_ms, item.id)
}
