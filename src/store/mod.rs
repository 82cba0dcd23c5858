//! What outlives the process. IO.
//!
//! Three stores, one contract: `Redis` in production, `Embedded` in one SQLite file, `Memory` for tests,
//! `chat` and the simulator. The contract hides shards: callers see conversations, an outbox, wakes and a journal.
//!
//! Twelve rules hold it (`docs/architecture.md`): the version of a conversation is a random etag; one commit keeps conversation, outbox,
//! wake and journal together or not at all; keys are keyed hashes; every private value is sealed.

pub mod contract;

pub use contract::{
    Begin, Commit, Committed, Cursor, Due, Entry, Etag, Held, Line, Load, Loaded, OutboxItem, Pending, Receipted, Said, SentState,
    Settlement, StoreError, TurnEntry,
};

use jiff::Timestamp;

use crate::{
    base::{
        Address,
        id::{ConversationId, RevisionId},
    },
    channel::Receipt,
    flow::Bundle,
};

/// The store, whichever it is. Cheap to clone; all clones are the same store.
#[derive(Clone, Debug)]
pub enum Store {
    /// Not built yet.
    None,
}

const NOT_BUILT: &str = "not built yet";

impl Store {
    /// The keyed hash of an address: its conversation's id, unless an alias leads elsewhere.
    pub fn conversation_id(&self, address: &Address) -> ConversationId {
        let _ = address;
        ConversationId(String::new())
    }

    /// The conversation an address leads to, through its alias where it has one.
    pub async fn resolve(&self, address: &Address) -> Result<ConversationId, StoreError> {
        Ok(self.conversation_id(address))
    }

    /// Makes `other` lead to the conversation of `address`, once: an alias that exists is kept.
    pub async fn alias(&self, other: &Address, address: &Address) -> Result<(), StoreError> {
        let _ = (other, address);
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }

    /// The conversation, if there is one.
    pub async fn load(&self, id: &ConversationId) -> Result<Option<Loaded>, StoreError> {
        let _ = id;
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }

    /// Keeps a turn, at once or not at all.
    pub async fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        let _ = commit;
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }

    /// Takes and renews leases on a fair share of the shards for a node.
    pub async fn hold(&self, node: &str, lease_ms: u64) -> Result<Held, StoreError> {
        let _ = (node, lease_ms);
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }

    /// Gives up a node's leases, so that others need not wait.
    pub async fn let_go(&self, node: &str) -> Result<(), StoreError> {
        let _ = node;
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }

    /// Outbox items that may be begun now: of each conversation the oldest unfinished one, whose time has come; interactive ones first.
    pub async fn outbox(&self, held: &Held, now: Timestamp, limit: usize) -> Result<Vec<Pending>, StoreError> {
        let _ = (held, now, limit);
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }

    /// Notes an attempt, if the lease and the conversation's epoch still allow it.
    pub async fn begin(&self, pending: &Pending, now: Timestamp) -> Result<Begin, StoreError> {
        let _ = (pending, now);
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }

    /// Keeps what came of an attempt, with its line in the journal.
    pub async fn settle(&self, pending: &Pending, settlement: Settlement, now: Timestamp) -> Result<(), StoreError> {
        let _ = (pending, settlement, now);
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }

    /// Keeps a provider's word on a delivery, forward only; finishes an ambiguous item.
    pub async fn receipt(&self, receipt: &Receipt) -> Result<Receipted, StoreError> {
        let _ = receipt;
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }

    /// Conversations of the held shards whose wake has come. A wake stays until a commit moves it.
    pub async fn due(&self, held: &Held, now: Timestamp, limit: usize) -> Result<Vec<Due>, StoreError> {
        let _ = (held, now, limit);
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }

    /// Lines of the held shards' journals after the given cursors (none: from the oldest kept), in order within each shard.
    pub async fn journal(&self, held: &Held, after: &[Cursor], limit: usize) -> Result<Vec<Line>, StoreError> {
        let _ = (held, after, limit);
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }

    /// Drops lines up to and with a cursor: they are archived in the record.
    pub async fn trim(&self, through: &Cursor) -> Result<(), StoreError> {
        let _ = through;
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }

    /// Keeps a line about a webhook that could not be understood.
    pub async fn fault(&self, channel: &str, what: &str, now: Timestamp) -> Result<(), StoreError> {
        let _ = (channel, what, now);
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }

    /// Keeps a revision, before the first commit that pins it. Keeping it again changes nothing.
    pub async fn put_revision(&self, id: &RevisionId, bundle: &Bundle) -> Result<(), StoreError> {
        let _ = (id, bundle);
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }

    /// A revision by its hash.
    pub async fn revision(&self, id: &RevisionId) -> Result<Option<Bundle>, StoreError> {
        let _ = id;
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }

    /// Keeps a small sealed value for a time: a desk login, a draft. `kind` is part of the key.
    pub async fn put_small(&self, kind: &str, key: &str, value: &[u8], ttl_s: u64) -> Result<(), StoreError> {
        let _ = (kind, key, value, ttl_s);
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }

    /// A small value that has not run out.
    pub async fn small(&self, kind: &str, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let _ = (kind, key);
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }

    /// Drops a small value.
    pub async fn drop_small(&self, kind: &str, key: &str) -> Result<(), StoreError> {
        let _ = (kind, key);
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }

    /// Counts one more within a window that begins with the first, and gives the count: throttles.
    pub async fn count(&self, kind: &str, key: &str, window_s: u64) -> Result<u64, StoreError> {
        let _ = (kind, key, window_s);
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }

    /// Items in the outbox and the age of the oldest in ms, for metrics and readiness.
    pub async fn depth(&self) -> Result<(u64, u64), StoreError> {
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }

    /// Whether it answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Err(StoreError::Unavailable(NOT_BUILT.into()))
    }
}
