//! One step of a conversation. Pure.
//!
//! ```text
//! World (library, agency, desk hours) ─┐
//! Conversation ────────────────────────┼─▶ step ─▶ Step { conversation, effects, outcome, trace, wake_at }
//! Event, now ──────────────────────────┘
//! ```
//! Knows no channel, HTML, Redis or SQL, asks for no time and no randomness. Only [`step`] changes a conversation.

pub mod clocks;
pub mod conversation;
pub mod effect;
pub mod event;
mod flood;
pub mod session;
pub mod trace;
pub mod world;

mod alarm;
mod ask;
mod beside;
mod command;
mod confirm;
mod correct;
mod handover;
mod heard;
mod identity;
mod idle;
mod keep;
mod listen;
mod loops;
mod remind;
mod repeat;
mod run;
mod scope;
mod start;
mod tongue;
mod walk;

use jiff::Timestamp;

pub use conversation::{Conversation, Escalation, Holder, Person};
pub use effect::{Class, Effect, Fact, Fence, Purpose, Say};
pub use event::{Content, Event, EventKind};
pub use flood::Flood;
pub use loops::remember_said;
pub use remind::next_wake;
pub use session::{Answered, Session};
pub use trace::Trace;
pub use world::{Agency, Desk, World};

use crate::{
    base::{id::TracerId, limit},
    flow::model::Urgency,
};

/// What one event came to.
#[derive(Clone, Debug)]
pub struct Step {
    /// The conversation after it.
    pub conversation: Conversation,
    /// What is to be done, in order.
    pub effects: Vec<Effect>,
    /// Whether anything is to be kept.
    pub outcome: Outcome,
    /// Why.
    pub trace: Vec<Trace>,
    /// When the conversation must be looked at next.
    pub wake_at: Option<Timestamp>,
}

/// Whether an event had an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It had: commit.
    Changed,
    /// It was handled before, or there was nothing to do: commit nothing.
    Repeated,
    /// It may not be done: commit nothing, tell the caller.
    Refused(Refusal),
}

/// Why an act was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The page it was decided on is old.
    Stale {
        /// The epoch as it is.
        epoch: u64,
    },
    /// Another tracer has it.
    HeldBy(TracerId),
    /// Only who holds it may do that.
    NotYours,
    /// It is so already.
    NothingToDo,
    /// The words are no answer to that question.
    NotUnderstood,
    /// They have opted out.
    OptedOut,
    /// The window for free text is shut.
    WindowShut,
    /// A session already runs.
    SessionRuns,
    /// Too many sessions wait.
    TooManyWaiting,
    /// No flow of that name is in service.
    NoSuchFlow,
}

/// Handles one event.
///
/// The same conversation, event and time always give the same step. An event whose id was seen changes nothing.
pub fn step(world: &World<'_>, before: &Conversation, event: &Event, now: Timestamp) -> Step {
    let mut run = run::Run {
        world,
        event,
        now,
        conversation: before.clone(),
        effects: Vec::new(),
        trace: Vec::new(),
        fuel: limit::STEPS_PER_EVENT,
        flow: String::new(),
        offer: None,
    };
    let outcome = handle(&mut run);
    let outcome = match outcome {
        Outcome::Changed if matches!(event.kind, EventKind::Wake) && run.conversation == *before && run.effects.is_empty() => {
            Outcome::Repeated
        }
        other => other,
    };
    match outcome {
        Outcome::Changed => {
            run.conversation.n_turns += 1;
            let standing = standing(&run.conversation);
            run.fact(standing);
        }
        Outcome::Repeated | Outcome::Refused(_) => {
            run.conversation.clone_from(before);
            run.effects.clear();
        }
    }
    let wake_at = next_wake(world, &run.conversation);
    Step { conversation: run.conversation, effects: run.effects, outcome, trace: run.trace, wake_at }
}

fn handle(run: &mut run::Run<'_>) -> Outcome {
    let event = run.event;
    if !matches!(event.kind, EventKind::Wake) {
        match run.conversation.seen.ask(&event.id, event.at) {
            conversation::SeenBefore::Yes => return Outcome::Repeated,
            conversation::SeenBefore::Perhaps => {
                if let EventKind::Message { content, .. } = &event.kind {
                    run.conversation.seen.remember(&event.id, event.at);
                    heard::perhaps_repeated(run, content);
                    return Outcome::Changed;
                }
            }
            conversation::SeenBefore::No => {}
        }
        if let Some((channel, content)) = flood::written(&event.kind)
            && flood::is_one_too_many(run, content)
        {
            flood::kept_only(run, channel, content);
            run.conversation.seen.remember(&event.id, event.at);
            return Outcome::Changed;
        }
        run.conversation.seen.remember(&event.id, event.at);
    }
    match &event.kind {
        EventKind::Message { channel, content } => heard::message(run, channel, content),
        EventKind::Start(start) => return start::start(run, start),
        EventKind::Wake => remind::wake(run),
        EventKind::Undeliverable { outbox, reason } => undeliverable(run, outbox.as_str(), *reason),
        EventKind::Fault { what, during, told } => fault(run, what, during, *told),
        EventKind::Notice { urgency } => {
            let urgency = crate::flow::condition::Datum::Text(urgency.word().to_owned());
            run.say_shared(Purpose::Notice, "on-call-notice", &[("urgency", urgency)]);
        }
        EventKind::Desk { tracer, first_name, epoch, act } => {
            return run.desk(&handover::Act { tracer, first_name, epoch: *epoch, act });
        }
    }
    Outcome::Changed
}

fn undeliverable(run: &mut run::Run<'_>, outbox: &str, reason: event::Undeliverable) {
    use event::Undeliverable as Why;
    let because = match reason {
        Why::OptedOut => {
            run.note("", "opted out at the provider");
            return command::stop(run, true);
        }
        Why::WrongNumber => "A message cannot be delivered: wrong number, or not reachable there",
        Why::WindowShut => "A message cannot be delivered: the window is shut and no template serves",
        Why::Content => "A message cannot be delivered: the provider refused its content",
        Why::Configuration => "A message cannot be delivered: our account or settings at the provider",
        Why::GaveUp => "A message cannot be delivered: tried too often",
    };
    run.note("", format!("{outbox} cannot be delivered"));
    run.fact(Fact::Undeliverable { reason: because.to_owned() });
    if run.conversation.opted_out_at.is_some() {
        return;
    }
    let session = run.conversation.open_session().map(|session| session.id.clone());
    if session.is_none() && run.conversation.escalation.is_none() {
        // Nothing runs here (a notice to staff, a confirmation): the desk is told.
        return run.task(Urgency::Routine, because, "undeliverable", None, None);
    }
    run.call_human(Urgency::Routine, because, "undeliverable", None, conversation::ResumeAt::OpenQuestion, session);
}

/// The bot could not handle an event: what they wrote is kept, a human is called, and who wrote is told so once; then the bot is silent.
fn fault(run: &mut run::Run<'_>, what: &str, during: &EventKind, told: bool) {
    if let EventKind::Message { channel, content } = during {
        run.conversation.channel.clone_from(channel);
        run.conversation.last_inbound_at = Some(run.event.at.min(run.now));
        let text = match content {
            Content::Text(text) | Content::Tap { title: text, .. } => text.clone(),
            Content::Cards(_)
            | Content::OwnNumber(_)
            | Content::Location { .. }
            | Content::Media { .. }
            | Content::Reaction { .. }
            | Content::Edited { .. }
            | Content::Revoked { .. }
            | Content::Unsupported { .. }
            | Content::OptOut { .. } => crate::base::Private::from("[not text]"),
        };
        run.fact(Fact::Received { text, channel: channel.clone(), read: false });
        run.conversation.waiting_since.get_or_insert(run.now);
    }
    run.fact(Fact::Fault { what: what.to_owned() });
    let session = run.conversation.open_session().map(|session| session.id.clone());
    let is_news = run.conversation.escalation.is_none() && run.conversation.opted_out_at.is_none();
    run.call_human(Urgency::Urgent, "The assistant could not go on", "fault", None, conversation::ResumeAt::OpenQuestion, session);
    if told && is_news && matches!(during, EventKind::Message { .. }) {
        run.say_handed_over(Urgency::Urgent, None);
    }
}

fn standing(conversation: &Conversation) -> Fact {
    let holder = match &conversation.holder {
        Holder::Bot => "bot".to_owned(),
        Holder::Nobody => "nobody".to_owned(),
        Holder::Tracer(tracer) => tracer.to_string(),
    };
    let open = conversation
        .open_session()
        .filter(|session| session.open.is_some())
        .and_then(|session| session.frames.last())
        .map(|frame| (frame.flow.clone(), frame.at.clone()));
    Fact::Standing {
        holder,
        epoch: conversation.epoch,
        open,
        waiting_since: conversation.waiting_since,
        language: conversation.language.clone(),
        last_inbound_at: conversation.last_inbound_at,
    }
}
