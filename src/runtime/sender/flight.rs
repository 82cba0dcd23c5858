//! One message on its way: begun, encoded, performed, settled.
//!
//! ```text
//! begin (lease, epoch) ─▶ encode ─▶ HTTP ─▶ outcome ─▶ settle
//!                                              └─ failed for good ─▶ a turn with `Undeliverable`, then settle
//! ```
//! An event for another conversation is a turn there, then settled. What may have been taken waits for a receipt before it goes again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};
use tracing::Instrument;

use super::{AFTER_ERROR, air::Seat, stock::pace_of};
use crate::{
    base::{capabilities::Capabilities, limit},
    channel::{Channel, Delivery, Encoded, Outcome, Receipt, SendContext, Throttled, Transport, Unsendable},
    engine::event::Undeliverable,
    render::Outgoing,
    runtime::{
        backoff,
        service::{Service, Target},
    },
    store::{Begin, Load, OutboxItem, Pending, Settlement, StoreError},
};

/// How long an attempt that may have been taken waits for its receipt.
const AMBIGUOUS_MS: u64 = 30_000;
/// Tries, a second apart, at keeping what came of an attempt while the store is away: together with the attempt itself they end before
/// the attempt counts as ambiguous, at 30 s.
const SETTLE_TRIES: u32 = 10;
/// How long after its begin a message may still leave: well within the 30 s after which others take its attempt for made.
const STILL_OURS: Duration = Duration::from_secs(15);
/// How long an item is left alone that was not ours to begin: another node has the shard, or it is finished.
const NOT_OURS: Duration = Duration::from_millis(500);

/// Sends one message to its end. Whatever comes of it, its conversation is looked at again.
pub(super) async fn fly(service: Service, pending: Pending, mut seat: Seat) {
    let span = tracing::debug_span!("send", channel = %pending.item.channel, outbox = %pending.item.id, attempt = pending.n_attempts + 1);
    if let Err(error) = send(&service, &pending, &mut seat).instrument(span).await {
        tracing::warn!(outbox = %pending.item.id, %error, "a message could not be settled; it will be tried again");
        sleep(AFTER_ERROR).await;
    }
    let conversation = seat.conversation().clone();
    drop(seat);
    service.hints().changed(&conversation);
}

async fn send(service: &Service, pending: &Pending, seat: &mut Seat) -> Result<(), StoreError> {
    let store = service.store();
    let began = Instant::now();
    let begun = store.begin(pending, service.clock().now()).await?;
    if began.elapsed() > STILL_OURS && begun == Begin::Go {
        // This process stood still: others may have sent it since, and what comes after it. It comes back as perhaps taken.
        tracing::warn!(outbox = %pending.item.id, "an attempt began long ago and is not made; it will be looked at again");
        return Ok(());
    }
    let settlement = match (begun, &pending.item.load) {
        (Begin::NotOurs, _) => {
            // Our lease is renewed only in a while: looking again at once would find the same.
            seat.leave_gate();
            sleep(NOT_OURS).await;
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
            Outcome::Throttled { who, after_s, code } => throttled(service, pending, who, after_s, code).await,
            other @ (Outcome::Retry { .. } | Outcome::Ambiguous | Outcome::Failed { .. }) => unaccepted(service, pending, other),
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

/// Too many: slower from now on on all nodes, and this one again soon, until it has waited as long as a provider would keep it.
async fn throttled(service: &Service, pending: &Pending, who: Throttled, after_s: Option<u64>, code: String) -> Settlement {
    count(&pending.item, "throttled");
    let (channel, id) = (&pending.item.channel, &pending.item.id);
    let now = service.clock().now();
    if let (Throttled::Sender, Some((sender, pace))) = (who, service.channel(channel).and_then(pace_of)) {
        tracing::warn!(%channel, %code, "the provider takes fewer messages than were sent; the rate is halved for now");
        let pause_ms = after_s.unwrap_or(0).saturating_mul(1_000);
        if let Err(error) = service.store().slow(&sender, pace, pause_ms).await {
            tracing::warn!(%channel, %error, "the rate could not be lowered");
        }
    }
    if now.duration_since(pending.item.decided_at).as_hours() >= limit::THROTTLED_HOURS {
        count(&pending.item, "gave up");
        tracing::warn!(%channel, outbox = %id, %code, "a message is given up after {} hours of throttling", limit::THROTTLED_HOURS);
        return Settlement::Failed { code, reason: Undeliverable::GaveUp };
    }
    Settlement::ThrottledUntil(backoff::throttled_until(service.clock(), who, after_s))
}

fn unaccepted(service: &Service, pending: &Pending, outcome: Outcome) -> Settlement {
    // Being turned away for being too many says nothing of this message.
    let n_attempts = pending.n_attempts.saturating_add(1).saturating_sub(pending.n_throttled);
    let last = n_attempts >= limit::SEND_ATTEMPTS;
    let tries = format!("{n_attempts} of {}", limit::SEND_ATTEMPTS);
    let (channel, id) = (&pending.item.channel, &pending.item.id);
    match outcome {
        Outcome::Accepted { provider_id } => Settlement::Accepted { provider_id },
        Outcome::Throttled { code, .. } => Settlement::Failed { code, reason: Undeliverable::GaveUp },
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
