//! What is heard in every step of every flow: emergency words, keywords, questions back; and texts with nothing open.

use super::{
    conversation::{EscalationState, Holder, Lapsed, ResumeAt},
    effect::{Fact, Paragraph, Purpose, Words},
    event::{Card, Content},
    listen::Reply,
    run::Run,
    session::Aside,
    start,
    walk::Walk,
};
use crate::{
    answer::{
        How, Reading, auto_reply,
        emergency::{self, Kind as Alarm},
        keyword::{self, Keyword},
        question_back::{self, QuestionBack},
    },
    base::{Language, Private, limit},
    flow::{
        condition::{Datum, Truth},
        model::{Body, Kind, Resume, Urgency},
    },
};

/// Replies in a row that were not understood before the bot falls silent with nothing open: another bot may be at the other end.
const UNREAD_IN_A_ROW: u16 = 6;

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
            if alarm(run, text) {
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

fn fallen_silent(run: &mut Run<'_>) -> bool {
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

/// Asks the open question again after a shared text.
fn ask_again_after(run: &mut Run<'_>, name: &str, own: &[(&str, Datum)]) {
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

/// The languages that words are heard in: the one spoken, those of the flow, and English.
fn languages(run: &Run<'_>) -> Vec<Language> {
    let mut languages: Vec<Language> = run.conversation.language.iter().cloned().collect();
    let of_session = run
        .conversation
        .open_session()
        .and_then(|session| run.world.library.revision(&session.revision))
        .and_then(|revision| revision.root());
    let of_welcome = run.world.welcome.and_then(|name| run.world.library.current(name)).and_then(|revision| revision.root());
    for flow in [of_session, of_welcome].into_iter().flatten() {
        languages.extend(flow.languages.iter().cloned());
    }
    languages.push(Language::english());
    let mut seen = Vec::new();
    languages.retain(|language| {
        let new = !seen.contains(language);
        seen.push(language.clone());
        new
    });
    languages
}

fn heard(run: &mut Run<'_>, channel: &str, text: &Private<String>, tap: Option<&str>) {
    heard_as(run, channel, text, tap, text.reveal());
}

/// Words, or a tap with its title.
fn heard_as(run: &mut Run<'_>, channel: &str, text: &Private<String>, tap: Option<&str>, shown: &str) {
    let languages = languages(run);
    let bot_reads = run.conversation.holder == Holder::Bot && run.conversation.opted_out_at.is_none();
    received(run, channel, shown, bot_reads);
    let keyword = if tap.is_none() { keyword::read(text.reveal(), &languages) } else { None };
    match keyword {
        Some(Keyword::Stop) => return stop(run, false),
        Some(Keyword::Start) if run.conversation.opted_out_at.is_some() => return opt_in(run, false),
        Some(_) | None => {}
    }
    if tap.is_none() && alarm_with(run, text, &languages, true) {
        return;
    }
    if tap.is_none() && auto_reply::is_automatic(text.reveal(), &languages) {
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
    let open = run.conversation.open_session().is_some_and(|session| session.open.is_some());
    if let Some(language) = named_language(run, text.reveal()) {
        return set_language(run, language, open);
    }
    if let Some(keyword) = keyword
        && command(run, keyword, open)
    {
        return;
    }
    if open { in_session(run, text, tap, &languages) } else { nothing_open(run, text, tap, &languages) }
}

/// Does what a keyword asks for. Gives whether it did: NOBODY, DONE and TELL mean something only inside a repeat.
fn command(run: &mut Run<'_>, keyword: Keyword, open: bool) -> bool {
    match keyword {
        Keyword::Stop => stop(run, false),
        Keyword::Start if open => ask_again_after(run, "question-waits", &[]),
        Keyword::Start => return false,
        Keyword::Help if open => ask_again_after(run, "help", &[]),
        Keyword::Help => run.say_shared(Purpose::Confirmation, "help", &[]),
        Keyword::Human => {
            let session = run.conversation.open_session().map(|session| session.id.clone());
            let resume = if open { ResumeAt::OpenQuestion } else { ResumeAt::Nothing };
            run.call_human(Urgency::Routine, "Asked for a person", "asked for a person", None, resume, session);
            run.conversation.waiting_since = Some(run.now);
            let revision = run.revision();
            run.say_handed_over(Urgency::Routine, revision.as_ref());
        }
        Keyword::Language => ask_language(run),
        Keyword::Back | Keyword::Fix if open => {
            start::with_open(run, |walk| walk.back());
        }
        Keyword::Back | Keyword::Fix => run.say_shared(Purpose::Dialogue, "nothing-to-go-back", &[]),
        Keyword::Skip if open => {
            start::with_open(run, |walk| walk.skip());
        }
        Keyword::Restart if open => ask_again_after(run, "question-waits", &[]),
        Keyword::Nobody | Keyword::Done | Keyword::Tell if open => {
            return start::with_open(run, |walk| walk.in_repeat_or_around() && walk.hear_in_repeat(keyword)).unwrap_or(false);
        }
        Keyword::Skip | Keyword::Restart | Keyword::Nobody | Keyword::Done | Keyword::Tell => return false,
    }
    true
}

impl Walk<'_, '_> {
    fn in_repeat_or_around(&self) -> bool {
        self.in_repeat() || self.frame().loops.iter().any(|entered| entered.people.is_empty())
    }
}

// STOP and START.

pub(super) fn stop(run: &mut Run<'_>, told_by_provider: bool) {
    let again = run.conversation.opted_out_at.is_some();
    let language = run.language();
    let paragraph = run.shared(run.revision().as_ref(), "opted-out", &[]);
    if !again {
        run.conversation.opted_out_at = Some(run.now);
        run.fact(Fact::OptedOut);
        run.cancel_escalation();
        start::end_all(run, "opted out");
        run.conversation.epoch += 1;
    }
    let confirmed = told_by_provider || run.world.stop_confirmed_by_provider.contains(&run.conversation.channel);
    if !confirmed && !again {
        run.say_with(Purpose::Confirmation, vec![paragraph], None, None, language);
    }
}

fn opt_in(run: &mut Run<'_>, told_by_provider: bool) {
    if run.conversation.opted_out_at.take().is_some() {
        run.fact(Fact::OptedIn);
        // Twilio answers STOP and START alike.
        if !told_by_provider && !run.world.stop_confirmed_by_provider.contains(&run.conversation.channel) {
            run.say_shared(Purpose::Confirmation, "opted-in", &[]);
        }
    }
}

// Emergencies.

/// The language is not read here: used for edited messages.
fn alarm(run: &mut Run<'_>, text: &Private<String>) -> bool {
    let languages = languages(run);
    alarm_with(run, text, &languages, false)
}

/// Emergency words are heard first and always answered. Gives whether there were any.
fn alarm_with(run: &mut Run<'_>, text: &Private<String>, languages: &[Language], is_reply: bool) -> bool {
    let Some(heard) = emergency::hear(text.reveal(), languages) else { return false };
    let session = run.conversation.open_session();
    let session_id = session.map(|session| session.id.clone());
    let open = session.is_some_and(|session| session.open.as_ref().is_some_and(|open| !open.unseen));
    let resume = if session.is_some_and(|session| session.open.is_some()) {
        ResumeAt::OpenQuestion
    } else if session.is_some() {
        ResumeAt::NextStep
    } else {
        ResumeAt::Nothing
    };
    let was_bot = run.conversation.holder == Holder::Bot;
    let (because, rule) = match heard.kind {
        Alarm::Emergency => ("Emergency words", "emergency words"),
        Alarm::Distress => ("Words of distress or danger", "distress words"),
    };
    match heard.kind {
        Alarm::Emergency => {
            let paragraph = emergency_text(run);
            run.say(Purpose::Safety, vec![paragraph]);
        }
        // Quietly: the phone may be shared with the one who is the danger.
        Alarm::Distress if was_bot && run.conversation.opted_out_at.is_none() => {
            let revision = run.revision();
            run.say_handed_over(Urgency::Emergency, revision.as_ref());
        }
        Alarm::Distress => {}
    }
    run.call_human(Urgency::Emergency, because, rule, Some(heard.quote), resume, session_id);
    run.conversation.waiting_since.get_or_insert(run.now);
    if is_reply && was_bot && open && run.conversation.opted_out_at.is_none() {
        start::with_open(run, |walk| walk.answer_in_alarm(text.reveal()));
    }
    true
}

fn emergency_text(run: &Run<'_>) -> Paragraph {
    let named = run.conversation.open_session().and_then(|session| {
        let revision = run.world.library.revision(&session.revision)?;
        let innermost = session.frames.last().and_then(|frame| revision.flows.get(&frame.flow)).and_then(|flow| flow.emergency.clone());
        innermost.or_else(|| revision.root().and_then(|flow| flow.emergency.clone()))
    });
    run.shared(run.revision().as_ref(), named.as_deref().unwrap_or("emergency-text"), &[])
}

impl Walk<'_, '_> {
    /// The reply that raised the alarm may answer the question too: then it is kept, and its arms' calls join the same escalation.
    fn answer_in_alarm(&mut self, text: &str) {
        let Some(flow) = self.flow() else { return };
        let Some(Reading::Clear { value, how }) = self.reading(Reply::Text(text)) else { return };
        let Some(id) = flow.find(&self.frame().at) else { return };
        let step = flow.step(id);
        let Body::Ask(ask) = &step.body else { return };
        // A cry for help is no choice from a menu, and no name, text or consent.
        let loose = matches!(how, How::Within | How::Mended);
        if matches!(ask.kind, Kind::Text { .. } | Kind::Name | Kind::BirthYear | Kind::Consent) || (loose && ask.kind == Kind::OneOf) {
            return;
        }
        self.answer(&flow, step, Some(value), Private::from(text), false, None);
        self.session.open = None;
        let mut resume = ResumeAt::AfterAnswer;
        for (n, arm) in step.then.iter().enumerate() {
            let holds = arm.when.as_ref().is_some_and(|condition| self.holds(&step.path, condition) == Truth::Yes);
            if let (true, Some(call)) = (holds, &arm.actions.escalate) {
                let rule = format!("{} {} arm {}", flow.name, step.path, n + 1);
                self.mark_fired(&rule, step);
                let session = Some(self.session.id.clone());
                self.run.call_human(call.urgency, &call.because, &rule, None, ResumeAt::AfterAnswer, session);
                match &arm.actions.resume {
                    Some(Resume::Step(path)) => resume = ResumeAt::Step(path.clone()),
                    Some(Resume::End) => resume = ResumeAt::End,
                    None => {}
                }
            }
        }
        if let Some(live) = self.run.live() {
            live.resume = resume;
        }
    }
}

// The open question.

fn in_session(run: &mut Run<'_>, text: &Private<String>, tap: Option<&str>, languages: &[Language]) {
    let Some(session) = run.conversation.open_session() else { return };
    let open = session.open.clone();
    let current = format!("{}.{}", session.id, open.as_ref().map_or(0, |open| open.asking));
    if open.as_ref().is_some_and(|open| open.aside == Some(Aside::Language)) {
        return language_chosen(run, text.reveal());
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
    if let Some(id) = tap {
        let key = id.split_once(':').filter(|(asking, _)| *asking == current).map(|(_, key)| key);
        match key {
            Some(key) => {
                start::with_open(run, |walk| walk.hear(Reply::Tap(key, text.reveal())));
            }
            None => ask_again_after(run, "old-question", &[]),
        }
        return;
    }
    if let Some(question) = question_back::read(text.reveal(), languages) {
        let name = match question {
            QuestionBack::WhoIsThis | QuestionBack::Scam => "who-is-this",
            QuestionBack::Why => "why-we-ask",
            QuestionBack::HowLong => "how-long",
        };
        return ask_again_after(run, name, &[]);
    }
    start::with_open(run, |walk| walk.hear(Reply::Text(text.reveal())));
}

// Languages.

/// The languages that may be chosen: the open flow's, else the welcome flow's.
fn choosable(run: &Run<'_>) -> Vec<Language> {
    let revision = run
        .conversation
        .open_session()
        .and_then(|session| run.world.library.revision(&session.revision))
        .or_else(|| run.world.welcome.and_then(|name| run.world.library.current(name)));
    revision.and_then(|revision| revision.root()).map(|flow| flow.languages.clone()).unwrap_or_default()
}

/// A message that is only the name of a language ("español").
fn named_language(run: &Run<'_>, text: &str) -> Option<Language> {
    let said = text.trim().trim_end_matches(['.', '!']).to_lowercase();
    choosable(run).into_iter().find(|language| language.own_name().to_lowercase() == said)
}

fn ask_language(run: &mut Run<'_>) {
    let names: Vec<String> = choosable(run).iter().enumerate().map(|(n, language)| format!("{}. {}", n + 1, language.own_name())).collect();
    let mut paragraphs = vec![run.shared(run.revision().as_ref(), "language-question", &[])];
    paragraphs.push(Paragraph { words: Words::Plain(Private::new(names.join("\n"))), data: Vec::new(), brief: false });
    run.say(Purpose::Dialogue, paragraphs);
    if let Some(open) = run.conversation.sessions.first_mut().and_then(|session| session.open.as_mut()) {
        open.aside = Some(Aside::Language);
    }
}

fn language_chosen(run: &mut Run<'_>, text: &str) {
    let languages = choosable(run);
    let number = text.trim().trim_end_matches('.').parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    let tag = Language::parse(text.trim()).filter(|language| languages.contains(language));
    let chosen = number.and_then(|n| languages.get(n).cloned()).or(tag);
    if let Some(open) = run.conversation.sessions.first_mut().and_then(|session| session.open.as_mut()) {
        open.aside = None;
    }
    match chosen {
        Some(language) => set_language(run, language, true),
        None => ask_again_after(run, "language-unknown", &[]),
    }
}

fn set_language(run: &mut Run<'_>, language: Language, open: bool) {
    run.conversation.language = Some(language.clone());
    run.fact(Fact::LanguageSet { language });
    if let Some(open) = run.conversation.sessions.first_mut().and_then(|session| session.open.as_mut()) {
        open.aside = None;
    }
    if open { ask_again_after(run, "language-set", &[]) } else { run.say_shared(Purpose::Confirmation, "language-set", &[]) }
}

// Nothing open.

fn nothing_open(run: &mut Run<'_>, text: &Private<String>, tap: Option<&str>, languages: &[Language]) {
    if let Some(flow) = started_by(run, text.reveal()) {
        let Some(revision) = run.world.library.current(&flow).cloned() else { return };
        return start::start_now(run, &revision);
    }
    if late_answer(run, text.reveal(), tap) {
        return;
    }
    if run.reopened_by_patient() {
        return;
    }
    if let Some(QuestionBack::WhoIsThis | QuestionBack::Scam) = question_back::read(text.reveal(), languages) {
        return run.say_shared(Purpose::Dialogue, "who-is-this", &[]);
    }
    if fallen_silent(run) {
        return;
    }
    let welcome = run.world.welcome.and_then(|name| run.world.library.current(name)).cloned();
    match welcome {
        Some(revision) => start::start_now(run, &revision),
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
fn late_answer(run: &mut Run<'_>, text: &str, tap: Option<&str>) -> bool {
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
    let reply = key.as_deref().map_or(Reply::Text(text), |key| Reply::Tap(key, text));
    let clear = start::with_open(run, |walk| {
        let clear = matches!(walk.reading(reply), Some(Reading::Clear { .. }));
        if clear {
            walk.run.note("", "a late answer: the session goes on");
            walk.hear(reply);
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

/// An event that may be a repeat: read for STOP and emergencies only, and shown.
pub(super) fn perhaps_repeated(run: &mut Run<'_>, content: &Content) {
    let (Content::Text(text) | Content::Tap { title: text, .. }) = content else { return };
    run.fact(Fact::PerhapsRepeated { text: text.clone() });
    stop_and_alarm(run, text);
}

/// What is heard in words that walk through no flow.
pub(super) fn stop_and_alarm(run: &mut Run<'_>, text: &Private<String>) {
    let languages = languages(run);
    if keyword::read(text.reveal(), &languages) == Some(Keyword::Stop) {
        return stop(run, false);
    }
    alarm_with(run, text, &languages, false);
}
