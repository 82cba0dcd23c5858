//! The shards that this node works on: taken, renewed, and let go at the stop.

use std::time::Duration;

use tokio::{sync::watch, time::sleep};

use super::{service::Service, stop::Stop};
use crate::store::Held;

/// A lease's life: after a node died its replies wait so long for another. Short, since a wrong guess does no harm: a node that only stood
/// still finds its fence gone, and what it had in the air is settled all the same.
const LEASE_MS: u64 = 5_000;
/// Renewed so often that three failures in a row lose nothing, and shards that a node lets go are taken within a second.
const RENEW: Duration = Duration::from_secs(1);

/// What this node holds now.
#[derive(Clone, Debug)]
pub(super) struct Leases(watch::Sender<Held>);

impl Leases {
    pub fn new() -> Self {
        Self(watch::channel(Held::default()).0)
    }

    pub fn held(&self) -> Held {
        self.0.borrow().clone()
    }

    /// Takes and renews until it is told to stop.
    pub async fn run(self, service: Service, stop: Stop) {
        let mut failures = 0_u32;
        while !stop.is_asked() {
            match service.store().hold(service.node(), LEASE_MS).await {
                Ok(held) => {
                    failures = 0;
                    let before = self.0.send_replace(held.clone());
                    if before.shards != held.shards {
                        tracing::info!(n = held.shards.len(), "shards held");
                        service.hints().anything();
                    }
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(%error, failures, "leases cannot be renewed");
                    if u64::from(failures) * 1_000 >= LEASE_MS {
                        self.0.send_replace(Held::default());
                    }
                }
            }
            tokio::select! {
                biased;
                () = sleep(RENEW) => {}
                () = stop.asked() => {}
            }
        }
    }
}
