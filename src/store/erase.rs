//! Erasing a conversation: what is kept of it afterwards holds nothing of anybody.
//!
//! ```text
//! conversation ─▶ tombstone (ids seen, opted out or not; no address, no names, no answers)     at once, or not at all
//! outbox, wake ─▶ gone
//! journal      ─▶ a line that it was erased: the recorder, which reads in order, then erases the record and trims what stood before
//! ```
//! The tombstone keeps late repeats and an opt-out as they were; whoever writes again begins anew on it. It may be forgotten in time.

use jiff::Timestamp;

use super::{
    Store,
    codec::{self, Header, Kind},
    contract::{Committed, Entry, Etag, StoreError},
    is_id,
};
use crate::{base::id::ConversationId, engine::Conversation};

/// An erasure in stored form.
#[derive(Clone, Debug)]
pub struct RawErase {
    /// Whose.
    pub id: ConversationId,
    /// The version that must be there.
    pub expected: Etag,
    /// The tombstone, sealed, with its header; `None`: nothing is left, not even that.
    pub tombstone: Option<Vec<u8>>,
    /// The journal's line; `None`: none.
    pub journal: Option<Vec<u8>>,
}

impl Store {
    /// Puts a tombstone in the place of a conversation and drops its outbox and wake. The same may be repeated where its outcome is not
    /// known.
    pub async fn erase(&self, id: &ConversationId, expected: Etag, etag: Etag, now: Timestamp) -> Result<Committed, StoreError> {
        if !is_id(id) {
            return Ok(Committed::Stale);
        }
        let Some(stored) = self.0.back.load(id).await? else { return Ok(Committed::Stale) };
        let (header, conversation): (Header, Conversation) = codec::decode(&self.0.sealer, Kind::Conversation, id.as_str(), &stored)?;
        if header.etag == etag {
            return Ok(Committed::Done);
        }
        if header.etag != expected {
            return Ok(Committed::Stale);
        }
        let tombstone = conversation.erased();
        let header = Header { etag, epoch: tombstone.epoch };
        let entry = Entry::Erased { opted_out: tombstone.opted_out_at.is_some(), at: now };
        let raw = RawErase {
            id: id.clone(),
            expected,
            tombstone: Some(self.encode(Kind::Conversation, id.as_str(), header, &tombstone)?),
            journal: Some(self.encode(Kind::JournalEntry, id.as_str(), header, &entry)?),
        };
        self.0.back.erase(raw).await
    }

    /// Drops a tombstone, if it is one still and nobody opted out there; whether there is none now.
    pub async fn forget(&self, id: &ConversationId) -> Result<bool, StoreError> {
        let Some(loaded) = self.load(id).await? else { return Ok(true) };
        if !loaded.conversation.is_erased() || loaded.conversation.opted_out_at.is_some() {
            return Ok(false);
        }
        let raw = RawErase { id: id.clone(), expected: loaded.etag, tombstone: None, journal: None };
        Ok(matches!(self.0.back.erase(raw).await?, Committed::Done))
    }
}
