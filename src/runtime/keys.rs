//! Rotation of the sealing key while serving: the key file is read again, and once a new key seals, everything is sealed anew with it.
//!
//! One node sweeps: the one that holds the first shard. A sweep may run beside anything, and twice.

use std::{fs, path::Path, time::Duration};

use tokio::time::{Instant, sleep};

use super::{leases::Leases, service::Service, stop::Stop};
use crate::{records::RecordsError, security::Sealer, store::StoreError, store::reseal::Resealed};

/// How often the key file is read: several times before a new key seals (see [`NEW_KEY_SEALS_AFTER_S`]).
const LOOK: Duration = Duration::from_secs(5);
/// Pause before what is left is swept again: the recorder has emptied the journal by then.
const AGAIN: Duration = Duration::from_secs(15);
/// Seconds from a rotation until the new key seals: every process that shares the file has read it by then.
pub const NEW_KEY_SEALS_AFTER_S: u32 = 60;

/// Why a sweep did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The live state.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record.
    #[error(transparent)]
    Records(#[from] RecordsError),
}

/// Watches until it is told to stop.
pub(super) async fn run(service: Service, leases: Leases, stop: Stop) {
    let file = service.settings().seal_file.clone();
    let sealer = service.store().sealer().clone();
    let mut swept = None;
    let mut soonest = Instant::now();
    while !stop.is_asked() {
        if let Some(file) = &file {
            read_again(file, &sealer);
        }
        let sealing = sealer.sealing_key_id(service.clock().now());
        metrics::gauge!("intake_seal_key").set(f64::from(sealing));
        let first = leases.held().shards.iter().any(|(shard, _)| *shard == 0);
        if first && sealer.n_keys() > 1 && swept != Some(sealing) && Instant::now() >= soonest {
            soonest = Instant::now() + AGAIN;
            match sweep(&service).await {
                Ok(Resealed { n_resealed, n_left: 0 }) => {
                    swept = Some(sealing);
                    metrics::gauge!("intake_seal_left").set(0.0);
                    tracing::info!(
                        key = sealing,
                        n_resealed,
                        "everything is sealed with this key: older ones may be taken out of the key file"
                    );
                }
                Ok(Resealed { n_resealed, n_left }) => {
                    metrics::gauge!("intake_seal_left").set(f64::from(u32::try_from(n_left).unwrap_or(u32::MAX)));
                    tracing::info!(key = sealing, n_resealed, n_left, "sealing anew; what is left follows in {AGAIN:?}");
                }
                Err(error) => tracing::warn!(%error, "sealing anew failed; will go on in {AGAIN:?}"),
            }
        }
        tokio::select! {
            () = sleep(LOOK) => {}
            () = stop.asked() => {}
        }
    }
}

/// Seals the live state and the record anew with the key that seals now.
///
/// # Errors
/// Where one of them fails: what was done stands.
pub async fn sweep(service: &Service) -> Result<Resealed, SweepError> {
    Ok(service.store().reseal().await? + service.records().reseal().await?)
}

fn read_again(file: &Path, sealer: &Sealer) {
    // A file that is not there just now was there at the start: the keys stay as they are.
    let Ok(text) = fs::read_to_string(file) else { return };
    match sealer.reload(&text) {
        Ok(true) => tracing::info!(keys = ?sealer, "the key file was read again"),
        Ok(false) => {}
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "the key file does not serve as it is now; the keys stay as they were")
        }
    }
}
