//! What is heard in every step of every flow, in this order: STOP and START, words of danger, machines, keywords, the open question.

use super::{
    alarm::alarm,
    ask::Asked,
    command::{self, opt_in, stop},
    conversation::{EscalationState, Holder},
    effect::{Fact, Purpose},
    event::{Card, Content},
    idle::{fallen_silent, nothing_open},
    listen::Heard,
    run::Run,
    session::Aside,
    start, tongue,
    walk::Walk,
};
use crate::{
    answer::{
        Reply, auto_reply,
        keyword::{self, Keyword},
        question_back::{self, QuestionBack},
        tongue as written,
    },
    base::{Language, Private, limit},
    flow::{Flow, condition::Datum, model::Urgency},
};

/// They wrote.
pub(super) fn message(run: &mut Run<'_>, channel: &str, content: &Content) {
    run.conversation.channel = channel.to_owned();
    if !matches!(content, Content::Reaction { .. } | Content::Edited { .. } | Content::Revoked { .. }) {
        run.conversation.last_inbound_at = Some(run.event.at.min(run.now));
    }
    match content {
        Content::Text(text) => heard(run, channel, text, None),
        Content::Tap { id, title } => heard(run, channel, title, Some(id)),
        Content::Media { kind, caption, .. } => {
            let shown = format!("[{kind}] {}", caption.reveal());
            if caption.reveal().trim().is_empty() {
                unread(run, channel, shown.trim_end());
            } else {
                heard_as(run, channel, caption, None, &shown);
            }
        }
        Content::Cards(cards) => cards_heard(run, channel, cards),
        Content::OwnNumber(number) => received(run, channel, &format!("[own number: {}]", number.reveal()), false),
        Content::Location { latitude, longitude } => unread(run, channel, &format!("[location: {latitude:.5}, {longitude:.5}]")),
        Content::Unsupported { kind } => unread(run, channel, &format!("[{kind}]")),
        Content::Reaction { emoji } => {
            let shown = emoji.as_ref().map_or_else(|| "[reaction taken back]".to_owned(), |emoji| format!("[reaction {emoji}]"));
            received(run, channel, &shown, false);
        }
        Content::Edited { original, text } => {
            run.fact(Fact::Revised { original: original.clone(), text: Some(text.clone()) });
            let reply = Reply::of(text.reveal());
            let languages = languages(run, &reply);
            if alarm(run, &reply, &languages, false, false) {
                return;
            }
            run.task(Urgency::Routine, "Changed a message after sending it", "edited", None, None);
        }
        Content::Revoked { original } => run.fact(Fact::Revised { original: original.clone(), text: None }),
        Content::OptOut { word, text } => {
            received(run, channel, text.reveal(), true);
            match word.as_str() {
                "STOP" => stop(run, true),
                "START" => opt_in(run, true),
                _ => {}
            }
        }
    }
}

fn received(run: &mut Run<'_>, channel: &str, shown: &str, read: bool) {
    run.fact(Fact::Received { text: Private::from(shown), channel: channel.to_owned(), read });
}

/// Something that is not words: the question is asked again with a kind word.
fn unread(run: &mut Run<'_>, channel: &str, shown: &str) {
    received(run, channel, shown, false);
    if run.conversation.holder != Holder::Bot {
        return run.wait_for_human();
    }
    if run.conversation.opted_out_at.is_some() {
        return;
    }
    let open = run.conversation.open_session().is_some_and(|session| session.open.is_some());
    if open {
        ask_again_after(run, "cannot-read-media", &[]);
    } else if !fallen_silent(run) {
        run.say_shared(Purpose::Dialogue, "cannot-read-media", &[]);
    }
}

/// Asks the open question again after a shared text; not without end.
pub(super) fn ask_again_after(run: &mut Run<'_>, name: &str, own: &[(&str, Datum)]) {
    if run.aside_in_a_row() {
        return run.note("", "too many messages in a row without an answer: not replied to");
    }
    let before = vec![run.shared(run.revision().as_ref(), name, own)];
    start::with_open(run, |walk| walk.ask_again(before, Purpose::Dialogue));
}

fn cards_heard(run: &mut Run<'_>, channel: &str, cards: &[Card]) {
    let shown: Vec<String> = cards
        .iter()
        .map(|card| {
            let phones: Vec<&str> = card.phones.iter().map(|phone| phone.reveal().as_str()).collect();
            format!("[contact card: {} {}]", card.name.reveal(), phones.join(" ")).replace(" ]", "]")
        })
        .collect();
    let bot = run.conversation.holder == Holder::Bot && run.conversation.opted_out_at.is_none();
    received(run, channel, &shown.join(" "), bot);
    if run.conversation.holder != Holder::Bot {
        return run.wait_for_human();
    }
    if !bot {
        return;
    }
    let taken = start::with_open(run, |walk| walk.session.open.as_ref().is_some_and(|open| !open.unseen) && walk.hear_cards(cards));
    match taken {
        Some(true) => {}
        Some(false) => ask_again_after(run, "cannot-read-media", &[]),
        None => run.say_shared(Purpose::Dialogue, "cannot-read-media", &[]),
    }
}

/// The languages that a text is heard in: the one spoken, those of the flow, English, and another that it is plainly written in.
fn languages(run: &Run<'_>, reply: &Reply<'_>) -> Vec<Language> {
    let of_session = run
        .conversation
        .open_session()
        .and_then(|session| run.world.library.revision(&session.revision))
        .and_then(|revision| revision.root());
    let of_welcome = run.world.welcome.and_then(|name| run.world.library.current(name)).and_then(|revision| revision.root());
    let of_flows = [of_session, of_welcome].into_iter().flatten().flat_map(|flow| &flow.languages);
    let mut languages: Vec<Language> = Vec::with_capacity(6);
    for language in run.conversation.language.iter().chain(of_flows).chain([&Language::english()]) {
        if !languages.contains(language) {
            languages.push(language.clone());
        }
    }
    languages.extend(written::unheard(reply, &languages));
    languages
}

fn heard(run: &mut Run<'_>, channel: &str, text: &Private<String>, tap: Option<&str>) {
    heard_as(run, channel, text, tap, text.reveal());
}

/// Words, or a tap with its title.
fn heard_as(run: &mut Run<'_>, channel: &str, text: &Private<String>, tap: Option<&str>, shown: &str) {
    let as_typed = Reply::of(text.reveal());
    let languages = languages(run, &as_typed);
    let bot_reads = run.conversation.holder == Holder::Bot && run.conversation.opted_out_at.is_none();
    received(run, channel, shown, bot_reads);
    let keyword = if tap.is_none() { keyword::read(&as_typed, &languages) } else { None };
    match keyword {
        Some(Keyword::Stop) => return stop(run, false),
        Some(Keyword::Start) if run.conversation.opted_out_at.is_some() => return opt_in(run, false),
        Some(_) | None => {}
    }
    let echo = if tap.is_none() { auto_reply::beside_echo(&as_typed, &run.conversation.sent) } else { None };
    let echoed = echo.map(Private::new);
    if echoed.as_ref().is_some_and(|rest| rest.reveal().is_empty()) {
        run.note("", "our own words came back: noted");
        run.again_and_again(&as_typed);
        return;
    }
    // Quoted words of ours are not theirs.
    let reply = &echoed.as_ref().map_or(as_typed, |rest| Reply::of(rest.reveal()));
    let looped = tap.is_none() && run.again_and_again(reply);
    if tap.is_none() && alarm(run, reply, &languages, true, looped) {
        return;
    }
    if tap.is_none() && auto_reply::is_automatic(reply, &languages) {
        // No person wrote it: noted, never answered, so that no loop begins.
        run.note("", "an automatic reply: noted");
        fallen_silent(run);
        return;
    }
    if run.conversation.opted_out_at.is_some() {
        if keyword == Some(Keyword::Human) {
            run.task(Urgency::Routine, "Asked for a person after opting out", "asked for a person", None, None);
        }
        return;
    }
    if run.conversation.holder != Holder::Bot {
        if keyword == Some(Keyword::Help) {
            run.say_shared(Purpose::Confirmation, "help", &[]);
            // It says where to call: that they are not forgotten need not be said beside it.
            if run.live().is_some_and(|live| matches!(live.state, EscalationState::Waiting | EscalationState::Overdue)) {
                run.conversation.waiting_since.get_or_insert(run.now);
            }
        }
        return run.wait_for_human();
    }
    if looped {
        run.note("", "the same text again and again: not answered");
        return;
    }
    let open = run.conversation.open_session().is_some_and(|session| session.open.is_some());
    if let Some(language) = tongue::named(run, reply, keyword == Some(Keyword::Language)) {
        return tongue::set(run, language, open);
    }
    if let Some(keyword) = keyword
        && command::command(run, keyword, open)
    {
        return;
    }
    if open { in_session(run, reply, tap, &languages) } else { nothing_open(run, reply, tap, &languages) }
}

fn in_session(run: &mut Run<'_>, reply: &Reply<'_>, tap: Option<&str>, languages: &[Language]) {
    let Some(session) = run.conversation.open_session() else { return };
    let open = session.open.clone();
    let current = format!("{}.{}", session.id, open.as_ref().map_or(0, |open| open.asking));
    let key = tap.and_then(|id| id.split_once(':')).filter(|(asking, _)| *asking == current).map(|(_, key)| key);
    let answers_aside = tap.is_none() || key.is_some();
    match open.as_ref().and_then(|open| open.aside.as_ref()) {
        Some(Aside::Language) => return tongue::chosen(run, reply.text()),
        Some(Aside::Switch(language)) if answers_aside => {
            if tongue::switch_heard(run, language, reply, key) {
                return;
            }
        }
        Some(Aside::Fix(listed)) if answers_aside => {
            let heard = key.map_or(Heard::Words(reply), |key| Heard::Tap(key, reply.text()));
            start::with_open(run, |walk| walk.fix_chosen(heard, listed));
            return;
        }
        Some(Aside::Switch(_) | Aside::Fix(_) | Aside::Confirm) | None => {}
    }
    if tap.is_none() && open.as_ref().is_some_and(|open| open.unseen) {
        // A template went out in place of the question: these words open it.
        start::with_open(run, |walk| {
            if let Some(open) = &mut walk.session.open {
                open.asked_at = walk.run.now;
                open.n_silence = 0;
            }
            walk.ask_again(Vec::new(), Purpose::Dialogue);
        });
        return;
    }
    if tap.is_some() {
        match key {
            Some(key) => {
                start::with_open(run, |walk| walk.hear(Heard::Tap(key, reply.text())));
            }
            None => ask_again_after(run, "old-question", &[]),
        }
        return;
    }
    let n_back = open.as_ref().map_or(0, |open| open.n_back);
    if n_back < limit::QUESTIONS_BACK
        && let Some(question) = question_back::read(reply, languages)
    {
        if !run.aside_in_a_row() {
            start::with_open(run, |walk| walk.answer_question_back(question));
        }
        return;
    }
    start::with_open(run, |walk| walk.hear(Heard::Words(reply)));
}

impl Walk<'_, '_> {
    /// A question back gets the flow's own answer, else the agency's; then the open question again.
    fn answer_question_back(&mut self, question: QuestionBack) {
        if let Some(open) = &mut self.session.open {
            open.n_back = open.n_back.saturating_add(1);
        }
        let Some(flow) = self.flow() else { return };
        let why = match (question, self.asked(&flow)) {
            (QuestionBack::Why, Some(Asked::Step(_, ask))) => ask.why.and_then(|why| self.paragraph(why)),
            _ => None,
        };
        let name = usual_answer(question);
        let own = |flow: &Flow| flow.asked_back.iter().find(|(usual, _)| *usual == name).map(|(_, own)| own.clone());
        let named = own(&flow).or_else(|| self.revision.root().and_then(|root| own(root)));
        let before = why.unwrap_or_else(|| self.shared(named.as_deref().unwrap_or(name)));
        self.ask_again(vec![before], Purpose::Dialogue);
    }
}

/// The shared text that answers a question back where the flow has none of its own.
pub(super) const fn usual_answer(question: QuestionBack) -> &'static str {
    match question {
        QuestionBack::WhoIsThis => "who-is-this",
        QuestionBack::Scam => "is-it-real",
        QuestionBack::Why => "why-we-ask",
        QuestionBack::HowLong => "how-long",
    }
}

/// An event that may be a repeat: read for STOP and emergencies only, and shown.
pub(super) fn perhaps_repeated(run: &mut Run<'_>, content: &Content) {
    let (Content::Text(text) | Content::Tap { title: text, .. }) = content else { return };
    run.fact(Fact::PerhapsRepeated { text: text.clone() });
    stop_and_alarm(run, text);
}

/// What is heard in words that walk through no flow.
pub(super) fn stop_and_alarm(run: &mut Run<'_>, text: &Private<String>) {
    let reply = Reply::of(text.reveal());
    let languages = languages(run, &reply);
    if keyword::read(&reply, &languages) == Some(Keyword::Stop) {
        return stop(run, false);
    }
    alarm(run, &reply, &languages, false, false);
}
