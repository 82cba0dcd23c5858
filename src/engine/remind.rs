//! Timers as data: silence, waiting sessions, the life of a session, the clocks of an escalation.

use jiff::{SignedDuration, Timestamp, ToSpan, civil};

use super::{
    conversation::{Conversation, Holder, ResumeAt},
    effect::Purpose,
    run::Run,
    scope, start,
    walk::Walk,
    world::World,
};
use crate::{
    base::limit,
    flow::{
        condition::Truth,
        model::{Body, Flow, SilenceArm},
    },
};

/// Nothing that was not asked for is said between nine in the evening and eight in the morning, in the person's time zone.
const QUIET_FROM_HOUR: i8 = 21;
const QUIET_TO_HOUR: i8 = 8;

/// When a conversation must be looked at again; `None`: not until something happens.
pub fn next_wake(world: &World<'_>, conversation: &Conversation) -> Option<Timestamp> {
    let escalation = conversation.escalation.as_ref().and_then(|live| live.due_at);
    let session = if conversation.holder == Holder::Bot { next_of_session(world, conversation) } else { None };
    [escalation, session].into_iter().flatten().min()
}

fn next_of_session(world: &World<'_>, conversation: &Conversation) -> Option<Timestamp> {
    let session = conversation.open_session()?;
    let expires = session.started_at.checked_add(SignedDuration::from_hours(24 * limit::SESSION_DAYS)).ok();
    let Some(open) = &session.open else { return expires };
    let yields = (conversation.sessions.len() > 1)
        .then(|| open.asked_at.checked_add(SignedDuration::from_hours(limit::OPEN_QUESTION_HOURS)).ok())
        .flatten();
    let silence = world.library.revision(&session.revision).and_then(|revision| {
        let frame = session.frames.last()?;
        let flow = revision.flows.get(&frame.flow)?;
        arms(flow, &frame.at, revision.flows.get(&session.flow).map(|root| root.as_ref()))
            .get(usize::from(open.n_silence))
            .and_then(|arm| due_at(world, conversation, open.asked_at, arm))
    });
    [expires, yields, silence].into_iter().flatten().min()
}

/// The list of `silence` that serves a step: its own, its flow's, else the root flow's.
fn arms<'f>(flow: &'f Flow, step: &str, root: Option<&'f Flow>) -> &'f [SilenceArm] {
    let own = flow.find(step).and_then(|id| flow.step(id).silence.as_deref());
    match own {
        Some(own) => own,
        None if flow.silence.is_empty() => root.map_or(&[], |root| &root.silence),
        None => &flow.silence,
    }
}

/// When an arm is due: what speaks to the patient waits for the end of the quiet hours.
fn due_at(world: &World<'_>, conversation: &Conversation, asked_at: Timestamp, arm: &SilenceArm) -> Option<Timestamp> {
    let due = asked_at.checked_add(SignedDuration::from_secs(arm.after_s)).ok()?;
    if arm.actions.say.is_none() {
        return Some(due);
    }
    let zone = scope::zone(world, conversation);
    let local = zone.to_datetime(due);
    let day = match local.hour() {
        hour if hour >= QUIET_FROM_HOUR => local.date().checked_add(1.day()).ok()?,
        hour if hour < QUIET_TO_HOUR => local.date(),
        _ => return Some(due),
    };
    zone.to_timestamp(day.to_datetime(civil::time(QUIET_TO_HOUR, 0, 0, 0))).ok()
}

/// Does everything that is due.
pub(super) fn wake(run: &mut Run<'_>) {
    run.escalation_due();
    if run.conversation.holder != Holder::Bot {
        return;
    }
    let too_old = |run: &Run<'_>| {
        run.conversation
            .open_session()
            .is_some_and(|session| run.now.as_second() - session.started_at.as_second() >= limit::SESSION_DAYS * 86_400)
    };
    if too_old(run) {
        return start::end_open(run, "no reply");
    }
    silence(run);
    if run.conversation.sessions.len() > 1 && start::silent_for_long(run) {
        // The next session goes first; the silent one resumes after.
        let silent = run.conversation.sessions.remove(0);
        run.conversation.sessions.insert(1, silent);
        start::begin_waiting(run);
    }
}

fn silence(run: &mut Run<'_>) {
    // Each round does one arm; the list is short and `n_silence` only grows.
    for _ in 0..32 {
        let Some(session) = run.conversation.open_session() else { return };
        let (Some(open), id) = (session.open.clone(), session.id.clone()) else { return };
        let done = start::with_open_for(run, Purpose::Reminder, |walk| one_arm(walk, open.asked_at, open.n_silence));
        let same_session = run.conversation.open_session().is_some_and(|session| session.id == id);
        if done != Some(true) || !same_session || run.conversation.holder != Holder::Bot {
            return;
        }
    }
}

/// Does the next arm of silence if it is due. Gives whether there may be another.
fn one_arm(walk: &mut Walk<'_, '_>, asked_at: Timestamp, nth: u8) -> bool {
    let Some(flow) = walk.flow() else { return false };
    let root = walk.revision.flows.get(&walk.session.flow).cloned();
    let at = walk.frame().at;
    let arm = arms(&flow, &at, root.as_deref()).get(usize::from(nth)).cloned();
    let Some(arm) = arm else { return false };
    let due = due_at(walk.run.world, &walk.run.conversation, asked_at, &arm);
    if due.is_none_or(|due| due > walk.run.now) {
        return false;
    }
    if let Some(open) = &mut walk.session.open {
        open.n_silence = open.n_silence.saturating_add(1);
    }
    if let Some(condition) = &arm.when
        && walk.holds(&at, condition) != Truth::Yes
    {
        return true;
    }
    walk.run.note(&at, format!("silence arm {} is done", nth + 1));
    let Some(id) = flow.find(&at) else { return false };
    let rule = format!("silence {} {}", nth + 1, asked_at.as_millisecond());
    let mut rest = arm.actions.clone();
    let says = if rest.escalate.is_none() { rest.say.take() } else { None };
    if let Some(wording) = says {
        let text = walk.choose(&wording);
        let words = walk.paragraph(text).into_iter().collect();
        let asks = matches!(flow.step(id).body, Body::Ask(_) | Body::Repeat(_)) && rest.end.is_none() && rest.go.is_none();
        if asks { walk.ask_again(words, Purpose::Reminder) } else { walk.pending.extend(words) }
    }
    let open = walk.session.open.clone();
    if let Some(at) = walk.actions(&flow, id, &rule, &rest) {
        // A session that ends keeps its open question for a late answer; one that calls a human asks it again after the hand-back.
        let stays = walk.ended.is_some() || (rest.escalate.is_some() && rest.resume.is_none());
        walk.session.open = if stays { open } else { None };
        if rest.escalate.is_some()
            && rest.resume.is_none()
            && let Some(live) = walk.run.live()
        {
            live.resume = ResumeAt::OpenQuestion;
        }
        walk.walk(at);
        return false;
    }
    true
}
