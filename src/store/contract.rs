//! What goes into the store and what comes out: the same for all three.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::lane::Band;
use crate::{
    base::{
        Address, Private,
        id::{ConversationId, OutboxId, RevisionId, TracerId},
        stamp,
    },
    channel::Delivery,
    engine::{Conversation, Event, Fact, Purpose, event::Deliver},
    render::Outgoing,
};

/// The version of a stored conversation: random, so that a store that comes back older than it was can never be mistaken.
pub type Etag = [u8; 16];

/// A conversation with its version.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The conversation.
    pub conversation: Conversation,
    /// Its version, to be named by the commit.
    pub etag: Etag,
}

/// All that one turn keeps, at once or not at all.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Whose.
    pub id: ConversationId,
    /// Whether it is theirs because their address leads there by itself: then it must still do so.
    pub by_address: bool,
    /// The version it was decided on; `None`: there was none.
    pub expected: Option<Etag>,
    /// The version it gets; from `base::clock`.
    pub etag: Etag,
    /// The conversation after the turn.
    pub conversation: Conversation,
    /// What is to be sent and delivered, in order.
    pub outbox: Vec<OutboxItem>,
    /// Outbox items not begun that are to be cancelled when they opted out: those with `Purpose::stopped_by_stop`.
    pub cancel_waiting: bool,
    /// When it is to be woken next; `None`: never.
    pub wake_at: Option<Timestamp>,
    /// The journal's line.
    pub entry: TurnEntry,
}

/// What came of a commit.
#[derive(Clone, Debug)]
pub enum Committed {
    /// It is durable.
    Done,
    /// Another turn was faster: nothing was kept. Decide again on this, the conversation as it is now.
    Stale(Option<Box<Loaded>>),
    /// The address leads to another conversation since: nothing was kept. Find and decide again.
    Moved,
}

/// One message, or one event for another conversation, that waits to leave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutboxItem {
    /// Derived from conversation, event and position.
    pub id: OutboxId,
    /// To whom.
    pub address: Address,
    /// The configured channel.
    pub channel: String,
    /// What for: fence, class and what STOP cancels.
    pub purpose: Purpose,
    /// The conversation's epoch it was decided under.
    pub epoch: u64,
    /// When it was decided.
    #[serde(with = "stamp")]
    pub decided_at: Timestamp,
    /// The last message of theirs known then: the window counts from it.
    #[serde(with = "stamp::option")]
    pub last_inbound_at: Option<Timestamp>,
    /// What.
    pub load: Load,
}

/// What an outbox item carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Load {
    /// A message for a provider.
    Message(Outgoing),
    /// An event for another conversation, run as a turn there.
    Deliver(Deliver),
}

/// The journal's line of one turn: enough to replay it, and all that the record is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TurnEntry {
    /// Whose conversation.
    pub address: Address,
    /// Which turn of it, from 1.
    pub n_turn: u64,
    /// What happened.
    pub event: Event,
    /// When it was decided.
    #[serde(with = "stamp")]
    pub now: Timestamp,
    /// The revision of the open session, where one was.
    pub revision: Option<RevisionId>,
    /// Facts for the record.
    pub facts: Vec<Fact>,
    /// Messages decided, in order.
    pub said: Vec<Said>,
}

/// A message that was decided, for the transcript.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// Its outbox id.
    pub outbox: OutboxId,
    /// The channel.
    pub channel: String,
    /// What for.
    pub purpose: Purpose,
    /// The whole text.
    pub text: Private<String>,
    /// The tracer whose words they are.
    pub tracer: Option<TracerId>,
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Entry {
    /// A turn.
    Turn(Box<TurnEntry>),
    /// A message of ours got so far.
    Delivery {
        /// Which.
        outbox: OutboxId,
        /// How far, by kind.
        state: SentState,
        /// The provider's code, where there is one.
        code: Option<String>,
        /// When.
        #[serde(with = "stamp")]
        at: Timestamp,
    },
    /// A webhook that could not be understood.
    Fault {
        /// The channel.
        channel: String,
        /// What was wrong, without private values.
        what: String,
        /// When.
        #[serde(with = "stamp")]
        at: Timestamp,
    },
    /// All of a conversation was erased: what stands before this line about it is not to be kept.
    Erased {
        /// Whether they had opted out, which stays.
        opted_out: bool,
        /// When.
        #[serde(with = "stamp")]
        at: Timestamp,
    },
}

/// How far a message of ours got, for the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SentState {
    /// By the provider's word.
    Delivery(Delivery),
    /// It did not leave, because the holder had changed.
    Superseded,
    /// It did not leave, because they had opted out.
    Cancelled,
}

/// A line of the journal with its place.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its place: what `trim` and the next read take.
    pub cursor: Cursor,
    /// Whose; `None` for faults.
    pub conversation: Option<ConversationId>,
    /// What.
    pub entry: Entry,
}

/// A place in the journal: shard and position.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cursor {
    /// The shard.
    pub shard: u16,
    /// The position in it, as the store writes it; sorts by time within a shard.
    pub position: String,
}

/// The shards a node holds, with the fence of each lease. A store of one shard is held whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Shard and fence.
    pub shards: Vec<(u16, u64)>,
}

/// An outbox item that may be begun: the oldest unfinished one of its conversation.
#[derive(Clone, Debug)]
pub struct Pending {
    /// The item.
    pub item: OutboxItem,
    /// The shard it is in, and the fence it was read under.
    pub shard: (u16, u64),
    /// Where it was found: the class is that of the first in rank that waits in its conversation.
    pub band: Band,
    /// Attempts made so far.
    pub n_attempts: u16,
    /// Those of them that a provider turned away for being too many.
    pub n_throttled: u16,
    /// Whether the last attempt may have been taken by the provider (time-out, or the process died in it).
    pub ambiguous: bool,
}

/// Whether an item may leave now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// Yes: the attempt is noted.
    Go,
    /// The holder changed: it was finished as superseded, and journaled.
    Superseded,
    /// Another node holds the shard, or the item is finished.
    NotOurs,
}

/// What came of an attempt, to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Taken: finished.
    Accepted {
        /// The provider's id.
        provider_id: String,
    },
    /// To be tried again at a time.
    RetryAt(Timestamp),
    /// Turned away for being too many: to be tried again at a time. Counts as an attempt that says nothing about the message.
    ThrottledUntil(Timestamp),
    /// Perhaps taken: to be tried again at a time unless a receipt comes first.
    AmbiguousUntil(Timestamp),
    /// Given up: finished. The caller turns it into an `Undeliverable` event.
    Failed {
        /// The provider's code.
        code: String,
        /// Why.
        reason: crate::engine::event::Undeliverable,
    },
    /// The event was run at its target: finished.
    Delivered,
}

/// Whether a receipt changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipted {
    /// It moved the message forward.
    Forward,
    /// It says what is known already: what follows from it may have to be done again, if a process died in between.
    Known,
    /// It was old, or about a message that is not known any more.
    NoChange,
}

/// A conversation whose wake has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Whose.
    pub conversation: ConversationId,
    /// For when it was set: part of the wake event's id.
    pub at: Timestamp,
}

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached or is not ready: answer 503, try again.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// A stored value cannot be opened: another key, or it was changed or moved.
    #[error("a stored value of {0} cannot be opened: it was sealed with another key, or was changed")]
    Corrupt(String),
    /// What was to be kept is over a limit.
    #[error("{what} is over its limit of {limit} bytes")]
    TooLarge {
        /// What.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The configuration cannot work.
    #[error("{0}")]
    Configuration(String),
}
