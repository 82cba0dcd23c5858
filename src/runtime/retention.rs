//! Erasing by schedule: conversations in which nothing happened for as many days as the operator set, and in time their tombstones.
//!
//! One node sweeps: the one that holds the first shard.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use super::{
    erase::{EraseError, Erased, Erasing},
    leases::Leases,
    service::Service,
    stop::Stop,
};

/// How often it is looked whether something is old enough.
const LOOK: Duration = Duration::from_secs(60);
/// Conversations of one look: a bound on what stands before turns.
const AT_ONCE: usize = 100;
/// Days for which a tombstone is kept where nobody opted out: providers repeat for at most seven.
const TOMBSTONE_DAYS: i64 = 30;

/// Sweeps until it is told to stop.
pub(super) async fn run(service: Service, leases: Leases, stop: Stop) {
    while !stop.is_asked() {
        if leases.held().shards.iter().any(|(shard, _)| *shard == 0) {
            match sweep(&service).await {
                Ok(0) => {}
                Ok(n_erased) => tracing::info!(n_erased, "what was kept long enough is erased"),
                Err(error) => tracing::warn!(%error, "what was kept long enough cannot be erased; will try again in {LOOK:?}"),
            }
        }
        tokio::select! {
            () = sleep(LOOK) => {}
            () = stop.asked() => {}
        }
    }
}

/// One look: how many conversations were erased.
///
/// # Errors
/// As [`Service::erase`]: what was done stands.
pub async fn sweep(service: &Service) -> Result<usize, EraseError> {
    let now = service.clock().now();
    let mut n_erased = 0;
    if let Some(days) = service.settings().keep_days {
        let since = days_before(now, i64::from(days));
        for id in service.records().quiet_since(since, AT_ONCE).await? {
            let erasing = Erasing { actor: "retention", role: "", action: "erased: kept long enough", quiet_since: Some(since) };
            n_erased += usize::from(service.erase(&id, erasing).await? == Erased::Done);
        }
    }
    for id in service.records().erased_before(days_before(now, TOMBSTONE_DAYS), AT_ONCE).await? {
        if service.store().forget(&id).await? {
            service.records().forgotten(&id).await?;
        }
    }
    if n_erased > 0 {
        service.records().empty_log().await?;
    }
    Ok(n_erased)
}

fn days_before(now: Timestamp, days: i64) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(days.saturating_mul(24))).unwrap_or(Timestamp::MIN)
}
