//! From an event to what is kept: one step of the engine, its words rendered. No IO, no clock; survives a bug in either.
//!
//! A step that panics, says what cannot be put into words, or gathers more than may be stored, is run again as a `Fault` of the same event
//! id: a human is called, and the event is not tried again.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::{SignedDuration, Timestamp};

use super::shelf::Shelf;
use crate::{
    base::{
        capabilities::Capabilities,
        id::{ConversationId, OutboxId, RevisionId, TracerId},
        limit,
    },
    channel::Channel,
    engine::{
        self, Conversation, Effect, Event, EventKind, Fact, Flood, Outcome, Purpose, Refusal, Step,
        world::{Agency, Desk, World},
    },
    render::Outgoing,
    store::{Load, OutboxItem, Said, TurnEntry},
};

/// The least time to the next wake after one that found nothing to do, in seconds.
const IDLE_WAKE_S: i64 = 60;

/// Hears an event: [`engine::step`], or what is measured in its place.
pub type Engine = fn(&World<'_>, &Conversation, &Event, Timestamp) -> Step;

/// What a decision needs besides the conversation and the event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given<'a> {
    pub engine: Engine,
    pub shelf: &'a Shelf,
    pub agency: &'a Agency,
    pub desk: &'a Desk,
    pub welcome: Option<&'a str>,
    pub stop_confirmed_by_provider: &'a [String],
    pub flood: Option<Flood>,
    pub channels: &'a [Channel],
}

/// What was decided.
#[derive(Debug)]
pub(super) enum Decided {
    /// To be kept.
    Keep(Box<Decision>),
    /// The event had been seen.
    Repeated,
    /// The engine refuses it; nothing changes.
    Refused(Refusal),
}

/// All that a commit needs but the version.
#[derive(Debug)]
pub(super) struct Decision {
    pub conversation: Conversation,
    pub outbox: Vec<OutboxItem>,
    pub cancel_waiting: bool,
    pub wake_at: Option<Timestamp>,
    pub entry: TurnEntry,
    /// Whether it is the human that is called because the event could not be handled.
    pub fault: Option<String>,
}

/// Neither the event nor its fault could be handled. Says where, never what.
#[derive(Debug)]
pub(super) struct Bug(pub String);

/// Decides one event. `missing`: a revision that the conversation is pinned to and nobody has.
pub(super) fn decide(
    given: Given<'_>,
    id: &ConversationId,
    before: &Conversation,
    event: &Event,
    missing: Option<&RevisionId>,
    now: Timestamp,
) -> Result<Decided, Bug> {
    let tried = match missing {
        None => attempt(given, id, before, event, now),
        Some(revision) => Err(format!("the revision {revision} is not in the store")),
    };
    let what = match tried {
        Ok(decided) => return Ok(decided),
        Err(what) => what,
    };
    let fault = |told| {
        let kind = EventKind::Fault { what: what.clone(), during: Box::new(event.kind.clone()), told };
        attempt(given, id, before, &Event { id: event.id.clone(), at: event.at, kind }, now)
    };
    match fault(true).or_else(|_| fault(false)) {
        Ok(Decided::Keep(mut decision)) => {
            decision.fault = Some(what);
            Ok(Decided::Keep(decision))
        }
        Ok(other @ (Decided::Repeated | Decided::Refused(_))) => Ok(other),
        Err(again) => Err(Bug(format!("{what}; then {again}"))),
    }
}

fn attempt(given: Given<'_>, id: &ConversationId, before: &Conversation, event: &Event, now: Timestamp) -> Result<Decided, String> {
    let run = || {
        let world = World {
            library: &given.shelf.library,
            agency: given.agency,
            desk: given.desk,
            welcome: given.welcome,
            stop_confirmed_by_provider: given.stop_confirmed_by_provider,
            flood: given.flood,
        };
        let step = (given.engine)(&world, before, event, now);
        match step.outcome {
            Outcome::Changed if has_outgrown(before, event, &step.conversation) => {
                Err(format!("what it gathered is over {} bytes", limit::SESSIONS_BYTES))
            }
            Outcome::Changed => keep(given, id, before, event, step, now).map(|decision| Decided::Keep(Box::new(decision))),
            // A wake that finds nothing to do must be moved all the same, or it would come at every look.
            Outcome::Repeated if matches!(event.kind, EventKind::Wake) => {
                let soonest = now.checked_add(SignedDuration::from_secs(IDLE_WAKE_S)).unwrap_or(now);
                let wake_at = step.wake_at.map(|at| at.max(soonest));
                let step = Step { effects: Vec::new(), wake_at, ..step };
                keep(given, id, before, event, step, now).map(|decision| Decided::Keep(Box::new(decision)))
            }
            Outcome::Repeated => Ok(Decided::Repeated),
            Outcome::Refused(refusal) => Ok(Decided::Refused(refusal)),
        }
    };
    // Everything is taken by reference and given back by value: nothing half-changed is left behind.
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err("the engine panicked; the log has the place".to_owned()))
}

/// Whether a message of theirs made the sessions larger than may be stored. What makes them no larger is always heard.
fn has_outgrown(before: &Conversation, event: &Event, after: &Conversation) -> bool {
    let n_bytes = after.sessions_bytes();
    matches!(event.kind, EventKind::Message { .. }) && n_bytes > limit::SESSIONS_BYTES && n_bytes > before.sessions_bytes()
}

fn keep(
    given: Given<'_>,
    id: &ConversationId,
    before: &Conversation,
    event: &Event,
    step: Step,
    now: Timestamp,
) -> Result<Decision, String> {
    let mut conversation = step.conversation;
    let capabilities = given
        .channels
        .iter()
        .find(|channel| channel.name() == conversation.channel)
        .map_or_else(|| Capabilities::of(conversation.address.medium), Channel::capabilities);
    let mut outbox = Vec::new();
    let mut said = Vec::new();
    let mut facts = Vec::new();
    let decided = &conversation;
    let item = |nth: usize, purpose: Purpose, load: Load| OutboxItem {
        id: OutboxId::derive(id, &event.id, nth),
        address: decided.address.clone(),
        channel: decided.channel.clone(),
        purpose,
        epoch: decided.epoch,
        decided_at: now,
        last_inbound_at: decided.last_inbound_at,
        load,
    };
    for effect in step.effects {
        match effect {
            Effect::Say(say) => {
                let messages: Vec<Outgoing> = given
                    .shelf
                    .catalog
                    .render(&say, conversation.address.medium, &capabilities)
                    .map_err(|fault| format!("a text cannot be put into words: {fault}"))?;
                for message in messages {
                    let item = item(outbox.len(), say.purpose, Load::Message(message.clone()));
                    said.push(Said {
                        outbox: item.id.clone(),
                        channel: item.channel.clone(),
                        purpose: say.purpose,
                        text: message.text,
                        tracer: (say.purpose == Purpose::Tracer).then(|| tracer(event)).flatten(),
                    });
                    outbox.push(item);
                }
            }
            Effect::Deliver(deliver) => {
                let mut item = item(outbox.len(), Purpose::Notice, Load::Deliver(deliver.clone()));
                item.address = deliver.address;
                item.channel = deliver.channel;
                outbox.push(item);
            }
            Effect::Fact(fact) => facts.push(fact),
        }
    }
    engine::remember_said(&mut conversation, said.iter().map(|said| &said.text));
    let revision = before.open_session().or_else(|| conversation.open_session()).map(|session| session.revision.clone());
    let entry =
        TurnEntry { address: conversation.address.clone(), n_turn: conversation.n_turns, event: event.clone(), now, revision, facts, said };
    let cancel_waiting = before.opted_out_at.is_none() && conversation.opted_out_at.is_some();
    Ok(Decision { conversation, outbox, cancel_waiting, wake_at: step.wake_at, entry, fault: None })
}

fn tracer(event: &Event) -> Option<TracerId> {
    match &event.kind {
        EventKind::Desk { tracer, .. } => Some(tracer.clone()),
        EventKind::Message { .. }
        | EventKind::Start(_)
        | EventKind::Wake
        | EventKind::Undeliverable { .. }
        | EventKind::Fault { .. }
        | EventKind::Notice { .. } => None,
    }
}

/// The revisions that a conversation is pinned to.
pub(super) fn pins(conversation: &Conversation) -> impl Iterator<Item = &RevisionId> {
    let lapsed = conversation.lapsed.iter().map(|lapsed| &lapsed.session.revision);
    conversation.sessions.iter().map(|session| &session.revision).chain(lapsed)
}

/// The kinds of facts for metrics.
pub(super) const fn fact_word(fact: &Fact) -> Option<&'static str> {
    match fact {
        Fact::Escalated { .. } => Some("escalated"),
        Fact::Task { .. } => Some("task"),
        Fact::OptedOut => Some("opted out"),
        Fact::OptedIn => Some("opted in"),
        Fact::SessionStarted { .. } => Some("session started"),
        Fact::SessionEnded { .. } => Some("session ended"),
        Fact::Fault { .. } => Some("fault"),
        Fact::Answered(_) => Some("answered"),
        Fact::Received { .. } => Some("received"),
        Fact::NotUnderstood { .. } => Some("not understood"),
        Fact::Undeliverable { .. } => Some("undeliverable"),
        Fact::Throttled { .. } => Some("throttled"),
        Fact::Revised { .. }
        | Fact::Person { .. }
        | Fact::ItemGiven { .. }
        | Fact::Consent { .. }
        | Fact::Identity { .. }
        | Fact::EscalationChanged { .. }
        | Fact::Noted { .. }
        | Fact::TaskDone { .. }
        | Fact::LanguageSet { .. }
        | Fact::PerhapsRepeated { .. }
        | Fact::AnswerDropped { .. }
        | Fact::Standing { .. } => None,
    }
}
