//! What outlives the process. IO.
//!
//! Three stores, one contract: Redis in production, embedded in one SQLite file, in memory for tests,
//! `chat` and the simulator. The contract hides shards: callers see conversations, an outbox, wakes and a journal.
//!
//! ```text
//! Store ──codec (postcard, sealed, header in the clear)──▶ raw ──▶ redis (256 shards, Lua) │ embedded (one SQLite file) │ memory
//! ```
//! Twelve rules hold it (`docs/architecture.md`): the version of a conversation is a random etag; one commit keeps conversation, outbox,
//! wake and journal together or not at all; keys are keyed hashes; every private value is sealed. The stores behind the front see
//! ids, times, classes and sealed bytes, never a value.

mod alias;
mod back;
pub mod between;
pub mod codec;
pub mod contract;
pub mod embedded;
mod erase;
mod lane;
pub mod memory;
pub mod pace;
pub mod raw;
mod recent;
pub mod redis;
pub mod reseal;
mod single;

use std::{fmt, sync::Arc};

pub use contract::{
    Begin, Commit, Committed, Cursor, Due, Entry, Etag, Held, Line, Load, Loaded, OutboxItem, Pending, Receipted, Said, SentState,
    Settlement, StoreError, TurnEntry,
};
use jiff::Timestamp;
pub use lane::{Band, Lane, N_LANES};
pub use pace::{Grant, Pace, Pair, Want};
use tokio::sync::Notify;

use self::{
    back::Back,
    codec::{Header, Kind},
    embedded::Embedded,
    memory::Memory,
    raw::{Again, RawBegin, RawBody, RawCommit, RawCommitted, RawItem, RawLine, RawReady, RawSettle, Settled},
    recent::Recent,
    redis::Redis,
};
use crate::{
    base::{
        Address,
        clock::Clock,
        id::{ConversationId, OutboxId, RevisionId},
    },
    channel::Receipt,
    config::Replicas,
    engine::Fence,
    flow::Bundle,
    security::Sealer,
};

/// The store, whichever it is. Cheap to clone; all clones are the same store.
#[derive(Clone)]
pub struct Store(Arc<Shared>);

struct Shared {
    back: Back,
    sealer: Sealer,
    clock: Clock,
    hint: Notify,
    recent: Recent,
    /// Pairs of ids that lead to one conversation: the second, and when that was found.
    joined: Recent,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0.back {
            Back::Redis(_) => "Store(redis)",
            Back::Embedded(_) => "Store(sqlite)",
            Back::Memory(..) => "Store(memory)",
        })
    }
}

impl Store {
    /// Opens the store of a URL: `sqlite:PATH`, `redis://…`, `rediss://…`, `unix:PATH` (Redis by a socket) or `memory:`. With it come
    /// warnings for the operator: settings of a Redis under which acknowledged messages may be lost.
    ///
    /// # Errors
    /// [`StoreError::Configuration`] where the URL is none of these, the SQLite file is served by another process, or the store was
    /// made with another index key; [`StoreError::Unavailable`] where it cannot be reached.
    pub async fn open(url: &str, sealer: Sealer, clock: Clock) -> Result<(Self, Vec<String>), StoreError> {
        Self::open_replicated(url, None, sealer, clock).await
    }

    /// The same, where a Redis must have replicas that take part in whatever is acknowledged.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_replicated(
        url: &str,
        replicas: Option<Replicas>,
        sealer: Sealer,
        clock: Clock,
    ) -> Result<(Self, Vec<String>), StoreError> {
        let mark = hex::encode(sealer.keyed_hash("store", b"index key"));
        let scheme = url.split(':').next().unwrap_or_default();
        let (back, warnings) = match scheme {
            "memory" => (Back::Memory(Memory::default(), clock.clone()), Vec::new()),
            "sqlite" => {
                let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
                (Back::Embedded(Embedded::open(path, &mark, clock.clone()).await?), Vec::new())
            }
            "redis" | "rediss" | "redis+unix" | "unix" | "redis-cluster" | "rediss-cluster" | "redis-sentinel" | "rediss-sentinel"
            | "redis+cluster" | "rediss+cluster" | "redis+sentinel" | "rediss+sentinel" => {
                let (redis, warnings) = Redis::open(url, replicas, &mark, clock.clone()).await?;
                (Back::Redis(redis), warnings)
            }
            _ => {
                return Err(StoreError::Configuration(format!(
                    "`{scheme}:` is no store; write `sqlite:intake.db`, `redis://127.0.0.1:6379/0`, `rediss://…`, \
                     `redis-cluster://…`, `redis-sentinel://…` or `memory:`"
                )));
            }
        };
        Ok((
            Self(Arc::new(Shared {
                back,
                sealer,
                clock,
                hint: Notify::new(),
                recent: Recent::new(recent::RECENT_BYTES),
                joined: Recent::new(recent::JOINED_BYTES),
            })),
            warnings,
        ))
    }

    /// A front of its own over a store in memory: several of them are several processes with one store.
    pub fn of_memory(memory: Memory, sealer: Sealer, clock: Clock) -> Self {
        Self(Arc::new(Shared {
            back: Back::Memory(memory, clock.clone()),
            sealer,
            clock,
            hint: Notify::new(),
            recent: Recent::new(recent::RECENT_BYTES),
            joined: Recent::new(recent::JOINED_BYTES),
        }))
    }

    /// Ends writing and lets go of the file, so that it can be opened again in this process. What was acknowledged is durable
    /// without it. Afterwards every operation of an embedded store is [`StoreError::Unavailable`].
    pub async fn close(&self) {
        match &self.0.back {
            Back::Embedded(embedded) => embedded.close().await,
            Back::Redis(_) | Back::Memory(..) => {}
        }
    }

    /// Rung in this process whenever something may be ready in the outbox, so that the sender need not wait for its next look.
    /// One waiter; a ring is kept for the next to wait. Only a hint: other processes do not hear it.
    pub fn work_hint(&self) -> &Notify {
        &self.0.hint
    }

    /// The keyed hash of an address: its conversation's id, unless an alias leads elsewhere.
    pub fn conversation_id(&self, address: &Address) -> ConversationId {
        let hash = self.0.sealer.keyed_hash("address", address.canonical().reveal().as_bytes());
        ConversationId(hex::encode(hash))
    }

    /// The conversation, if there is one; where it was erased, its tombstone.
    pub async fn load(&self, id: &ConversationId) -> Result<Option<Loaded>, StoreError> {
        if !is_id(id) {
            return Ok(None);
        }
        let stored = self.0.back.load(id).await?;
        stored.map(|stored| self.loaded(id, &stored)).transpose()
    }

    /// The conversation, if there is one that was not erased: for whoever shows it.
    pub async fn living(&self, id: &ConversationId) -> Result<Option<Loaded>, StoreError> {
        Ok(self.load(id).await?.filter(|loaded| !loaded.conversation.is_erased()))
    }

    fn loaded(&self, id: &ConversationId, stored: &[u8]) -> Result<Loaded, StoreError> {
        let (header, conversation) = codec::decode(&self.0.sealer, Kind::Conversation, id.as_str(), stored)?;
        Ok(Loaded { conversation, etag: header.etag })
    }

    /// The conversation as this process saw it last, without asking the store: it may have changed, even back to what it was before.
    ///
    /// Whatever is decided on it must name its etag in a commit. That nothing need be kept must be found on what [`Store::load`] gives:
    /// a repeat is acknowledged only where the first is durable.
    pub fn recall(&self, id: &ConversationId) -> Option<Loaded> {
        // Out it goes: only a confirmed answer of the store puts something there again. An error, or nobody left to hear the answer,
        // leaves nothing that may be wrong; nor does what does not open, because its key is gone from the key file.
        let stored = self.0.recent.take(id)?;
        self.loaded(id, &stored).ok()
    }

    /// Keeps a turn, at once or not at all. The same commit may be repeated where its outcome is not known.
    pub async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        let raw = self.raw_commit(commit)?;
        let has_items = !raw.items.is_empty();
        let (id, value) = (raw.id.clone(), raw.value.clone());
        match self.0.back.commit(raw).await? {
            RawCommitted::Done => {
                self.0.recent.keep(&id, value);
                if has_items {
                    self.0.hint.notify_one();
                }
                Ok(Committed::Done)
            }
            RawCommitted::Stale(None) => Ok(Committed::Stale(None)),
            RawCommitted::Stale(Some(stored)) => {
                let loaded = self.loaded(&id, &stored)?;
                self.0.recent.keep(&id, stored);
                Ok(Committed::Stale(Some(Box::new(loaded))))
            }
            RawCommitted::Moved => Ok(Committed::Moved),
        }
    }

    fn raw_commit(&self, commit: Commit) -> Result<RawCommit, StoreError> {
        let Commit { id, by_address, expected, etag, conversation, outbox, cancel_waiting, wake_at, entry } = commit;
        if !is_id(&id) {
            return Err(StoreError::Configuration(format!("`{id}` is no id of a conversation")));
        }
        let header = Header { etag, epoch: conversation.epoch };
        let mut items = Vec::with_capacity(outbox.len());
        for item in outbox {
            if item.id.conversation().as_ref() != Some(&id) {
                return Err(StoreError::Configuration(format!("outbox item `{}` is none of conversation `{id}`", item.id)));
            }
            let value = self.encode(Kind::OutboxItem, item.id.as_str(), Header { etag, epoch: item.epoch }, &item)?;
            let band = Band { class: item.purpose.class(), lane: lane_of(&item) };
            items.push(RawItem {
                id: item.id,
                band,
                stoppable: item.purpose.stopped_by_stop(),
                decided_ms: item.decided_at.as_millisecond(),
                value,
            });
        }
        let now_ms = entry.now.as_millisecond();
        Ok(RawCommit {
            by_address,
            expected,
            etag,
            epoch: header.epoch,
            value: self.encode(Kind::Conversation, id.as_str(), header, &conversation)?,
            cancel_waiting,
            wake_ms: wake_at.map(Timestamp::as_millisecond),
            journal: self.encode(Kind::JournalEntry, id.as_str(), header, &Entry::Turn(Box::new(entry)))?,
            items,
            now_ms,
            id,
        })
    }

    /// Whether the conversation still is of this version, to be asked before something is acknowledged that was kept by an earlier turn.
    /// Where commits wait for replicas, a yes says that they have that turn too.
    pub async fn confirm(&self, id: &ConversationId, etag: &Etag) -> Result<bool, StoreError> {
        self.0.back.confirm(id, etag).await
    }

    /// Takes and renews leases on a fair share of the shards for a node.
    pub async fn hold(&self, node: &str, lease_ms: u64) -> Result<Held, StoreError> {
        self.0.back.hold(node, lease_ms, &self.0.clock).await
    }

    /// Gives up a node's leases, so that others need not wait.
    pub async fn let_go(&self, node: &str) -> Result<(), StoreError> {
        self.0.back.let_go(node).await
    }

    /// Outbox items of some bands that may be begun now: of each conversation the oldest unfinished one, whose time has come; by class,
    /// then the longest due first, at most `each` of every band. What it costs goes by what it gives, not by what waits.
    ///
    /// An item that cannot be opened holds back its conversation only: it is logged and looked at again in a minute.
    pub async fn outbox(&self, held: &Held, bands: &[Band], now: Timestamp, each: usize) -> Result<Vec<Pending>, StoreError> {
        let ready = self.0.back.outbox(held, bands, now.as_millisecond(), each).await?;
        self.opened(ready, now).await
    }

    /// The same for a few conversations, whichever their bands: for those that something just happened to.
    pub async fn outbox_of(&self, held: &Held, of: &[ConversationId], now: Timestamp) -> Result<Vec<Pending>, StoreError> {
        let ready = self.0.back.outbox_of(held, of, now.as_millisecond()).await?;
        self.opened(ready, now).await
    }

    async fn opened(&self, ready: Vec<RawReady>, now: Timestamp) -> Result<Vec<Pending>, StoreError> {
        let mut pending = Vec::with_capacity(ready.len());
        for RawReady { id, shard, value, band, n_attempts, n_throttled, ambiguous } in ready {
            match codec::decode::<OutboxItem>(&self.0.sealer, Kind::OutboxItem, id.as_str(), &value) {
                Ok((_, item)) => pending.push(Pending { item, shard, band, n_attempts, n_throttled, ambiguous }),
                Err(error) => {
                    tracing::error!(outbox = %id, %error, "an outbox item cannot be opened; its conversation waits, will look again in 60 s");
                    self.0.back.set_aside(&id, now.as_millisecond().saturating_add(raw::SET_ASIDE_MS)).await?;
                }
            }
        }
        Ok(pending)
    }

    /// Puts an item that was not begun off to a time: its address has had enough for now.
    pub async fn put_off(&self, pending: &Pending, until: Timestamp) -> Result<(), StoreError> {
        self.0.back.set_aside(&pending.item.id, until.as_millisecond()).await
    }

    /// Asks for leave to send, in order: what is granted counts at once, over all nodes. `sender` is whoever has the limit at the provider.
    pub async fn grant(&self, sender: &str, pace: Pace, wants: &[Want]) -> Result<Vec<Grant>, StoreError> {
        if wants.is_empty() {
            return Ok(Vec::new());
        }
        self.0.back.grant(&self.small_key("pace", sender), pace, wants).await
    }

    /// The provider said "too many": half the rate from now on, for all nodes, and a pause where it wished for one.
    pub async fn slow(&self, sender: &str, pace: Pace, pause_ms: u64) -> Result<(), StoreError> {
        let pause_ms = i64::try_from(pause_ms).unwrap_or(pace::PAUSE_MS).min(pace::PAUSE_MS);
        self.0.back.slow(&self.small_key("pace", sender), pace, pause_ms).await
    }

    /// Notes an attempt, if the lease and the conversation's epoch still allow it.
    ///
    /// The item is then out of sight for 30 s (an event for another conversation: 5 s) or until it is settled; after that it comes back
    /// as ambiguous. An item that was stopped by STOP while an attempt was under way is finished as cancelled and gives
    /// [`Begin::Superseded`].
    pub async fn begin(&self, pending: &Pending, now: Timestamp) -> Result<Begin, StoreError> {
        let item = &pending.item;
        let under_way_ms = match item.load {
            Load::Message(_) => raw::ATTEMPT_MS,
            Load::Deliver(_) => raw::HAND_OVER_MS,
        };
        let now_ms = now.as_millisecond();
        let begun = self
            .0
            .back
            .begin(RawBegin {
                id: item.id.clone(),
                conversation: conversation_of(&item.id)?,
                shard: pending.shard,
                n_attempts: pending.n_attempts,
                epoch: match item.purpose.fence() {
                    Fence::Bot => Some(item.epoch),
                    Fence::None => None,
                },
                now_ms,
                under_way_until_ms: now_ms.saturating_add(under_way_ms),
            })
            .await?;
        if begun == Begin::Superseded {
            self.0.hint.notify_one();
        }
        Ok(begun)
    }

    /// Keeps what came of an attempt, with its line in the journal. Settling again, or after a receipt finished the item, changes
    /// nothing. That it was accepted or delivered counts whoever says so; anything else only from the node whose attempt it was.
    pub async fn settle(&self, pending: &Pending, settlement: Settlement, now: Timestamp) -> Result<(), StoreError> {
        let settled = match settlement {
            Settlement::Accepted { provider_id: _ } => Settled::Accepted,
            Settlement::Delivered => Settled::Delivered,
            Settlement::RetryAt(at) => Settled::Again { at_ms: at.as_millisecond(), how: Again::Refused },
            Settlement::ThrottledUntil(at) => Settled::Again { at_ms: at.as_millisecond(), how: Again::Throttled },
            Settlement::AmbiguousUntil(at) => Settled::Again { at_ms: at.as_millisecond(), how: Again::Ambiguous },
            Settlement::Failed { code, reason } => Settled::Failed { reason, code },
        };
        let again = matches!(settled, Settled::Again { .. });
        let id = pending.item.id.clone();
        let conversation = conversation_of(&id)?;
        let n_attempts = pending.n_attempts;
        let now_ms = now.as_millisecond();
        self.0.back.settle(RawSettle { id, conversation, shard: pending.shard, n_attempts, settled, now_ms }).await?;
        if !again {
            self.0.hint.notify_one();
        }
        Ok(())
    }

    /// Keeps a provider's word on a delivery, forward only; finishes an ambiguous item, or one whose attempt is still under way.
    ///
    /// A receipt without our token is about nothing we can name: [`Receipted::NoChange`].
    pub async fn receipt(&self, receipt: &Receipt) -> Result<Receipted, StoreError> {
        let Some(id) = &receipt.outbox else { return Ok(Receipted::NoChange) };
        let Some(conversation) = id.conversation() else { return Ok(Receipted::NoChange) };
        let receipted = self.0.back.receipt(id, &conversation, receipt.state, receipt.at.as_millisecond()).await?;
        if receipted == Receipted::Forward {
            self.0.hint.notify_one();
        }
        Ok(receipted)
    }

    /// Conversations of the held shards whose wake has come. A wake stays until a commit moves it.
    pub async fn due(&self, held: &Held, now: Timestamp, limit: usize) -> Result<Vec<Due>, StoreError> {
        self.0.back.due(held, now.as_millisecond(), limit).await
    }

    /// Lines of the held shards' journals after the given cursors (none: from the oldest kept), in order within each shard.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] only where the very first line cannot be opened; otherwise what stands before such a line in its shard
    /// is given first.
    pub async fn journal(&self, held: &Held, after: &[Cursor], limit: usize) -> Result<Vec<Line>, StoreError> {
        let mut lines: Vec<Line> = Vec::new();
        let mut broken: Option<(u16, StoreError)> = None;
        for RawLine { shard, position, conversation, body } in self.0.back.journal(held, after, limit).await? {
            if broken.as_ref().is_some_and(|(at, _)| *at == shard) {
                continue;
            }
            let entry = match body {
                RawBody::Delivery(entry) => Ok(entry),
                RawBody::Sealed(stored) => {
                    let scope = conversation.as_ref().map_or("", ConversationId::as_str);
                    codec::decode::<Entry>(&self.0.sealer, Kind::JournalEntry, scope, &stored).map(|(_, entry)| entry)
                }
            };
            let cursor = Cursor { shard, position };
            match entry {
                Ok(entry) => lines.push(Line { cursor, conversation, entry }),
                Err(error) => {
                    tracing::error!(shard, position = cursor.position, %error, "a line of the journal cannot be opened; its shard is read no further");
                    broken = Some((shard, error));
                }
            }
        }
        match broken {
            Some((_, error)) if lines.is_empty() => Err(error),
            Some(_) | None => Ok(lines),
        }
    }

    /// Drops lines up to and with each cursor: they are archived in the record.
    pub async fn trim(&self, through: &[Cursor]) -> Result<(), StoreError> {
        self.0.back.trim(through).await
    }

    /// Keeps a line about a webhook that could not be understood.
    pub async fn fault(&self, channel: &str, what: &str, now: Timestamp) -> Result<(), StoreError> {
        let entry = Entry::Fault { channel: channel.to_owned(), what: what.to_owned(), at: now };
        let stored = self.encode(Kind::JournalEntry, "", Header::default(), &entry)?;
        self.0.back.fault(stored).await
    }

    /// Keeps a revision, before the first commit that pins it. Keeping it again changes nothing.
    pub async fn put_revision(&self, id: &RevisionId, bundle: &Bundle) -> Result<(), StoreError> {
        let stored = self.encode(Kind::Revision, id.as_str(), Header::default(), bundle)?;
        self.0.back.put_revision(id, stored).await
    }

    /// A revision by its hash.
    pub async fn revision(&self, id: &RevisionId) -> Result<Option<Bundle>, StoreError> {
        let Some(stored) = self.0.back.revision(id).await? else { return Ok(None) };
        codec::decode(&self.0.sealer, Kind::Revision, id.as_str(), &stored).map(|(_, bundle)| Some(bundle))
    }

    /// Keeps a small sealed value for a time: a desk login, a draft. `kind` is part of the key.
    pub async fn put_small(&self, kind: &str, key: &str, value: &[u8], ttl_s: u64) -> Result<(), StoreError> {
        let key = self.small_key(kind, key);
        let stored = self.encode(Kind::Small, &key, Header::default(), &value)?;
        self.0.back.put_small(&key, stored, ttl_s.max(1)).await
    }

    /// A small value that has not run out.
    pub async fn small(&self, kind: &str, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let key = self.small_key(kind, key);
        let Some(stored) = self.0.back.small(&key).await? else { return Ok(None) };
        codec::decode(&self.0.sealer, Kind::Small, &key, &stored).map(|(_, value)| Some(value))
    }

    /// Drops a small value.
    pub async fn drop_small(&self, kind: &str, key: &str) -> Result<(), StoreError> {
        self.0.back.drop_small(&self.small_key(kind, key)).await
    }

    /// Counts one more within a window that begins with the first, and gives the count: throttles.
    pub async fn count(&self, kind: &str, key: &str, window_s: u64) -> Result<u64, StoreError> {
        self.0.back.count(&self.small_key(kind, key), window_s.max(1)).await
    }

    /// Items in the outbox and the age of the oldest in ms, for metrics and readiness.
    pub async fn depth(&self) -> Result<(u64, u64), StoreError> {
        let (n_items, oldest_ms) = self.0.back.depth().await?;
        let now_ms = self.0.clock.now().as_millisecond();
        let age_ms = oldest_ms.and_then(|oldest_ms| u64::try_from(now_ms.saturating_sub(oldest_ms)).ok()).unwrap_or(0);
        Ok((n_items, age_ms))
    }

    /// Whether it answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.0.back.ping().await
    }

    fn encode<T: serde::Serialize>(&self, kind: Kind, scope: &str, header: Header, value: &T) -> Result<Vec<u8>, StoreError> {
        codec::encode(&self.0.sealer, &self.0.clock, kind, scope, header, value)
    }

    /// `login:5f0c…`: what it is in the clear, which one as a keyed hash.
    fn small_key(&self, kind: &str, key: &str) -> String {
        format!("{kind}:{}", hex::encode(self.0.sealer.keyed_hash(kind, key.as_bytes())))
    }
}

fn is_id(id: &ConversationId) -> bool {
    id.as_str().len() == 32 && id.as_str().bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Hand-overs to other conversations leave through no provider, and never wait for one.
fn lane_of(item: &OutboxItem) -> Lane {
    match item.load {
        Load::Message(_) => Lane::of(&item.channel),
        Load::Deliver(_) => Lane::HAND_OVER,
    }
}

fn conversation_of(id: &OutboxId) -> Result<ConversationId, StoreError> {
    id.conversation().ok_or_else(|| StoreError::Configuration(format!("`{id}` is no id of an outbox item")))
}
