//! The outbox to the providers: one message in flight for each conversation, many conversations beside each other.
//!
//! ```text
//! outbox ─▶ begin (lease, epoch) ─▶ encode ─▶ HTTP ─▶ outcome ─▶ settle
//!                                                        └─ failed for good ─▶ a turn with `Undeliverable`, then settle
//! ```
//! An event for another conversation is a turn there, then settled. What may have been taken waits for a receipt before it goes again.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    backoff,
    leases::Leases,
    service::{Service, Target},
    stop::Stop,
};
use crate::{
    base::{capabilities::Capabilities, id::ConversationId, limit},
    channel::{Channel, Delivery, Encoded, Outcome, Receipt, SendContext, Transport, Unsendable},
    engine::event::Undeliverable,
    render::Outgoing,
    store::{Begin, Load, OutboxItem, Pending, Settlement, StoreError},
};

/// Messages in the air at once: what a provider's account bears, and a bound on memory.
const IN_FLIGHT: usize = 64;
/// A look at the outbox when nobody rings: messages of other nodes, tries again.
const LOOK: Duration = Duration::from_millis(500);
/// Waiting for the store to come back.
const AFTER_ERROR: Duration = Duration::from_secs(1);
/// How long an attempt that may have been taken waits for its receipt.
const AMBIGUOUS_MS: u64 = 30_000;
/// Tries, a second apart, at keeping what came of an attempt while the store is away: together with the attempt itself they end before
/// the attempt counts as ambiguous, at 30 s.
const SETTLE_TRIES: u32 = 10;
/// What may be in the air when the process is asked to stop.
const DRAIN: Duration = Duration::from_secs(12);

/// Sends until it is told to stop; then finishes what is in the air.
pub(super) async fn run(service: Service, leases: Leases, stop: Stop) {
    let busy: Arc<Mutex<HashSet<ConversationId>>> = Arc::default();
    let permits = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut flights = JoinSet::new();
    while !stop.is_asked() {
        while flights.try_join_next().is_some() {}
        let free = permits.available_permits();
        let found = if free == 0 { Ok(Vec::new()) } else { ready(&service, &leases, free).await };
        match found {
            Ok(found) => {
                for pending in found {
                    let Some(conversation) = pending.item.id.conversation() else { continue };
                    if !busy.lock().unwrap_or_else(PoisonError::into_inner).insert(conversation.clone()) {
                        continue;
                    }
                    let Ok(permit) = permits.clone().try_acquire_owned() else { break };
                    let (service, busy) = (service.clone(), busy.clone());
                    flights.spawn(async move {
                        let kept = send(&service, &pending).await;
                        if let Err(error) = &kept {
                            tracing::warn!(outbox = %pending.item.id, %error, "a message could not be settled; it will be tried again");
                            sleep(AFTER_ERROR).await;
                        }
                        busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&conversation);
                        drop(permit);
                        service.hints().settled();
                    });
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the outbox cannot be read; looking again in {AFTER_ERROR:?}");
                sleep(AFTER_ERROR).await;
            }
        }
        tokio::select! {
            biased;
            () = service.hints().outbox() => {}
            () = sleep(LOOK) => {}
            () = stop.asked() => {}
        }
    }
    if timeout(DRAIN, async { while flights.join_next().await.is_some() {} }).await.is_err() {
        tracing::warn!(n = flights.len(), "messages were still in the air at the stop; they will be taken as perhaps sent");
    }
}

async fn ready(service: &Service, leases: &Leases, limit: usize) -> Result<Vec<Pending>, StoreError> {
    let held = leases.held();
    if held.shards.is_empty() {
        return Ok(Vec::new());
    }
    // Those in the air are among them: read so many more.
    service.store().outbox(&held, service.clock().now(), limit + IN_FLIGHT).await
}

async fn send(service: &Service, pending: &Pending) -> Result<(), StoreError> {
    let store = service.store();
    let begun = store.begin(pending, service.clock().now()).await?;
    let settlement = match (begun, &pending.item.load) {
        (Begin::NotOurs, _) => {
            // Another node has the shard, and our lease is renewed only in a while: looking again at once would find the same.
            sleep(LOOK).await;
            return Ok(());
        }
        (Begin::Superseded, _) => {
            count(&pending.item, "superseded");
            return Ok(());
        }
        (Begin::Go, Load::Deliver(deliver)) => {
            let target = Target::Address { address: deliver.address.clone(), channel: deliver.channel.clone() };
            match service.turn(target, deliver.event.clone()).await {
                Ok(_) => Settlement::Delivered,
                Err(error) => {
                    tracing::warn!(outbox = %pending.item.id, %error, "an event for another conversation waits");
                    Settlement::RetryAt(backoff::retry_at(service.clock(), pending.n_attempts.saturating_add(1), None))
                }
            }
        }
        (Begin::Go, Load::Message(message)) => match attempt(service, &pending.item, message).await {
            Outcome::Accepted { provider_id } => {
                count(&pending.item, "accepted");
                Settlement::Accepted { provider_id }
            }
            other => unaccepted(service, pending, other),
        },
    };
    if let Settlement::Failed { reason, .. } = &settlement
        && let Err(error) = service.undeliverable(&pending.item.id, *reason).await
    {
        tracing::warn!(outbox = %pending.item.id, %error, "the conversation could not be told that a message failed; it will be");
        let at = backoff::retry_at(service.clock(), pending.n_attempts.saturating_add(1), None);
        return settle(service, pending, Settlement::RetryAt(at)).await;
    }
    let kept =
        matches!(service.channel(&pending.item.channel), Some(Channel::Browser(_))) && matches!(settlement, Settlement::Accepted { .. });
    settle(service, pending, settlement).await?;
    if kept {
        // Its page has it as soon as it is kept: there is no provider to say so.
        let receipt = Receipt {
            outbox: Some(pending.item.id.clone()),
            provider_id: pending.item.id.to_string(),
            state: Delivery::Delivered,
            at: service.clock().now(),
        };
        store.receipt(&receipt).await?;
    }
    Ok(())
}

/// Keeps what came of an attempt. A store that is away is asked again for a while: what is not settled is sent once more.
async fn settle(service: &Service, pending: &Pending, settlement: Settlement) -> Result<(), StoreError> {
    for _ in 1..SETTLE_TRIES {
        match service.store().settle(pending, settlement.clone(), service.clock().now()).await {
            Err(StoreError::Unavailable(_)) => sleep(AFTER_ERROR).await,
            settled => return settled,
        }
    }
    service.store().settle(pending, settlement, service.clock().now()).await
}

fn unaccepted(service: &Service, pending: &Pending, outcome: Outcome) -> Settlement {
    let n_attempts = pending.n_attempts.saturating_add(1);
    let last = n_attempts >= limit::SEND_ATTEMPTS;
    let tries = format!("{n_attempts} of {}", limit::SEND_ATTEMPTS);
    let (channel, id) = (&pending.item.channel, &pending.item.id);
    match outcome {
        Outcome::Accepted { provider_id } => Settlement::Accepted { provider_id },
        Outcome::Failed { reason, code } => {
            count(&pending.item, "failed");
            tracing::warn!(%channel, outbox = %id, %code, ?reason, "a message cannot be delivered");
            Settlement::Failed { code, reason }
        }
        Outcome::Retry { code, .. } if last => {
            count(&pending.item, "gave up");
            tracing::warn!(%channel, outbox = %id, %code, "a message is given up after {tries} tries");
            Settlement::Failed { code, reason: Undeliverable::GaveUp }
        }
        Outcome::Retry { after_s, code } => {
            count(&pending.item, "retry");
            let at = backoff::retry_at(service.clock(), n_attempts, after_s);
            tracing::info!(%channel, outbox = %id, %code, "a message was not taken; next try at {at} ({tries} done)");
            Settlement::RetryAt(at)
        }
        Outcome::Ambiguous if last => {
            count(&pending.item, "gave up");
            Settlement::Failed { code: "no answer".to_owned(), reason: Undeliverable::GaveUp }
        }
        Outcome::Ambiguous => {
            count(&pending.item, "ambiguous");
            tracing::info!(%channel, outbox = %id, "a message was perhaps taken; waiting for its receipt ({tries} done)");
            Settlement::AmbiguousUntil(backoff::later(service.clock().now(), AMBIGUOUS_MS))
        }
    }
}

async fn attempt(service: &Service, item: &OutboxItem, message: &Outgoing) -> Outcome {
    let Some(channel) = service.channel(&item.channel) else {
        return Outcome::Failed { reason: Undeliverable::Configuration, code: "no such channel".to_owned() };
    };
    let window_shut = window_shut(&channel.capabilities(), item.last_inbound_at, service.clock().now());
    let context = SendContext { outbox: &item.id, window_shut, public_url: &service.settings().server.public_url };
    let requests = match channel.encode(message, &item.address, &context) {
        Ok(Encoded::Requests(requests)) => requests,
        Ok(Encoded::Kept) => {
            return match service.phones().show(service, item, message).await {
                Ok(()) => Outcome::Accepted { provider_id: item.id.to_string() },
                Err(_) => Outcome::Retry { after_s: None, code: "store".to_owned() },
            };
        }
        Err(unsendable) => return refused(&unsendable),
    };
    let mut outcome = Outcome::Failed { reason: Undeliverable::Content, code: "empty".to_owned() };
    for request in requests {
        let began_at = service.clock().now();
        let response: Result<_, Transport> = service.http().perform(request).await;
        let took = service.clock().now().duration_since(began_at);
        metrics::histogram!("intake_send_seconds", "channel" => item.channel.clone()).record(took.as_secs_f64().max(0.0));
        outcome = channel.outcome(response.as_ref().map_err(|transport| *transport));
        if !matches!(outcome, Outcome::Accepted { .. }) {
            break;
        }
    }
    outcome
}

fn refused(unsendable: &Unsendable) -> Outcome {
    let (reason, code) = match unsendable {
        Unsendable::WindowShut => (Undeliverable::WindowShut, "window shut"),
        Unsendable::TooLong => (Undeliverable::Content, "too long"),
        Unsendable::Empty => (Undeliverable::Content, "empty"),
        Unsendable::OtherMedium => (Undeliverable::Configuration, "other medium"),
        Unsendable::Configuration => (Undeliverable::Configuration, "configuration"),
    };
    Outcome::Failed { reason, code: code.to_owned() }
}

/// Whether the window for free text is shut: so many hours after their last message, or where they never wrote.
fn window_shut(capabilities: &Capabilities, last_inbound_at: Option<Timestamp>, now: Timestamp) -> bool {
    let Some(hours) = capabilities.window_hours else { return false };
    last_inbound_at.and_then(|at| at.checked_add(SignedDuration::from_hours(hours)).ok()).is_none_or(|until| now >= until)
}

fn count(item: &OutboxItem, outcome: &'static str) {
    metrics::counter!("intake_sends_total", "channel" => item.channel.clone(), "outcome" => outcome).increment(1);
}
