//! The wish to stop, told to every loop and every open stream.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::Notify;

/// A wish to stop that anybody can wait for. Clones hear the same wish.
///
/// Who waits is woken in the order in which they came: with `watch`, which wakes in an order by chance, a simulated life does not repeat itself.
#[derive(Clone, Debug)]
pub struct Stop(Arc<Wish>);

#[derive(Debug, Default)]
struct Wish {
    asked: AtomicBool,
    heard: Notify,
}

impl Stop {
    /// Nobody has asked yet.
    #[expect(clippy::new_without_default, reason = "there is one for each process, made on purpose")]
    pub fn new() -> Self {
        Self(Arc::default())
    }

    /// Asks everybody to stop.
    pub fn ask(&self) {
        self.0.asked.store(true, Ordering::SeqCst);
        self.0.heard.notify_waiters();
    }

    /// Whether somebody asked.
    pub fn is_asked(&self) -> bool {
        self.0.asked.load(Ordering::SeqCst)
    }

    /// Waits until somebody asks.
    pub async fn asked(&self) {
        // Made before the look: who asks in between is heard.
        let heard = self.0.heard.notified();
        if !self.is_asked() {
            heard.await;
        }
    }
}
