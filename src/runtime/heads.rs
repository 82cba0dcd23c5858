//! Signs the audit's head and gives it away: every hour, and at the start, into the log and, where one is named, a file that is only
//! added to. What is shipped from there to another machine proves later that nothing before it was changed (`intake audit verify`).

use std::{io::Write, path::Path, time::Duration};

use tokio::time::sleep;

use super::{leases::Leases, service::Service, stop::Stop};
use crate::{records::RecordsError, security::head::Head};

/// How often it is looked whether an hour is over, and whether this node is the one.
const LOOK: Duration = Duration::from_secs(10);
/// Seconds between two heads.
const EVERY_S: i64 = 60 * 60;

/// Signs until it is told to stop.
pub(super) async fn run(service: Service, leases: Leases, stop: Stop) {
    let mut last: Option<jiff::Timestamp> = None;
    while !stop.is_asked() {
        let now = service.clock().now();
        let due = last.is_none_or(|last| now.duration_since(last).as_secs() >= EVERY_S);
        if due && leases.held().shards.iter().any(|(shard, _)| *shard == 0) {
            match give_away(&service).await {
                Ok(_) => last = Some(now),
                Err(error) => tracing::warn!(%error, "the audit's head cannot be read; will try again in {LOOK:?}"),
            }
        }
        tokio::select! {
            () = sleep(LOOK) => {}
            () = stop.asked() => {}
        }
    }
}

/// Signs the head of now and gives it away: the word.
///
/// # Errors
/// Where the record does not answer.
pub async fn give_away(service: &Service) -> Result<Option<String>, RecordsError> {
    let Some((n, hash)) = service.records().audit_last().await? else { return Ok(None) };
    let head = Head { n, hash, at: service.clock().now() }.signed(service.store().sealer());
    tracing::info!(%head, "the audit's head, signed: keep it elsewhere");
    metrics::gauge!("intake_audit_rows").set(f64::from(u32::try_from(n).unwrap_or(u32::MAX)));
    if let Some(file) = &service.settings().audit_heads
        && let Err(error) = append(file, &head)
    {
        tracing::error!(file = %file.display(), kind = %error.kind(), "the audit's head cannot be added to its file; the log has it");
    }
    Ok(Some(head))
}

fn append(file: &Path, head: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    writeln!(file, "{head}")?;
    file.sync_all()
}
