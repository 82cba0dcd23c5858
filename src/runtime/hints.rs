//! Hints between the loops of one process, so that nobody has to wait for the next look.
//!
//! A hint says "look now", at a conversation or at all; whoever misses one finds the same by looking at their usual time.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{Notify, watch};

use crate::base::id::ConversationId;

/// Conversations that are remembered between two looks; beyond it all are looked at.
const CHANGED: usize = 512;

/// Where loops ring and listen.
#[derive(Clone, Debug)]
pub struct Hints {
    outbox: Arc<Notify>,
    changed: Arc<Mutex<Changed>>,
    journal: Arc<Notify>,
    feed: watch::Sender<u64>,
}

/// What something happened to since the last look.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Changed {
    /// These.
    Conversations(BTreeSet<ConversationId>),
    /// Anything may have changed.
    All,
}

impl Hints {
    /// Nothing rung yet.
    #[expect(clippy::new_without_default, reason = "there is one for each service, made on purpose")]
    pub fn new() -> Self {
        Self { outbox: Arc::default(), changed: Arc::new(Mutex::new(Changed::All)), journal: Arc::default(), feed: watch::channel(0).0 }
    }

    /// A turn was kept, a message was settled, or a receipt came: there may be something to send and to record.
    pub fn changed(&self, conversation: &ConversationId) {
        self.look(|changed| {
            if let Changed::Conversations(ids) = changed {
                if ids.len() < CHANGED {
                    ids.insert(conversation.clone());
                } else {
                    *changed = Changed::All;
                }
            }
        });
        self.journal.notify_one();
    }

    /// Other shards are ours now: there may be anything to send and to record.
    pub fn anything(&self) {
        self.look(|changed| *changed = Changed::All);
        self.journal.notify_one();
    }

    fn look(&self, note: impl FnOnce(&mut Changed)) {
        note(&mut self.changed.lock().unwrap_or_else(PoisonError::into_inner));
        self.outbox.notify_one();
    }

    /// What changed since this was last asked.
    pub(super) fn take_changed(&self) -> Changed {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut changed, Changed::Conversations(BTreeSet::new()))
    }

    /// The record moved: pages that watch it may ask for what is new.
    pub fn recorded(&self) {
        self.feed.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Waits for something to send.
    pub async fn outbox(&self) {
        self.outbox.notified().await;
    }

    /// Waits for something to record.
    pub async fn journal(&self) {
        self.journal.notified().await;
    }

    /// A listener that changes whenever the record moved: for server-sent events.
    pub fn feed(&self) -> watch::Receiver<u64> {
        self.feed.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_told_once_and_too_much_is_told_as_all() {
        let hints = Hints::new();
        assert_eq!(hints.take_changed(), Changed::All, "the first look is at all");
        hints.changed(&"a".into());
        hints.changed(&"a".into());
        assert_eq!(hints.take_changed(), Changed::Conversations(BTreeSet::from(["a".into()])));
        assert_eq!(hints.take_changed(), Changed::Conversations(BTreeSet::new()));
        for n in 0..=CHANGED {
            hints.changed(&ConversationId(n.to_string()));
        }
        assert_eq!(hints.take_changed(), Changed::All);
    }
}
