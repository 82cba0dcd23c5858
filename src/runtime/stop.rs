//! The wish to stop, told to every loop and every open stream.

use tokio::sync::watch;

/// A wish to stop that anybody can wait for. Clones hear the same wish.
#[derive(Clone, Debug)]
pub struct Stop(watch::Sender<bool>);

impl Stop {
    /// Nobody has asked yet.
    #[expect(clippy::new_without_default, reason = "there is one for each process, made on purpose")]
    pub fn new() -> Self {
        Self(watch::channel(false).0)
    }

    /// Asks everybody to stop.
    pub fn ask(&self) {
        self.0.send_replace(true);
    }

    /// Whether somebody asked.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until somebody asks.
    pub async fn asked(&self) {
        let mut wish = self.0.subscribe();
        // It fails only when no sender is left, and this one is.
        let _ = wish.wait_for(|asked| *asked).await;
    }
}
