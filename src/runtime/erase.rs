//! Erasing what is kept of one conversation: the live state at once, the record by the journal's order, and at once as well.

use jiff::Timestamp;

use super::service::{Service, TurnError};
use crate::{
    base::{id::ConversationId, limit},
    engine::Conversation,
    records::{Auditing, RecordsError},
    store::StoreError,
};

/// Lines of the journal read at once.
const LINES: usize = 200;
/// How long a command that records holds the shard, in ms.
const LEASE_MS: u64 = 60_000;

/// Who erases, and why: for the audit.
#[derive(Clone, Copy, Debug)]
pub struct Erasing<'a> {
    /// The login, the token's name, `command line` or `retention`.
    pub actor: &'a str,
    /// Their role's word.
    pub role: &'a str,
    /// `erased`, or `erased: kept long enough`.
    pub action: &'a str,
    /// Only where nothing happened since, and nobody is called: what the schedule asks.
    pub quiet_since: Option<Timestamp>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erased {
    /// Nothing of it is left but its tombstone; the record follows within seconds.
    Done,
    /// There is none, or it was erased before.
    Unknown,
    /// Something happened there meanwhile: it stays.
    NotQuiet,
}

/// Why it was not erased. What was done stands, and it may be tried again.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The live state.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// Others were faster each time.
    #[error(transparent)]
    Turn(#[from] TurnError),
}

impl Service {
    /// Erases a conversation: what was said, answered and noted, names and numbers, what waits to be sent. An opt-out holds, late
    /// repeats stay repeats, and the audit says who erased it.
    ///
    /// # Errors
    /// See [`EraseError`].
    pub async fn erase(&self, id: &ConversationId, erasing: Erasing<'_>) -> Result<Erased, EraseError> {
        let lane = self.lanes().enter(id).await.ok_or(TurnError::Overloaded)?;
        let etag = self.clock().random();
        for _ in 0..limit::COMMIT_ATTEMPTS {
            let Some(loaded) = self.store().living(id).await? else { return Ok(Erased::Unknown) };
            if let Some(since) = erasing.quiet_since
                && !is_quiet(&loaded.conversation, since)
            {
                return Ok(Erased::NotQuiet);
            }
            if self.store().erase(id, loaded.etag, etag, self.clock().now()).await? {
                drop(lane);
                self.phones().forget(self, id).await?;
                let Erasing { actor, role, action, .. } = erasing;
                self.records().audit(Auditing { actor, role, action, conversation: Some(id), detail: "" }).await?;
                metrics::counter!("intake_erased_total").increment(1);
                self.hints().changed(id);
                return Ok(Erased::Done);
            }
        }
        Err(TurnError::Busy(id.clone()).into())
    }
}

/// Brings a record of one file, which no service runs on, up to the journal's end: the erasure included.
///
/// # Errors
/// See [`EraseError`]: it may be called again, or be left to the next `intake serve`.
pub async fn record(service: &Service) -> Result<(), EraseError> {
    let held = service.store().hold(service.node(), LEASE_MS).await?;
    loop {
        let cursors = service.records().cursors().await?;
        let lines = service.store().journal(&held, &cursors, LINES).await?;
        if lines.is_empty() {
            break;
        }
        service.store().trim(&service.records().apply(&lines).await?.through).await?;
    }
    service.store().let_go(service.node()).await?;
    Ok(service.records().empty_log().await?)
}

/// Whether they wrote nothing since, and no call for a human is open.
fn is_quiet(conversation: &Conversation, since: Timestamp) -> bool {
    conversation.escalation.is_none() && conversation.last_inbound_at.is_none_or(|at| at < since)
}
