//! Texts with nothing open: words that start a flow, late answers, the welcome; and when the bot falls silent.

use super::{conversation::Lapsed, effect::Purpose, heard::usual_answer, listen::Heard, loops, run::Run, start, tongue};
use crate::{
    answer::{Reading, Reply, question_back},
    base::{Language, limit},
    flow::model::Urgency,
};

/// Replies in a row that were not understood before the bot falls silent with nothing open: another bot may be at the other end.
const UNREAD_IN_A_ROW: u16 = 6;

pub(super) fn nothing_open(run: &mut Run<'_>, reply: &Reply<'_>, tap: Option<&str>, languages: &[Language]) {
    if let Some(flow) = started_by(run, reply.text()) {
        let Some(revision) = run.world.library.current(&flow).cloned() else { return };
        if let Some(root) = revision.root() {
            tongue::of_starting_word(run, root, reply.text());
        }
        return start::start_now(run, &revision);
    }
    if late_answer(run, reply, tap) {
        return;
    }
    if run.reopened_by_patient() {
        return;
    }
    if fallen_silent(run) {
        return;
    }
    if let Some(question) = question_back::read(reply, languages) {
        return run.say_shared(Purpose::Dialogue, usual_answer(question), &[]);
    }
    if run.counted(loops::WELCOME) {
        return run.note("", "the welcome again and again: not said any more");
    }
    let welcome = run.world.welcome.and_then(|name| run.world.library.current(name)).cloned();
    match welcome {
        Some(revision) => {
            if let Some(root) = revision.root() {
                tongue::of_first_words(run, root, reply);
            }
            start::start_now(run, &revision);
        }
        None => run.say_shared(Purpose::Dialogue, "nothing-to-do", &[]),
    }
}

/// The flow that a word starts, in any of its languages.
fn started_by(run: &Run<'_>, text: &str) -> Option<String> {
    let said = text.trim().trim_end_matches(['.', '!']).to_uppercase();
    if said.is_empty() {
        return None;
    }
    run.world.library.all_current().find_map(|(name, revision)| {
        let flow = revision.root()?;
        let starts = flow.starts_on.iter().map(|id| flow.text(*id)).any(|word| {
            word.source.to_uppercase() == said || word.translations.values().any(|translation| translation.text.to_uppercase() == said)
        });
        starts.then(|| name.clone())
    })
}

/// An answer to a question that lapsed within the day: it counts, and the session goes on from there.
fn late_answer(run: &mut Run<'_>, reply: &Reply<'_>, tap: Option<&str>) -> bool {
    let Some(Lapsed { session, at }) = run.conversation.lapsed.clone() else { return false };
    if run.now.as_second() - at.as_second() >= limit::LATE_ANSWER_HOURS * 3_600 {
        run.conversation.lapsed = None;
        return false;
    }
    let id = session.id.clone();
    let current = format!("{}.{}", session.id, session.open.as_ref().map_or(0, |open| open.asking));
    let key = tap.and_then(|tap| tap.split_once(':')).filter(|(asking, _)| *asking == current).map(|(_, key)| key.to_owned());
    if session.open.as_ref().is_none_or(|open| open.unseen) || (tap.is_some() && key.is_none()) {
        return false;
    }
    run.conversation.sessions.insert(0, session);
    let heard = key.as_deref().map_or(Heard::Words(reply), |key| Heard::Tap(key, reply.text()));
    let clear = start::with_open(run, |walk| {
        let clear = matches!(walk.reading(heard), Some(Reading::Clear { .. }));
        if clear {
            walk.run.note("", "a late answer: the session goes on");
            walk.hear(heard);
        }
        clear
    });
    if clear == Some(true) {
        run.conversation.lapsed = None;
        run.conversation.roster.iter_mut().for_each(|person| person.missed_in_a_row = person.missed_in_a_row.saturating_sub(1));
        return true;
    }
    run.conversation.sessions.retain(|session| session.id != id);
    false
}

pub(super) fn fallen_silent(run: &mut Run<'_>) -> bool {
    run.conversation.n_unread_in_a_row = run.conversation.n_unread_in_a_row.saturating_add(1);
    match run.conversation.n_unread_in_a_row {
        0..UNREAD_IN_A_ROW => false,
        UNREAD_IN_A_ROW => {
            run.task(Urgency::Routine, "Many messages in a row that were not understood", "not understood in a row", None, None);
            true
        }
        _ => true,
    }
}
