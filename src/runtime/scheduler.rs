//! Wakes whose time has come become turns. A wake stays in the store until the commit of its turn moves it.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::sleep;

use super::{
    leases::Leases,
    service::{Service, Target, TurnError},
    stop::Stop,
};
use crate::{
    engine::{Event, EventKind},
    store::{Due, StoreError},
};

/// Wakes of one look: a bound on memory; what is left is found at once again.
const AT_ONCE: usize = 100;
/// Turns beside each other: enough to keep the store busy, few enough to leave room for people who write.
const BESIDE: usize = 8;
const LOOK: Duration = Duration::from_millis(500);
const AFTER_ERROR: Duration = Duration::from_secs(1);

/// Wakes until it is told to stop.
pub(super) async fn run(service: Service, leases: Leases, stop: Stop) {
    while !stop.is_asked() {
        let pause = match look(&service, &leases).await {
            Ok(n_woken) if n_woken == AT_ONCE => continue,
            Ok(_) => LOOK,
            Err(error) => {
                tracing::warn!(%error, "wakes cannot be read; looking again in {AFTER_ERROR:?}");
                AFTER_ERROR
            }
        };
        tokio::select! {
            biased;
            () = sleep(pause) => {}
            () = stop.asked() => {}
        }
    }
}

/// Runs the wakes that are due; how many went well.
async fn look(service: &Service, leases: &Leases) -> Result<usize, StoreError> {
    let held = leases.held();
    if held.shards.is_empty() {
        return Ok(0);
    }
    let due = service.store().due(&held, service.clock().now(), AT_ONCE).await?;
    let woken = stream::iter(due).map(|due| wake(service, due)).buffer_unordered(BESIDE);
    Ok(woken.filter(|well| std::future::ready(*well)).count().await)
}

async fn wake(service: &Service, due: Due) -> bool {
    let now = service.clock().now();
    let late_s = (now.as_millisecond() - due.at.as_millisecond()).max(0);
    metrics::histogram!("intake_wake_late_seconds").record(std::time::Duration::from_millis(late_s.unsigned_abs()).as_secs_f64());
    let event = Event { id: format!("wake:{}", due.at.as_millisecond()).into(), at: due.at, kind: EventKind::Wake };
    match service.turn(Target::Conversation(due.conversation.clone()), event).await {
        Ok(_) => true,
        Err(TurnError::Unknown(id)) => {
            tracing::error!(conversation = %id, "a wake for a conversation that is not there");
            false
        }
        Err(error) => {
            tracing::warn!(conversation = %due.conversation, %error, "a wake failed; it will be tried again");
            false
        }
    }
}
