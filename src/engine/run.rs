//! One event at work: the conversation as it changes, and what is to be done, collected.

use jiff::Timestamp;

use super::{
    conversation::{Conversation, Escalation, EscalationState, Holder},
    effect::{Effect, Fact, Hint, Paragraph, Purpose, Question, Say, Words},
    event::Event,
    scope::{self, View},
    trace::Trace,
    world::World,
};
use crate::{
    base::{Language, Private, id::RevisionId},
    flow::condition::{Datum, Scope},
};

/// One event being handled.
pub(super) struct Run<'a> {
    pub world: &'a World<'a>,
    pub event: &'a Event,
    pub now: Timestamp,
    pub conversation: Conversation,
    pub effects: Vec<Effect>,
    pub trace: Vec<Trace>,
    /// Steps that may still be run through.
    pub fuel: usize,
    /// The flow that is talked in, for the trace.
    pub flow: String,
    /// Another language of the flow that they wrote in just now: offered in place of the next question.
    pub offer: Option<Language>,
}

impl Run<'_> {
    pub fn fact(&mut self, fact: Fact) {
        self.effects.push(Effect::Fact(fact));
    }

    pub fn note(&mut self, step: &str, what: impl Into<String>) {
        self.trace.push(Trace { flow: self.flow.clone(), step: step.to_owned(), what: what.into() });
    }

    /// An id derived from the event, so that the event run again gives the same: `esc_5f3c…`.
    pub fn derived_id(&self, prefix: &str, about: &str) -> String {
        let text = format!("{}\0{}\0{about}", self.event.id, self.conversation.n_turns);
        format!("{prefix}_{:016x}", hash_of(text.as_bytes()))
    }

    /// The language spoken: theirs, else English.
    pub fn language(&self) -> Language {
        self.conversation.language.clone().unwrap_or_else(Language::english)
    }

    /// A view from outside any session.
    pub fn view(&self) -> View<'_> {
        View {
            world: self.world,
            conversation: &self.conversation,
            session: None,
            flow: None,
            items: Vec::new(),
            groups: Vec::new(),
            people: Vec::new(),
            today: scope::today(self.world, &self.conversation, self.now),
        }
    }

    /// A paragraph of a shared text, with the names that all of them may use and some of its own.
    pub fn shared(&self, revision: Option<&RevisionId>, name: &str, own: &[(&str, Datum)]) -> Paragraph {
        const EVERYWHERE: [&str; 4] = ["agency.name", "agency.emergency_number", "agency.phone_line", "you.first_name"];
        let view = self.view();
        let named = revision.and_then(|id| self.world.library.revision(id)).and_then(|revision| revision.partial_names.get(name));
        let mut data: Vec<(String, Datum)> = EVERYWHERE.iter().map(|name| ((*name).to_owned(), view.value(name))).collect();
        for name in named.into_iter().flatten() {
            if !data.iter().any(|(known, _)| known == name) {
                data.push((name.clone(), view.printed(name, &self.language())));
            }
        }
        for (name, datum) in own {
            data.retain(|(known, _)| known != name);
            data.push(((*name).to_owned(), datum.clone()));
        }
        Paragraph { words: Words::Shared { revision: revision.cloned(), name: name.to_owned() }, data, brief: false }
    }

    /// The revision that shared texts are taken from: the open session's.
    pub fn revision(&self) -> Option<RevisionId> {
        self.conversation.open_session().map(|session| session.revision.clone())
    }

    pub fn say(&mut self, purpose: Purpose, paragraphs: Vec<Paragraph>) {
        self.say_with(purpose, paragraphs, None, None, self.language());
    }

    pub fn say_shared(&mut self, purpose: Purpose, name: &str, own: &[(&str, Datum)]) {
        let paragraph = self.shared(self.revision().as_ref(), name, own);
        self.say(purpose, vec![paragraph]);
    }

    pub fn say_plain(&mut self, purpose: Purpose, words: Private<String>) {
        self.say(purpose, vec![Paragraph { words: Words::Plain(words), data: Vec::new(), brief: false }]);
    }

    pub fn say_with(
        &mut self,
        purpose: Purpose,
        paragraphs: Vec<Paragraph>,
        question: Option<Question>,
        template: Option<String>,
        language: Language,
    ) {
        let silent = self.conversation.opted_out_at.is_some() && purpose.stopped_by_stop();
        // In a shut window a question goes as a template; a word about the change of hands has none, and is left unsaid.
        let shut = self.window_shut();
        let template = if shut && purpose == Purpose::Dialogue { template.or_else(|| Some("reminder".to_owned())) } else { template };
        if silent || (shut && purpose == Purpose::Handover) || (paragraphs.is_empty() && question.is_none()) {
            return;
        }
        self.effects.push(Effect::Say(Say { purpose, language, paragraphs, question, template }));
    }

    /// Whether the window for free text is shut: they have not written for longer than the medium allows.
    pub fn window_shut(&self) -> bool {
        let Some(hours) = crate::base::capabilities::Capabilities::of(self.conversation.address.medium).window_hours else { return false };
        self.conversation.last_inbound_at.is_none_or(|at| self.now.as_second() - at.as_second() >= hours * 3_600)
    }

    /// A new holder: everything decided under the old epoch is fenced off.
    pub fn hold(&mut self, holder: Holder) {
        if self.conversation.holder != holder {
            self.conversation.holder = holder;
            self.conversation.epoch += 1;
        }
    }

    /// Whether too many tries at an identity question were made within the hour.
    pub fn identity_locked(&mut self) -> bool {
        let now = self.now.as_second();
        self.conversation.identity_tries_at.retain(|at| now - at.as_second() < 3_600);
        self.conversation.identity_tries_at.len() >= usize::from(crate::base::limit::IDENTITY_TRIES_PER_HOUR)
    }

    /// The live call for a human, if there is one.
    pub const fn live(&mut self) -> Option<&mut Escalation> {
        self.conversation.escalation.as_mut()
    }
}

impl EscalationState {
    /// Whether it still asks for a human.
    pub const fn is_live(self) -> bool {
        match self {
            Self::Waiting | Self::Overdue | Self::Claimed | Self::Parked => true,
            Self::HandedBack | Self::Resolved | Self::Cancelled => false,
        }
    }
}

/// The first eight bytes of the SHA-256, as a number.
pub(super) fn hash_of(bytes: &[u8]) -> u64 {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// A question without choices.
pub(super) const fn open_question(hint: Hint, tap: String) -> Question {
    Question { hint, choices: Vec::new(), several: false, tap }
}
