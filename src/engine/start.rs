//! Beginning and ending sessions: one question is open per address, others wait their turn.

use std::sync::Arc;

use super::{
    Outcome, Refusal,
    conversation::{Holder, Lapsed, Person, ResumeAt},
    effect::{Fact, Purpose},
    event::{IfBusy, NewPerson, Start},
    run::Run,
    session::{Frame, Session},
    walk::Walk,
};
use crate::{
    base::{id::PersonNumber, limit},
    flow::{Revision, model::Urgency},
};

/// A flow is to be started.
pub(super) fn start(run: &mut Run<'_>, start: &Start) -> Outcome {
    if run.conversation.opted_out_at.is_some() {
        return Outcome::Refused(Refusal::OptedOut);
    }
    let Some(revision) = run.world.library.current(&start.flow).cloned() else {
        return Outcome::Refused(Refusal::NoSuchFlow);
    };
    let running = !run.conversation.sessions.is_empty() || run.conversation.holder != Holder::Bot;
    if running && start.if_busy == IfBusy::Refuse {
        return Outcome::Refused(Refusal::SessionRuns);
    }
    if run.conversation.sessions.len() > limit::WAITING_SESSIONS {
        return Outcome::Refused(Refusal::TooManyWaiting);
    }
    run.conversation.channel.clone_from(&start.channel);
    if let Some(language) = &start.language {
        run.conversation.language = Some(language.clone());
    }
    take_people(run, &start.people);
    if let Some(position) = run.conversation.sessions.iter().position(|session| session.flow == start.flow) {
        // The same flow again: the old one ends as "no reply".
        if position == 0 {
            end_open(run, "no reply");
        } else {
            let old = run.conversation.sessions.remove(position);
            run.fact(Fact::SessionEnded { session: old.id, flow: old.flow, end: "no reply".to_owned() });
        }
    }
    let session = new_session(run, &revision);
    let session_id = session.id.clone();
    if silent_for_long(run) {
        // The open question has been silent for long: the new session goes first, the old one resumes after.
        run.conversation.sessions.insert(0, session);
        begin(run, Purpose::Reminder);
    } else {
        run.conversation.sessions.push(session);
        if run.conversation.sessions.first().is_some_and(|first| first.id == session_id) && run.conversation.holder == Holder::Bot {
            begin(run, Purpose::Reminder);
        }
    }
    Outcome::Changed
}

/// Whether the open question has waited so long that another session may go first.
pub(super) fn silent_for_long(run: &Run<'_>) -> bool {
    let asked_at = run.conversation.open_session().and_then(|session| session.open.as_ref()).map(|open| open.asked_at);
    run.conversation.holder == Holder::Bot
        && asked_at.is_some_and(|at| run.now.as_second() - at.as_second() >= limit::OPEN_QUESTION_HOURS * 3_600)
}

/// A new session goes first and begins: because they wrote a word that starts it, or as a welcome.
pub(super) fn start_now(run: &mut Run<'_>, revision: &Arc<Revision>) {
    let session = new_session(run, revision);
    run.conversation.sessions.insert(0, session);
    begin(run, Purpose::Dialogue);
}

fn take_people(run: &mut Run<'_>, people: &[NewPerson]) {
    let quiet = run.conversation.sessions.is_empty();
    for (nth, new) in people.iter().take(limit::ROSTER).enumerate() {
        let known = run.conversation.roster.iter().position(|person| {
            (person.record.is_some() && person.record == new.record)
                || (!person.first_name.reveal().is_empty() && person.first_name == new.first_name)
        });
        // Without a running session the list given is the list that holds; else newcomers are added.
        let at = known.or(if quiet { Some(nth) } else { None });
        let number = next_number(run);
        let roster = &mut run.conversation.roster;
        let at = match at.filter(|at| *at < roster.len()) {
            Some(at) => at,
            None if roster.len() < limit::ROSTER => {
                roster.push(Person::unnamed(number));
                roster.len() - 1
            }
            None => return,
        };
        let Some(person) = roster.get_mut(at) else { return };
        person.first_name = new.first_name.clone();
        person.birth_year = new.birth_year.or(person.birth_year);
        person.record = new.record.clone().or_else(|| person.record.clone());
        let fact = Fact::Person {
            number: person.number,
            first_name: person.first_name.clone(),
            birth_year: person.birth_year,
            record: person.record.clone(),
        };
        run.fact(fact);
    }
    if quiet && !people.is_empty() {
        run.conversation.roster.truncate(people.len().min(limit::ROSTER));
    }
}

fn next_number(run: &Run<'_>) -> PersonNumber {
    PersonNumber(run.conversation.roster.iter().map(|person| person.number.0).max().unwrap_or(0) + 1)
}

fn new_session(run: &mut Run<'_>, revision: &Arc<Revision>) -> Session {
    let flow = revision.bundle.root.clone();
    let id = run.derived_id("ses", &flow);
    run.note("", format!("session of `{flow}` begins"));
    run.fact(Fact::SessionStarted { session: id.clone(), flow: flow.clone(), revision: revision.id.clone() });
    Session {
        id,
        flow: flow.clone(),
        revision: revision.id.clone(),
        started_at: run.now,
        frames: vec![Frame { flow, at: String::new(), loops: Vec::new() }],
        answers: Vec::new(),
        lists: Vec::new(),
        open: None,
        n_askings: 0,
        called: Vec::new(),
        fired: Vec::new(),
        handover_not_reached: false,
        beside: Vec::new(),
        language_offered: false,
        fix: None,
    }
}

/// Begins the first session: the flow it needs goes before, unless that held here within 30 days.
fn begin(run: &mut Run<'_>, purpose: Purpose) {
    let now = run.now;
    let held = run.conversation.identity_held_at;
    with_open_for(run, purpose, |walk| {
        let needed = walk.flow().and_then(|flow| flow.needs.clone());
        if let Some(needed) = needed {
            let fresh = held.is_some_and(|at| now.as_second() - at.as_second() < limit::IDENTITY_DAYS * 86_400);
            if fresh {
                walk.session.called.push((needed, "holds".to_owned()));
            } else {
                walk.session.frames.push(Frame { flow: needed, at: String::new(), loops: Vec::new() });
            }
        }
        let at = walk.beginning();
        walk.walk(at);
    });
}

/// Works on the open session, taken out of the conversation; ends it if it ended. `None` where there is none.
pub(super) fn with_open<R>(run: &mut Run<'_>, work: impl FnOnce(&mut Walk<'_, '_>) -> R) -> Option<R> {
    with_open_for(run, Purpose::Dialogue, work)
}

/// The same, with what the messages are for.
pub(super) fn with_open_for<R>(run: &mut Run<'_>, purpose: Purpose, work: impl FnOnce(&mut Walk<'_, '_>) -> R) -> Option<R> {
    if run.conversation.sessions.is_empty() {
        return None;
    }
    let session = run.conversation.sessions.remove(0);
    let Some(revision) = run.world.library.revision(&session.revision).cloned() else {
        let id = session.id.clone();
        run.conversation.sessions.insert(0, session);
        if run.conversation.escalation.is_none() {
            let what = "the revision of a session is missing";
            run.fact(Fact::Fault { what: what.to_owned() });
            run.call_human(Urgency::Urgent, what, "fault", None, ResumeAt::End, Some(id));
        }
        return None;
    };
    run.flow = session.frames.last().map(|frame| frame.flow.clone()).unwrap_or_default();
    let mut walk = Walk::new(run, session, revision, purpose);
    let result = work(&mut walk);
    walk.flush();
    let Walk { session, ended, .. } = walk;
    match ended {
        None => run.conversation.sessions.insert(0, session),
        Some(end) => {
            close(run, session, &end);
            begin_waiting(run);
        }
    }
    Some(result)
}

/// Ends the open session, and lets the next one begin or go on.
pub(super) fn end_open(run: &mut Run<'_>, end: &str) {
    if run.conversation.sessions.is_empty() {
        return;
    }
    let session = run.conversation.sessions.remove(0);
    close(run, session, end);
    begin_waiting(run);
}

/// Ends all sessions: STOP.
pub(super) fn end_all(run: &mut Run<'_>, end: &str) {
    for session in std::mem::take(&mut run.conversation.sessions) {
        close(run, session, end);
    }
    run.conversation.lapsed = None;
}

fn close(run: &mut Run<'_>, session: Session, end: &str) {
    run.note("", format!("session of `{}` ends: {end}", session.flow));
    run.fact(Fact::SessionEnded { session: session.id.clone(), flow: session.flow.clone(), end: end.to_owned() });
    if end == "holds" {
        run.conversation.identity_held_at = Some(run.now);
        run.fact(Fact::Identity { held: true });
    }
    let missed = |person: &mut Person| match end {
        "no reply" => person.missed_in_a_row = person.missed_in_a_row.saturating_add(1),
        "complete" => person.missed_in_a_row = 0,
        _ => {}
    };
    run.conversation.roster.iter_mut().for_each(missed);
    let lapses = end == "no reply" && session.open.is_some();
    run.conversation.lapsed = lapses.then_some(Lapsed { at: run.now, session });
}

/// The next waiting session begins, or goes on with its open question.
pub(super) fn begin_waiting(run: &mut Run<'_>) {
    if run.conversation.holder != Holder::Bot {
        return;
    }
    let Some(next) = run.conversation.open_session() else { return };
    let begun = next.frames.len() > 1 || next.frames.first().is_some_and(|frame| !frame.at.is_empty());
    let answered = next.open.is_none();
    if !begun {
        begin(run, Purpose::Dialogue);
    } else if !answered && run.fuel > 0 && next.started_at < run.now {
        let now = run.now;
        let asked_before = next.open.as_ref().is_some_and(|open| open.asked_at < now);
        if asked_before {
            with_open(run, |walk| {
                if let Some(open) = &mut walk.session.open {
                    open.asked_at = now;
                    open.n_silence = 0;
                }
                walk.ask_again(Vec::new(), Purpose::Dialogue);
            });
        }
    }
}
