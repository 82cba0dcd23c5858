//! What the store's front hands to the three stores behind it: sealed bytes, and beside them in the clear only what a store must
//! see to keep order: ids (keyed hashes), times and classes. No store behind ever opens a value.

use super::{
    contract::{Entry, Etag},
    lane::Band,
};
use crate::{
    base::id::{ConversationId, OutboxId},
    channel::Delivery,
};

/// How long an attempt at a provider may be under way before it counts as ambiguous, in ms: the HTTP client's own limit must be
/// well below, and a receipt that carries our token has this long to tell what became of it.
pub const ATTEMPT_MS: i64 = 30_000;
/// The same for an event handed to another conversation, which may be run again without harm.
pub const HAND_OVER_MS: i64 = 5_000;
/// How long the state of a message that left is remembered, so that receipts only move forward and no message is sent twice: providers
/// hold a message for at most 3 days.
pub const SENT_LEDGER_S: u64 = 3 * 24 * 3_600;
/// How long an item that cannot be opened is put aside before it is tried, and logged, again, in ms.
pub const SET_ASIDE_MS: i64 = 60_000;

/// A commit in stored form.
#[derive(Clone, Debug)]
pub struct RawCommit {
    /// Whose.
    pub id: ConversationId,
    /// Whether the id must not be an alias.
    pub by_address: bool,
    /// The version that must be there; `None`: there must be none.
    pub expected: Option<Etag>,
    /// The new version.
    pub etag: Etag,
    /// The new epoch.
    pub epoch: u64,
    /// The conversation, sealed, with its header.
    pub value: Vec<u8>,
    /// Whether waiting items that STOP stops are cancelled, before the new ones are put in.
    pub cancel_waiting: bool,
    /// The next wake, in ms of Unix time.
    pub wake_ms: Option<i64>,
    /// The journal's entry, sealed.
    pub journal: Vec<u8>,
    /// New items of the outbox, in order.
    pub items: Vec<RawItem>,
    /// When the turn was decided.
    pub now_ms: i64,
}

/// What came of a commit, in stored form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawCommitted {
    /// It is durable.
    Done,
    /// Nothing was kept: this is there.
    Stale(Option<Vec<u8>>),
    /// Nothing was kept: the id is an alias.
    Moved,
}

/// An item of the outbox in stored form.
#[derive(Clone, Debug)]
pub struct RawItem {
    /// Its id.
    pub id: OutboxId,
    /// Its class and lane.
    pub band: Band,
    /// Whether STOP cancels it.
    pub stoppable: bool,
    /// When it was decided.
    pub decided_ms: i64,
    /// The item, sealed.
    pub value: Vec<u8>,
}

/// An item that may be begun.
#[derive(Clone, Debug)]
pub struct RawReady {
    /// Its id.
    pub id: OutboxId,
    /// Shard and fence.
    pub shard: (u16, u64),
    /// Sealed.
    pub value: Vec<u8>,
    /// Where it was found: the class is that of the first in rank that waits in its conversation.
    pub band: Band,
    /// Attempts so far.
    pub n_attempts: u16,
    /// Those of them that a provider turned away for being too many.
    pub n_throttled: u16,
    /// Whether the last one may have been taken.
    pub ambiguous: bool,
}

/// An attempt to be noted.
#[derive(Clone, Debug)]
pub struct RawBegin {
    /// The item.
    pub id: OutboxId,
    /// Whose.
    pub conversation: ConversationId,
    /// Shard and fence.
    pub shard: (u16, u64),
    /// Attempts known so far: another number means that somebody else began it.
    pub n_attempts: u16,
    /// The epoch that the conversation must still have; `None`: any.
    pub epoch: Option<u64>,
    /// Now. Where the item's time is later, it was put off since it was found.
    pub now_ms: i64,
    /// Until when the attempt counts as under way.
    pub under_way_until_ms: i64,
}

/// What came of an attempt.
#[derive(Clone, Debug)]
pub struct RawSettle {
    /// The item.
    pub id: OutboxId,
    /// Whose.
    pub conversation: ConversationId,
    /// Shard and fence.
    pub shard: (u16, u64),
    /// Attempts before this one.
    pub n_attempts: u16,
    /// What.
    pub settled: Settled,
    /// Now.
    pub now_ms: i64,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The provider took it.
    Accepted,
    /// The event was run at its target.
    Delivered,
    /// Again at a time in ms.
    Again {
        /// When.
        at_ms: i64,
        /// Whether the provider took it, as far as is known.
        how: Again,
    },
    /// Given up.
    Failed {
        /// Why.
        reason: crate::engine::event::Undeliverable,
        /// The provider's code.
        code: String,
    },
}

/// How an attempt ended that is to be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Not taken.
    Refused,
    /// Not taken, for there were too many.
    Throttled,
    /// Perhaps taken.
    Ambiguous,
}

impl Again {
    /// Where the item stands after it.
    pub const fn standing(self) -> Standing {
        match self {
            Self::Refused | Self::Throttled => Standing::Waiting,
            Self::Ambiguous => Standing::Ambiguous,
        }
    }

    /// What it adds to the attempts that were turned away for being too many.
    pub const fn n_throttled(self) -> u16 {
        match self {
            Self::Throttled => 1,
            Self::Refused | Self::Ambiguous => 0,
        }
    }
}

/// Where an item stands between attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It waits: for its first attempt, or to be tried again.
    Waiting,
    /// An attempt is under way, or its process died.
    UnderWay,
    /// The last attempt may have been taken.
    Ambiguous,
}

impl Standing {
    /// Its letter in the ledger.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Waiting => "w",
            Self::UnderWay => "u",
            Self::Ambiguous => "a",
        }
    }

    /// The standing of a letter.
    pub fn of_letter(letter: &str) -> Option<Self> {
        [Self::Waiting, Self::UnderWay, Self::Ambiguous].into_iter().find(|standing| standing.letter() == letter)
    }

    /// Whether the provider may have the message already.
    pub const fn perhaps_taken(self) -> bool {
        match self {
            Self::Waiting => false,
            Self::UnderWay | Self::Ambiguous => true,
        }
    }
}

/// A line of the journal in stored form.
#[derive(Clone, Debug)]
pub struct RawLine {
    /// The shard.
    pub shard: u16,
    /// The place in it.
    pub position: String,
    /// Whose; `None` for faults.
    pub conversation: Option<ConversationId>,
    /// What.
    pub body: RawBody,
}

/// The body of a line.
#[derive(Clone, Debug)]
pub enum RawBody {
    /// A sealed entry.
    Sealed(Vec<u8>),
    /// How far a message got: holds nothing private.
    Delivery(Entry),
}

/// Failed: final.
pub const RANK_FAILED: u8 = 2;

/// How far a message got, as a number that only grows; [`RANK_FAILED`] is final. Agrees with [`Delivery::advances`].
pub const fn rank(delivery: Delivery) -> u8 {
    match delivery {
        Delivery::Accepted => 0,
        Delivery::Sent => 1,
        Delivery::Failed(_) => RANK_FAILED,
        Delivery::Delivered => 3,
        Delivery::Read => 4,
    }
}

/// Whether a message that got as far as `earlier` moves forward to `rank`.
pub const fn advances(rank: u8, earlier: u8) -> bool {
    earlier != RANK_FAILED && rank > earlier
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::Undeliverable;

    #[test]
    fn ranks_agree_with_the_order_of_deliveries() {
        let all = [Delivery::Accepted, Delivery::Sent, Delivery::Failed(Undeliverable::GaveUp), Delivery::Delivered, Delivery::Read];
        for earlier in all {
            for later in all {
                assert_eq!(advances(rank(later), rank(earlier)), later.advances(earlier), "{later:?} after {earlier:?}");
            }
        }
    }
}
