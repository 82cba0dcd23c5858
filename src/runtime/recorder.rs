//! The journal into the record: applied, archived, and only then trimmed. Whatever is read twice changes nothing the second time.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::sleep;

use super::{leases::Leases, service::Service, stop::Stop};
use crate::{
    records::RecordsError,
    store::{Cursor, StoreError},
};

/// Lines of one transaction.
const AT_ONCE: usize = 200;
/// A line waits so long for others: one transaction and one trimming cost what many lines cost.
const GATHER: Duration = Duration::from_millis(50);
const LOOK: Duration = Duration::from_millis(500);
const AFTER_ERROR: Duration = Duration::from_secs(1);

/// How far the record is behind.
#[derive(Clone, Debug, Default)]
pub(super) struct Lag(Arc<AtomicI64>);

impl Lag {
    /// Since when, in ms, the record has not caught up; 0: it has.
    pub fn behind_ms(&self, now: Timestamp) -> u64 {
        match self.0.load(Ordering::Relaxed) {
            0 => 0,
            since => u64::try_from(now.as_millisecond() - since).unwrap_or(0),
        }
    }

    fn caught_up(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn behind(&self, now: Timestamp) {
        let _ = self.0.compare_exchange(0, now.as_millisecond(), Ordering::Relaxed, Ordering::Relaxed);
    }
}

#[derive(Debug, thiserror::Error)]
enum RecordingError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Records(#[from] RecordsError),
}

/// Records until it is told to stop, then once more.
pub(super) async fn run(service: Service, leases: Leases, stop: Stop) {
    let mut cursors: BTreeMap<u16, Cursor> = BTreeMap::new();
    loop {
        let last = stop.is_asked();
        match round(&service, &leases, &mut cursors).await {
            Ok(AT_ONCE..) => continue,
            Ok(_) => service.lag().caught_up(),
            Err(error) => {
                service.lag().behind(service.clock().now());
                tracing::warn!(%error, "the record cannot be brought forward; trying again in {AFTER_ERROR:?}");
                cursors.clear();
                if last {
                    return;
                }
                sleep(AFTER_ERROR).await;
            }
        }
        if last {
            return;
        }
        tokio::select! {
            biased;
            () = gathered(&service) => {}
            () = sleep(LOOK) => {}
            () = stop.asked() => {}
        }
    }
}

/// Something was written, and what came with it too.
async fn gathered(service: &Service) {
    service.hints().journal().await;
    sleep(GATHER).await;
}

/// One transaction: how many lines it applied.
async fn round(service: &Service, leases: &Leases, cursors: &mut BTreeMap<u16, Cursor>) -> Result<usize, RecordingError> {
    let held = leases.held();
    let shards: BTreeSet<u16> = held.shards.iter().map(|(shard, _)| *shard).collect();
    cursors.retain(|shard, _| shards.contains(shard));
    if shards.is_empty() {
        return Ok(0);
    }
    let after: Vec<Cursor> = cursors.values().cloned().collect();
    let lines = service.store().journal(&held, &after, AT_ONCE).await?;
    if lines.is_empty() {
        return Ok(0);
    }
    service.lag().behind(service.clock().now());
    let through = service.records().apply(&lines).await?.through;
    service.store().trim(&through).await?;
    cursors.extend(through.into_iter().map(|cursor| (cursor.shard, cursor)));
    metrics::counter!("intake_recorded_total").increment(u64::try_from(lines.len()).unwrap_or(0));
    service.hints().recorded();
    Ok(lines.len())
}
