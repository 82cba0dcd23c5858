//! The store in Redis (7.0 or newer): several nodes share it.
//!
//! 256 virtual shards (see `keys.rs`); every change is one script over the keys of one shard, so it is kept whole or not at all, in a
//! cluster too. `link.rs` knows the masters and sends everything to the right one. Nodes share the shards by leases with a fence; whatever a script must compare (etag, epoch, fence) it compares itself.
//! Writes that something relies on gather and share a sync (`writes.rs`). Beside them two shared connections to each master: one for
//! what turns read, one for looking over the shards, so that a long answer never stands before a turn.
//!
//! Nothing is repeated by itself but a script that the server does not know, and, once and where the connection broke, what knows its
//! own repeats: reads, a commit (by its etag), a settle (by the count of attempts), a receipt (by its rank). A time-out says nothing
//! about whether the command ran; the caller may repeat the same.

mod checks;
mod keys;
mod leases;
mod link;
mod masters;
mod node;
mod paces;
mod place;
mod reseal;
mod scripts;
mod sweep;
mod writes;

use std::sync::atomic::{AtomicBool, AtomicU16};

use redis::{Cmd, ErrorKind, RedisError, RedisResult, SetExpiry, SetOptions};

use self::{
    keys::Shard,
    link::{Lane, Link, Repeat},
    place::Place,
    scripts::{Call, Scripts},
    writes::is_too_few,
};
use super::{
    codec,
    contract::{Begin, Cursor, Etag, Receipted, SentState, StoreError},
    erase::RawErase,
    raw::{self, Again, RawBegin, RawCommit, RawCommitted, RawItem, RawSettle, Settled},
};
use crate::{
    base::{
        clock::Clock,
        id::{ConversationId, OutboxId, RevisionId},
    },
    channel::Delivery,
    config::Replicas,
};

/// A Redis: one server, a master that sentinels know, or a cluster.
pub struct Redis {
    link: Link,
    scripts: Scripts,
    clock: Clock,
    /// Nodes of intake counted last; 0: not yet.
    n_nodes: AtomicU16,
    /// Whether this node has taken its first leases.
    has_held: AtomicBool,
}

/// Why it cannot be opened.
fn refused(error: RedisError) -> StoreError {
    match error.kind() {
        ErrorKind::MasterNameNotFoundBySentinel => {
            StoreError::Configuration("the sentinels of the store's URL know no master of the name behind their addresses".to_owned())
        }
        ErrorKind::ClusterConnectionNotFound => StoreError::Configuration(
            "the servers of the store's URL are no cluster: `cluster-enabled` is off there; a single server's URL begins with `redis://`"
                .to_owned(),
        ),
        ErrorKind::InvalidClientConfig | ErrorKind::AuthenticationFailed => {
            StoreError::Configuration(format!("the store's URL does not serve: {}", error.category()))
        }
        _ => unavailable(error),
    }
}

/// Whatever went wrong, the store could not do it: by kind and code, never by what was sent.
fn unavailable(error: RedisError) -> StoreError {
    if is_too_few(&error) {
        return StoreError::Unavailable("redis: written, but too few replicas had it in time".to_owned());
    }
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
    pub async fn open(url: &str, replicas: Option<Replicas>, mark: &str, clock: Clock) -> Result<(Self, Vec<String>), StoreError> {
        let place = Place::of(url)?;
        if place.by_tls() {
            // Fails only where one is installed already, which serves as well.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let link = Link::open(place, replicas).await.map_err(refused)?;
        let redis = Self { link, scripts: Scripts::new(), clock, n_nodes: AtomicU16::new(0), has_held: AtomicBool::new(false) };
        let warnings = redis.check(mark).await?;
        Ok((redis, warnings))
    }

    async fn get<T: redis::FromRedisValue>(&self, lane: Lane, key: &str) -> Result<T, StoreError> {
        self.link.one(lane, key, &Cmd::get(key), Repeat::Once).await.map_err(unavailable)
    }

    pub async fn load(&self, id: &ConversationId) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(Lane::Turns, &keys::conversation(id)).await
    }

    pub async fn alias_and_load(&self, id: &ConversationId) -> Result<(Option<ConversationId>, Option<Vec<u8>>), StoreError> {
        let key = keys::alias(id);
        let mut both = redis::pipe();
        both.get(&key).get(keys::conversation(id));
        let found: RedisResult<(Option<String>, Option<Vec<u8>>)> = self.link.few(Lane::Turns, &key, both, Repeat::Once).await;
        let (target, stored) = found.map_err(unavailable)?;
        Ok((target.map(ConversationId), stored))
    }

    pub async fn put_alias(&self, id: &ConversationId, target: &ConversationId) -> Result<(), StoreError> {
        let key = keys::alias(id);
        let set = Cmd::set_nx(&key, target.as_str());
        let _: bool = self.link.kept(&key, &set, Repeat::Once).await.map_err(unavailable)?;
        Ok(())
    }

    pub async fn drop_alias(&self, id: &ConversationId, target: &ConversationId) -> Result<(), StoreError> {
        let call = Call::new(&self.scripts.drop_alias, &[keys::alias(id)]).arg(target.as_str()).kept();
        call.run_over::<i64>(&self.link, Lane::Turns).await.map(|_| ())
    }

    /// Whether the conversation still is of this version where replicas have all of it; nothing is asked where none are waited for.
    pub async fn confirm(&self, id: &ConversationId, etag: &Etag) -> Result<bool, StoreError> {
        if self.link.replicas().is_none() {
            return Ok(true);
        }
        let call = Call::new(&self.scripts.confirm, &[keys::conversation(id)]).arg(etag.as_slice()).kept();
        Ok(call.run_over::<i64>(&self.link, Lane::Turns).await? == 1)
    }

    pub async fn commit(&self, commit: RawCommit) -> Result<RawCommitted, StoreError> {
        let shard = Shard(keys::shard_of(&commit.id));
        let mut all = keys::seven(&commit.id);
        all.extend([shard.wakes(), keys::alias(&commit.id)]);
        all.extend(commit.items.iter().map(|item| shard.sent(&item.id)));
        let mut call = Call::new(&self.scripts.commit, &all)
            .arg(commit.expected.as_ref().map_or(&[][..], <[u8; 16]>::as_slice))
            .arg(&commit.value)
            .arg(commit.id.as_str())
            .arg(commit.wake_ms.map(|ms| ms.to_string()).unwrap_or_default())
            .arg(&commit.journal)
            .arg(u8::from(commit.cancel_waiting))
            .arg(commit.now_ms)
            .arg(u8::from(commit.by_address));
        for item in &commit.items {
            let first = item.band.number() * sweep::BAND + item.decided_ms;
            call = call.arg(item.id.as_str()).arg(waiting_line(item)).arg(&item.value).arg(first);
        }
        let (committed, there): (i64, Option<Vec<u8>>) = call.kept().run_over(&self.link, Lane::Turns).await?;
        Ok(match committed {
            0 => RawCommitted::Stale(there),
            3 => RawCommitted::Moved,
            _ => RawCommitted::Done,
        })
    }

    pub async fn erase(&self, erase: RawErase) -> Result<bool, StoreError> {
        let mut all = keys::seven(&erase.id);
        all.push(Shard(keys::shard_of(&erase.id)).wakes());
        let call = Call::new(&self.scripts.erase, &all)
            .arg(&erase.expected[..])
            .arg(erase.tombstone.unwrap_or_default())
            .arg(erase.id.as_str())
            .arg(erase.journal.unwrap_or_default());
        Ok(call.kept().run_over::<i64>(&self.link, Lane::Turns).await? != 0)
    }

    pub async fn begin(&self, begin: &RawBegin) -> Result<Begin, StoreError> {
        let mut all = keys::seven(&begin.conversation);
        all.push(Shard(begin.shard.0).owner());
        let begun: i64 = Call::new(&self.scripts.begin, &all)
            .arg(begin.shard.1)
            .arg(begin.id.as_str())
            .arg(begin.n_attempts)
            .arg(begin.epoch.map(|epoch| epoch.to_be_bytes().to_vec()).unwrap_or_default())
            .arg(begin.now_ms)
            .arg(begin.under_way_until_ms)
            .kept()
            .run(&self.link, Lane::Looks)
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
            Settled::Again { at_ms, how: Again::Refused } => ("retry", *at_ms, "", ""),
            Settled::Again { at_ms, how: Again::Throttled } => ("throttled", *at_ms, "", ""),
            Settled::Again { at_ms, how: Again::Ambiguous } => ("ambiguous", *at_ms, "", ""),
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
            .kept()
            .run_over::<i64>(&self.link, Lane::Looks)
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
            .kept()
            .run_over(&self.link, Lane::Turns)
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
        call.arg(id.as_str()).arg(until_ms).run::<i64>(&self.link, Lane::Looks).await.map(|_| ())
    }

    /// All in one round trip: the file is synced once for all of them.
    pub async fn trim(&self, through: &[Cursor]) -> Result<(), StoreError> {
        let trim = |cursor: &Cursor| {
            let (ms, nth) = sweep::place(cursor);
            let (key, mut trim) = (Shard(cursor.shard).journal(), redis::cmd("XTRIM"));
            trim.arg(&key).arg("MINID").arg(format!("{ms}-{}", nth.saturating_add(1)));
            (key, trim)
        };
        let trims: Vec<(String, Cmd)> = through.iter().map(trim).collect();
        for trimmed in self.link.many(Lane::Looks, &trims).await {
            trimmed.map_err(unavailable)?;
        }
        Ok(())
    }

    pub async fn fault(&self, stored: &[u8]) -> Result<(), StoreError> {
        // Any shard serves: spread by chance.
        let shard = Shard(u16::from(self.clock.random::<1>()[0]));
        let mut add = redis::cmd("XADD");
        let key = shard.journal();
        add.arg(&key).arg("*").arg("v").arg(stored);
        let _: String = self.link.kept(&key, &add, Repeat::Never).await.map_err(unavailable)?;
        Ok(())
    }

    pub async fn put_revision(&self, id: &RevisionId, stored: &[u8]) -> Result<(), StoreError> {
        let key = keys::revision(id);
        let _: bool = self.link.kept(&key, &Cmd::set_nx(&key, stored), Repeat::Once).await.map_err(unavailable)?;
        Ok(())
    }

    pub async fn revision(&self, id: &RevisionId) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(Lane::Looks, &keys::revision(id)).await
    }

    pub async fn put_small(&self, key: &str, stored: &[u8], ttl_s: u64) -> Result<(), StoreError> {
        let key = keys::small(key);
        let set = Cmd::set_options(&key, stored, SetOptions::default().with_expiration(SetExpiry::EX(ttl_s)));
        self.link.one(Lane::Turns, &key, &set, Repeat::Once).await.map_err(unavailable)
    }

    pub async fn small(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(Lane::Turns, &keys::small(key)).await
    }

    pub async fn drop_small(&self, key: &str) -> Result<(), StoreError> {
        let key = keys::small(key);
        self.link.one(Lane::Turns, &key, &Cmd::del(&key), Repeat::Once).await.map_err(unavailable)
    }

    pub async fn count(&self, key: &str, window_s: u64) -> Result<u64, StoreError> {
        let n: i64 = Call::new(&self.scripts.count, &[keys::count(key)]).arg(window_s).run(&self.link, Lane::Turns).await?;
        Ok(u64::try_from(n).unwrap_or(0))
    }

    /// Whether there is a master that answers on every connection: one of several that is away costs its own conversations only.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.link.anywhere(&redis::cmd("PING")).await.map_err(unavailable)
    }
}

/// An item's line in its conversation's list: band, whether STOP stops it, when it was decided, id.
fn waiting_line(item: &RawItem) -> String {
    let stop = if item.stoppable { 's' } else { 'n' };
    format!("{} {stop} {} {}", item.band.number(), item.decided_ms, item.id)
}
