//! Hints between the loops of one process, so that nobody has to wait for the next look.
//!
//! A hint says "look now" and nothing else; whoever misses one finds the same by looking at their usual time.

use std::sync::Arc;

use tokio::sync::{Notify, watch};

/// Where loops ring and listen.
#[derive(Clone, Debug)]
pub struct Hints {
    outbox: Arc<Notify>,
    journal: Arc<Notify>,
    feed: watch::Sender<u64>,
}

impl Hints {
    /// Nothing rung yet.
    #[expect(clippy::new_without_default, reason = "there is one for each service, made on purpose")]
    pub fn new() -> Self {
        Self { outbox: Arc::default(), journal: Arc::default(), feed: watch::channel(0).0 }
    }

    /// A turn was kept: there may be something to send and to record.
    pub fn committed(&self) {
        self.outbox.notify_one();
        self.journal.notify_one();
    }

    /// A message was settled or a receipt came: there is something to record, and the next message may leave.
    pub fn settled(&self) {
        self.outbox.notify_one();
        self.journal.notify_one();
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
