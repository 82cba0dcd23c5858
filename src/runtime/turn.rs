//! One turn: an event taken through the engine and kept, or nothing at all.
//!
//! ```text
//! lane of the conversation ─▶ recall, or find ─▶ pinned revisions ─▶ decide (engine, words) ─▶ commit ─▶ done
//!                                                       ▲──────── stale: what is there now ────┘
//! ```
//! Where this process had the conversation last, the commit is the only round trip: it names the version that was decided on, and
//! answers another with the state as it is. What needs no commit, a repeat above all, is always found on what the store says.

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
    store::{Commit, Committed, Etag, Loaded},
};

/// Runs a turn as a task of its own: who drops the waiting handler does not stop it half-way.
pub(super) async fn spawned(service: &Service, target: Target, event: Event) -> Result<Turned, TurnError> {
    let service = service.clone();
    let span = tracing::Span::current();
    let task = tokio::spawn(async move { run(&service, target, event).await }.instrument(span));
    task.await.unwrap_or_else(|_| Err(TurnError::Bug("the turn's task ended by itself".to_owned())))
}

/// Runs a turn in the task that it is called in.
pub(super) async fn run(service: &Service, target: Target, event: Event) -> Result<Turned, TurnError> {
    let _permit = service.turns().try_acquire().map_err(|_| TurnError::Overloaded)?;
    // Lines of the log hang together by the request's trace; what no request brought about says what it is of.
    let span = match (tracing::Span::current().is_none(), &target) {
        (false, _) => tracing::debug_span!("turn", event = event_word(&event)),
        (true, Target::Conversation(id)) => tracing::error_span!("turn", event = event_word(&event), conversation = %id),
        (true, Target::Address { .. }) => tracing::error_span!("turn", event = event_word(&event)),
    };
    async {
        let began_at = service.clock().now();
        // It is large, and would be copied into every layer around it.
        let turned = Box::pin(turn(service, target, &event)).await;
        let took = service.clock().now().duration_since(began_at);
        metrics::histogram!("intake_turn_seconds").record(took.as_secs_f64().max(0.0));
        tracing::debug!(outcome = turned_word(&turned), "a turn ended");
        turned
    }
    .instrument(span)
    .await
}

/// A conversation as it is known, with what a commit must name.
struct Known {
    id: ConversationId,
    /// Whether the address leads there by itself.
    by_address: bool,
    conversation: Conversation,
    etag: Option<Etag>,
    /// Whether the store said so in this turn. Otherwise it is what this process saw last.
    certain: bool,
}

impl Known {
    fn new(id: ConversationId, by_address: bool, loaded: Option<Loaded>, target: &Target, certain: bool) -> Result<Self, TurnError> {
        let (conversation, etag) = match (loaded, target) {
            (Some(loaded), Target::Address { address, channel }) if loaded.conversation.is_erased() => {
                // Only the address knows whose tombstone it is: they begin anew on it.
                (Conversation { address: address.clone(), channel: channel.clone(), ..loaded.conversation }, Some(loaded.etag))
            }
            (Some(loaded), Target::Conversation(_)) if loaded.conversation.is_erased() => return Err(TurnError::Unknown(id)),
            (Some(loaded), _) => (loaded.conversation, Some(loaded.etag)),
            (None, Target::Conversation(_)) => return Err(TurnError::Unknown(id)),
            (None, Target::Address { address, channel }) => (Conversation::new(address.clone(), channel.as_str()), None),
        };
        Ok(Self { id, by_address, conversation, etag, certain })
    }
}

async fn turn(service: &Service, target: Target, event: &Event) -> Result<Turned, TurnError> {
    let store = service.store();
    let own = match &target {
        Target::Conversation(id) => id.clone(),
        Target::Address { address, .. } => store.conversation_id(address),
    };
    let mut lane = service.lanes().enter(&own).await.ok_or(TurnError::Overloaded)?;
    let mut known = match store.recall(&own) {
        Some(loaded) => Known::new(own.clone(), matches!(target, Target::Address { .. }), Some(loaded), &target, false)?,
        None => ask(service, &target, &own).await?,
    };
    for attempt in 0..limit::COMMIT_ATTEMPTS {
        if *lane.id() != known.id {
            // An alias: the turn belongs into the lane of the conversation that it leads to.
            drop(lane);
            lane = service.lanes().enter(&known.id).await.ok_or(TurnError::Overloaded)?;
        }
        let (shelf, missing) = pinned(service, &known.conversation).await?;
        let now = service.clock().now();
        let decided = tracing::debug_span!("decide")
            .in_scope(|| decide::decide(service.given(&shelf), &known.id, &known.conversation, event, missing.as_ref(), now));
        let decision = match decided {
            Ok(Decided::Keep(decision)) => decision,
            // Nothing is kept, so no commit proves what it was decided on: only the store can say that the first is durable.
            Ok(Decided::Repeated | Decided::Refused(_)) if !known.certain => {
                known = ask(service, &target, &own).await?;
                continue;
            }
            Ok(Decided::Repeated) => {
                // What the earlier turn kept may not be everywhere yet that it must be.
                if let Some(etag) = known.etag
                    && !store.confirm(&known.id, &etag).await?
                {
                    known = ask(service, &target, &own).await?;
                    continue;
                }
                metrics::counter!("intake_turns_total", "outcome" => "repeated").increment(1);
                return Ok(Turned::Repeated);
            }
            Ok(Decided::Refused(refusal)) => {
                metrics::counter!("intake_turns_total", "outcome" => "refused").increment(1);
                return Ok(Turned::Refused(refusal));
            }
            Err(bug) => {
                metrics::counter!("intake_turns_total", "outcome" => "bug").increment(1);
                tracing::error!(conversation = %known.id, event = event_word(event), what = %bug.0, "an event could not be handled, nor a human called");
                store.fault(&known.conversation.channel, "an event could not be handled, nor a human called", now).await?;
                return Err(TurnError::Bug(bug.0));
            }
        };
        match commit(service, &shelf, &known, *decision).instrument(tracing::debug_span!("commit")).await? {
            Committed::Done => {
                service.hints().changed(&known.id);
                return Ok(Turned::Done);
            }
            Committed::Stale(loaded) => known = Known::new(known.id, known.by_address, loaded.map(|loaded| *loaded), &target, true)?,
            Committed::Moved => known = ask(service, &target, &own).await?,
        }
        metrics::counter!("intake_turns_total", "outcome" => "stale").increment(1);
        tracing::debug!(conversation = %known.id, attempt, "another turn was faster");
    }
    Err(TurnError::Busy(known.id))
}

/// The conversation as the store has it now.
async fn ask(service: &Service, target: &Target, own: &ConversationId) -> Result<Known, TurnError> {
    let (id, loaded) = match target {
        Target::Conversation(id) => (id.clone(), service.store().load(id).await?),
        Target::Address { address, .. } => service.store().find(address).await?,
    };
    let by_address = matches!(target, Target::Address { .. }) && id == *own;
    Known::new(id, by_address, loaded, target, true)
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

/// Keeps a decision.
async fn commit(service: &Service, shelf: &Shelf, known: &Known, decision: Decision) -> Result<Committed, TurnError> {
    let Known { id, by_address, conversation: before, etag, certain: _ } = known;
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
        by_address: *by_address,
        expected: *etag,
        etag: service.clock().random(),
        conversation: decision.conversation,
        outbox: decision.outbox,
        cancel_waiting: decision.cancel_waiting,
        wake_at: decision.wake_at,
        entry: decision.entry,
    };
    let committed = service.store().commit(commit).await?;
    if matches!(committed, Committed::Done) {
        metrics::counter!("intake_turns_total", "outcome" => "done").increment(1);
        metrics::counter!("intake_effects_total", "kind" => "outbox").increment(u64::try_from(n_messages).unwrap_or(0));
        for word in words {
            metrics::counter!("intake_effects_total", "kind" => word).increment(1);
        }
    }
    Ok(committed)
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
