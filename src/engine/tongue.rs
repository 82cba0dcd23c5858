//! Which language is spoken: LANGUAGE, the offer of the language they write in, and the answers to both.

use super::{
    effect::{Fact, Paragraph, Purpose, Words},
    heard::ask_again_after,
    listen::Heard,
    run::Run,
    session::Aside,
    start,
    walk::Walk,
};
use crate::{
    answer::{self, Context, Expect, Reading, Reply, Truth, Value, tongue},
    base::{Language, Private},
    flow::{
        Flow,
        model::{Ask, Kind},
    },
};

impl Walk<'_, '_> {
    /// Notes that a reply was in another language of the flow: it is offered in place of the next question, once a session.
    pub fn note_language(&mut self, ask: &Ask, reply: Heard<'_>) {
        let Heard::Words(reply) = reply else { return };
        if self.session.language_offered || self.run.offer.is_some() {
            return;
        }
        let least = match ask.kind {
            Kind::Name | Kind::Text { .. } | Kind::Phone => 2,
            _ => 1,
        };
        let Some(root) = self.revision.root() else { return };
        self.run.offer = other_of(root, &self.language(), reply, least);
    }

    /// Offers to go on in a language, in that language.
    pub fn offer_language(&mut self, language: Language) {
        self.session.language_offered = true;
        self.offer(Vec::new(), Private::default(), Some(Aside::Switch(language.clone())));
        self.run.note("", format!("writes in `{language}`: offered"));
        let (question, paragraph) = (self.yes_no_question(false), self.shared("language-offer"));
        self.run.say_with(Purpose::Dialogue, vec![paragraph], Some(question), None, language);
    }
}

/// The other language of a flow that a text is plainly in.
fn other_of(flow: &Flow, spoken: &Language, reply: &Reply<'_>, least: usize) -> Option<Language> {
    let others: Vec<Language> = flow.languages.iter().filter(|other| *other != spoken).cloned().collect();
    tongue::other(reply, spoken, &others, least)
}

/// The first words of somebody whose language is not known tell it; one that is known and another is offered.
pub(super) fn of_first_words(run: &mut Run<'_>, flow: &Flow, reply: &Reply<'_>) {
    let spoken = run.conversation.language.clone().filter(|language| flow.languages.contains(language));
    let Some(other) = flow.languages.first().and_then(|first| other_of(flow, spoken.as_ref().unwrap_or(first), reply, 1)) else { return };
    if run.conversation.language.is_none() {
        run.note("", format!("the first words are in `{other}`"));
        run.conversation.language = Some(other.clone());
        run.fact(Fact::LanguageSet { language: other });
    } else {
        run.offer = Some(other);
    }
}

/// A word that starts a flow tells the language of somebody of whom none is known, where it is that word in one language only.
pub(super) fn of_starting_word(run: &mut Run<'_>, flow: &Flow, text: &str) {
    let said = text.trim().trim_end_matches(['.', '!']).to_uppercase();
    let words = || flow.starts_on.iter().map(|id| flow.text(*id));
    if run.conversation.language.is_some() || words().any(|word| word.source.to_uppercase() == said) {
        return;
    }
    let mut found =
        words().flat_map(|word| &word.translations).filter(|(_, word)| word.text.to_uppercase() == said).map(|(language, _)| language);
    if let (Some(language), None) = (found.next(), found.next()) {
        run.conversation.language = Some(language.clone());
        run.fact(Fact::LanguageSet { language: language.clone() });
    }
}

/// The answer to "shall we go on in this one?". Gives false where it is none, and the open question was seen: then it may answer that.
pub(super) fn switch_heard(run: &mut Run<'_>, language: &Language, reply: &Reply<'_>, tap: Option<&str>) -> bool {
    let spoken = [run.language()];
    let today = super::scope::today(run.world, &run.conversation, run.now);
    let context = Context { language, others: &spoken, today, country: &run.world.agency.country };
    let yes = match tap {
        Some(key) => Some(key == "yes"),
        None => match answer::read(&Expect::YesNo { unsure: false }, reply, &context) {
            Reading::Clear { value: Value::Truth(Truth::Yes), .. } => Some(true),
            Reading::Clear { value: Value::Truth(Truth::No), .. } => Some(false),
            Reading::Clear { .. } | Reading::Ambiguous(_) | Reading::Unclear(_) => None,
        },
    };
    if yes == Some(true) {
        run.understood();
        set(run, language.clone(), true);
        return true;
    }
    let unseen = start::with_open(run, |walk| {
        let Some(open) = &mut walk.session.open else { return true };
        open.aside = None;
        if yes == Some(false) || open.unseen {
            walk.ask_anew(Vec::new(), Purpose::Dialogue);
            return true;
        }
        false
    });
    unseen != Some(false)
}

/// The languages that may be chosen: the open flow's, else the welcome flow's.
fn choosable(run: &Run<'_>) -> Vec<Language> {
    let revision = run
        .conversation
        .open_session()
        .and_then(|session| run.world.library.revision(&session.revision))
        .or_else(|| run.world.welcome.and_then(|name| run.world.library.current(name)));
    revision.and_then(|revision| revision.root()).map(|flow| flow.languages.clone()).unwrap_or_default()
}

/// The language that a message names: it is nothing but its name ("español"), or it asks for a language and names one ("en español por favor").
pub(super) fn named(run: &Run<'_>, reply: &Reply<'_>, asks: bool) -> Option<Language> {
    let said = reply.text().trim().trim_end_matches(['.', '!']).to_lowercase();
    let all = choosable(run);
    let named = |language: &&Language| language.own_name().to_lowercase() == said || asks && tongue::names(reply, language);
    let mut found = all.iter().filter(named);
    found.next().filter(|_| found.next().is_none()).cloned()
}

pub(super) fn ask(run: &mut Run<'_>) {
    let names: Vec<String> = choosable(run).iter().enumerate().map(|(n, language)| format!("{}. {}", n + 1, language.own_name())).collect();
    let mut paragraphs = vec![run.shared(run.revision().as_ref(), "language-question", &[])];
    paragraphs.push(Paragraph { words: Words::Plain(Private::new(names.join("\n"))), data: Vec::new(), brief: false });
    run.say(Purpose::Dialogue, paragraphs);
    if let Some(open) = run.conversation.sessions.first_mut().and_then(|session| session.open.as_mut()) {
        open.aside = Some(Aside::Language);
    }
}

pub(super) fn chosen(run: &mut Run<'_>, text: &str) {
    let languages = choosable(run);
    let number = text.trim().trim_end_matches('.').parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    let tag = Language::parse(text.trim()).filter(|language| languages.contains(language));
    let chosen = number.and_then(|n| languages.get(n).cloned()).or(tag);
    if let Some(open) = run.conversation.sessions.first_mut().and_then(|session| session.open.as_mut()) {
        open.aside = None;
    }
    match chosen {
        Some(language) => set(run, language, true),
        None => ask_again_after(run, "language-unknown", &[]),
    }
}

pub(super) fn set(run: &mut Run<'_>, language: Language, open: bool) {
    run.conversation.language = Some(language.clone());
    run.fact(Fact::LanguageSet { language });
    if let Some(open) = run.conversation.sessions.first_mut().and_then(|session| session.open.as_mut()) {
        open.aside = None;
    }
    if open { ask_again_after(run, "language-set", &[]) } else { run.say_shared(Purpose::Confirmation, "language-set", &[]) }
}
