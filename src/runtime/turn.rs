//! One turn: an event taken through the engine and kept, or nothing at all.
//!
//! ```text
//! lane of the conversation ─▶ load ─▶ pinned revisions ─▶ decide (engine, words) ─▶ commit ─▶ done
//!                               ▲──────────────────── stale ────────────────────────┘
//! ```

use std::sync::Arc;

use tracing::Instrument;

use super::{
    decide::{self, Decided, Decision},
    service::{Service, Target, TurnError, Turned},
    shelf::Shelf,
};
use crate::{
    base::{
        id::{ConversationId, RevisionId},
        limit,
    },
    engine::{Conversation, Event},
    flow,
    store::{Commit, Committed, Etag},
};

/// Runs a turn as a task of its own: who drops the waiting handler does not stop it half-way.
pub(super) async fn run(service: &Service, target: Target, event: Event) -> Result<Turned, TurnError> {
    let permit = service.turns().clone().try_acquire_owned().map_err(|_| TurnError::Overloaded)?;
    let service = service.clone();
    let span = tracing::error_span!("turn", turn = %hex::encode(service.clock().random::<8>()), event = event_word(&event));
    let running = async move {
        let began_at = service.clock().now();
        let turned = turn(&service, target, &event).await;
        let took = service.clock().now().duration_since(began_at);
        metrics::histogram!("intake_turn_seconds").record(took.as_secs_f64().max(0.0));
        tracing::debug!(outcome = turned_word(&turned), "a turn ended");
        drop(permit);
        turned
    };
    let task = tokio::spawn(running.instrument(span));
    task.await.unwrap_or_else(|_| Err(TurnError::Bug("the turn's task ended by itself".to_owned())))
}

async fn turn(service: &Service, target: Target, event: &Event) -> Result<Turned, TurnError> {
    let id = match &target {
        Target::Conversation(id) => id.clone(),
        Target::Address { address, .. } => service.store().resolve(address).await?,
    };
    let _lane = service.lanes().enter(&id).await.ok_or(TurnError::Overloaded)?;
    for attempt in 0..limit::COMMIT_ATTEMPTS {
        let (before, etag) = match service.store().load(&id).await? {
            Some(loaded) => match (loaded.conversation, &target) {
                // Only the address knows whose tombstone it is: they begin anew on it.
                (tombstone, Target::Address { address, channel }) if tombstone.is_erased() => {
                    (Conversation { address: address.clone(), channel: channel.clone(), ..tombstone }, Some(loaded.etag))
                }
                (tombstone, Target::Conversation(_)) if tombstone.is_erased() => return Err(TurnError::Unknown(id)),
                (conversation, _) => (conversation, Some(loaded.etag)),
            },
            None => match &target {
                Target::Conversation(_) => return Err(TurnError::Unknown(id)),
                Target::Address { address, channel } => (Conversation::new(address.clone(), channel.as_str()), None),
            },
        };
        let (shelf, missing) = pinned(service, &before).await?;
        let now = service.clock().now();
        let decided = decide::decide(service.given(&shelf), &id, &before, event, missing.as_ref(), now);
        let decision = match decided {
            Ok(Decided::Keep(decision)) => decision,
            Ok(Decided::Repeated) => {
                metrics::counter!("intake_turns_total", "outcome" => "repeated").increment(1);
                return Ok(Turned::Repeated);
            }
            Ok(Decided::Refused(refusal)) => {
                metrics::counter!("intake_turns_total", "outcome" => "refused").increment(1);
                return Ok(Turned::Refused(refusal));
            }
            Err(bug) => {
                metrics::counter!("intake_turns_total", "outcome" => "bug").increment(1);
                tracing::error!(conversation = %id, event = event_word(event), what = %bug.0, "an event could not be handled, nor a human called");
                service.store().fault(&before.channel, "an event could not be handled, nor a human called", now).await?;
                return Err(TurnError::Bug(bug.0));
            }
        };
        if commit(service, &shelf, &id, &before, etag, *decision).await? {
            service.hints().changed(&id);
            return Ok(Turned::Done);
        }
        metrics::counter!("intake_turns_total", "outcome" => "stale").increment(1);
        tracing::debug!(conversation = %id, attempt, "another turn was faster");
    }
    Err(TurnError::Busy(id))
}

/// The shelf with every revision that the conversation is pinned to; the first that nobody has.
async fn pinned(service: &Service, conversation: &Conversation) -> Result<(Arc<Shelf>, Option<RevisionId>), TurnError> {
    let mut shelf = service.shelf();
    for id in decide::pins(conversation) {
        if shelf.library.revision(id).is_some() {
            continue;
        }
        let revision = match service.store().revision(id).await? {
            Some(bundle) => flow::library::compile(&bundle).revision,
            None => None,
        };
        match revision {
            Some(revision) if revision.id == *id => shelf = service.keep_revision(&revision),
            Some(_) | None => {
                tracing::error!(revision = %id, "a revision that a conversation is pinned to cannot be had: a human is called");
                return Ok((shelf, Some(id.clone())));
            }
        }
    }
    Ok((shelf, None))
}

/// Keeps a decision: whether it was the first to come.
async fn commit(
    service: &Service,
    shelf: &Shelf,
    id: &ConversationId,
    before: &Conversation,
    expected: Option<Etag>,
    decision: Decision,
) -> Result<bool, TurnError> {
    for pin in decide::pins(&decision.conversation) {
        if !decide::pins(before).any(|known| known == pin)
            && service.is_new_pin(pin)
            && let Some(revision) = shelf.library.revision(pin)
        {
            service.store().put_revision(pin, &revision.bundle).await?;
            service.pin_kept(pin);
        }
    }
    if let Some(what) = &decision.fault {
        tracing::error!(conversation = %id, what = %what, "the bot could not go on: a human is called");
    }
    let words: Vec<&'static str> = decision.entry.facts.iter().filter_map(decide::fact_word).collect();
    let n_messages = decision.outbox.len();
    let commit = Commit {
        id: id.clone(),
        expected,
        etag: service.clock().random(),
        conversation: decision.conversation,
        outbox: decision.outbox,
        cancel_waiting: decision.cancel_waiting,
        wake_at: decision.wake_at,
        entry: decision.entry,
    };
    match service.store().commit(commit).await? {
        Committed::Stale => Ok(false),
        Committed::Done => {
            metrics::counter!("intake_turns_total", "outcome" => "done").increment(1);
            metrics::counter!("intake_effects_total", "kind" => "outbox").increment(u64::try_from(n_messages).unwrap_or(0));
            for word in words {
                metrics::counter!("intake_effects_total", "kind" => word).increment(1);
            }
            Ok(true)
        }
    }
}

const fn turned_word(turned: &Result<Turned, TurnError>) -> &'static str {
    match turned {
        Ok(Turned::Done) => "done",
        Ok(Turned::Repeated) => "repeated",
        Ok(Turned::Refused(_)) => "refused",
        Err(TurnError::Unknown(_)) => "unknown",
        Err(TurnError::Store(_)) => "store",
        Err(TurnError::Busy(_)) => "busy",
        Err(TurnError::Overloaded) => "overloaded",
        Err(TurnError::Bug(_)) => "bug",
    }
}

const fn event_word(event: &Event) -> &'static str {
    use crate::engine::EventKind as Kind;
    match event.kind {
        Kind::Message { .. } => "message",
        Kind::Start(_) => "start",
        Kind::Wake => "wake",
        Kind::Undeliverable { .. } => "undeliverable",
        Kind::Desk { .. } => "desk",
        Kind::Fault { .. } => "fault",
        Kind::Notice { .. } => "notice",
    }
}
