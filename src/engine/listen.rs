//! Listening: what a reply does to the open question.

use super::{
    ask::{Asked, NONE_KEY},
    conversation::ResumeAt,
    effect::{Fact, Paragraph, Purpose},
    scope,
    session::Aside,
    walk::{At, Walk},
};
use crate::{
    answer::{self, Choice, Context, Expect, How, Reading, Reply, Truth, Unclear, Value},
    base::{Language, Private},
    flow::{
        Flow,
        condition::Datum,
        model::{Ask, IfUnclear, Kind, StepId, Urgency},
    },
};

/// What is heard as a reply to the open question.
#[derive(Clone, Copy, Debug)]
pub(super) enum Heard<'e> {
    /// Words.
    Words(&'e Reply<'e>),
    /// A tap on the open question's own button or row: the choice's key, and the title shown.
    Tap(&'e str, &'e str),
}

impl Heard<'_> {
    pub(super) fn said(self) -> Private<String> {
        match self {
            Self::Words(reply) => Private::from(reply.text()),
            Self::Tap(_, title) => Private::from(title),
        }
    }
}

impl Walk<'_, '_> {
    /// Reads a reply to the open question and moves on, asks again, or gives up.
    pub fn hear(&mut self, reply: Heard<'_>) {
        let Some(flow) = self.flow() else { return self.fault("a flow of the session's revision is missing") };
        let Some(asked) = self.asked(&flow) else { return };
        let at = match asked {
            Asked::Step(id, ask) => self.hear_answer(&flow, id, ask, reply),
            Asked::First(id, _) | Asked::More(id, _) => self.hear_around(&flow, id, matches!(asked, Asked::First(..)), reply),
        };
        self.walk(at);
    }

    /// The reading of a reply to the open question, if it is a step's own.
    pub fn reading(&self, reply: Heard<'_>) -> Option<Reading> {
        let flow = self.flow()?;
        let Some(Asked::Step(_, ask)) = self.asked(&flow) else { return None };
        Some(self.read(&flow, ask, reply))
    }

    pub fn read(&self, flow: &Flow, ask: &Ask, reply: Heard<'_>) -> Reading {
        let expect = self.expect(flow, ask);
        match reply {
            Heard::Words(reply) => self.understand(flow, &expect, reply),
            Heard::Tap(key, _) => tapped(&expect, key),
        }
    }

    pub fn understand(&self, flow: &Flow, expect: &Expect, reply: &Reply<'_>) -> Reading {
        let language = self.language();
        let others: Vec<Language> = flow.languages.iter().filter(|other| **other != language).cloned().collect();
        answer::read(expect, reply, &self.context(&language, &others))
    }

    /// Keeps for the designers what was not understood.
    pub fn note_unclear(&mut self, step: &str, reason: Unclear, reply: Heard<'_>) {
        let fact = Fact::NotUnderstood {
            session: self.session.id.clone(),
            flow: self.frame().flow,
            step: step.to_owned(),
            language: self.language(),
            reason: reason.word().to_owned(),
            said: reply.said(),
        };
        self.run.fact(fact);
    }

    pub fn context<'c>(&'c self, language: &'c Language, others: &'c [Language]) -> Context<'c> {
        Context {
            language,
            others,
            today: scope::today(self.run.world, &self.run.conversation, self.run.now),
            country: &self.run.world.agency.country,
        }
    }

    fn hear_answer(&mut self, flow: &Flow, id: StepId, ask: &Ask, reply: Heard<'_>) -> At {
        let step = flow.step(id);
        if let Some(at) = self.hear_offer(flow, id, ask, reply) {
            return at;
        }
        match self.read(flow, ask, reply) {
            Reading::Clear { value, .. } if ask.kind == Kind::BirthYear => self.hear_identity(flow, id, value),
            Reading::Clear { value, how } => {
                self.run.note(&step.path, format!("read ({how:?})"));
                if Self::to_confirm(ask, how, reply) {
                    self.run.understood();
                    return self.ask_to_confirm(flow, ask, value, reply.said());
                }
                self.note_language(ask, reply);
                self.take(flow, id, ask, value, reply, how)
            }
            Reading::Ambiguous(values) => match self.ask_which(flow, ask, &values, reply.said()) {
                Some(at) => at,
                None => self.not_understood(flow, id, ask, Unclear::Unknown, reply),
            },
            Reading::Unclear(reason) => self.not_understood(flow, id, ask, reason, reply),
        }
    }

    /// Takes a value as the answer, and what the reply says beside it.
    pub fn take(&mut self, flow: &Flow, id: StepId, ask: &Ask, value: Value, reply: Heard<'_>, how: How) -> At {
        // Any words are a text or a name: what machines write again and again too.
        let any_words = matches!(ask.kind, Kind::Text { .. } | Kind::Name);
        if any_words {
            self.run.conversation.n_unread_in_a_row = 0;
        } else {
            self.run.understood();
        }
        self.answer(flow, flow.step(id), Some(value.clone()), reply.said(), false, None);
        self.session.open = None;
        // What is an answer by its whole form says nothing beside it.
        if how != How::Exact || any_words {
            self.hear_beside(flow, ask, reply, &value);
        }
        At::After(id)
    }

    pub fn not_understood(&mut self, flow: &Flow, id: StepId, ask: &Ask, reason: Unclear, reply: Heard<'_>) -> At {
        let step = flow.step(id);
        if ask.kind != Kind::BirthYear {
            self.note_unclear(&step.path, reason, reply);
        }
        self.note_language(ask, reply);
        if let Some(language) = self.run.offer.take() {
            self.offer_language(language);
            return At::Stop;
        }
        let n_unclear = self.count_unclear();
        self.run.note(&step.path, format!("not understood ({reason:?}), reply {n_unclear} of {}", ask.tries));
        if n_unclear < ask.tries {
            // The words of an identity question speak of another year than the record's, which only a year can be.
            let retry = ask.retry.filter(|_| ask.kind != Kind::BirthYear);
            let again = match retry.and_then(|retry| self.paragraph(retry)) {
                Some(retry) => {
                    let question = self.question_of(flow, ask);
                    self.say_question(vec![retry], question, Purpose::Dialogue);
                    return At::Stop;
                }
                None => self.retry_words(flow, ask, reason),
            };
            self.ask_again(again, Purpose::Dialogue);
            return At::Stop;
        }
        match &ask.if_unclear {
            IfUnclear::Default => {
                let rule = format!("{} {} not understood", flow.name, step.path);
                self.session.open = None;
                if self.stays_as_it_was(step) {
                    return self.give_up(&rule, "Not understood", ResumeAt::AfterAnswer);
                }
                self.answer(flow, step, None, reply.said(), true, None);
                self.give_up(&rule, "Not understood", ResumeAt::NextStep)
            }
            IfUnclear::Accept => {
                let said = reply.said();
                self.answer(flow, step, Some(Value::Text(said.reveal().clone())), said, true, None);
                self.session.open = None;
                At::After(id)
            }
            IfUnclear::Arm(_) if self.stays_as_it_was(step) => {
                self.session.open = None;
                At::After(id)
            }
            IfUnclear::Arm(actions) => {
                self.answer(flow, step, None, reply.said(), true, None);
                self.session.open = None;
                self.actions(flow, id, "if unclear", actions).unwrap_or_else(|| Self::next(flow, id))
            }
        }
    }

    pub fn count_unclear(&mut self) -> u8 {
        self.run.conversation.n_unread_in_a_row = self.run.conversation.n_unread_in_a_row.saturating_add(1);
        match &mut self.session.open {
            Some(open) => {
                open.n_unclear = open.n_unclear.saturating_add(1);
                open.n_unclear
            }
            None => 0,
        }
    }

    /// Calls a human because the bot could not go on with what was said.
    pub fn give_up(&mut self, rule: &str, because: &str, resume: ResumeAt) -> At {
        self.flush();
        let session = Some(self.session.id.clone());
        self.run.call_human(Urgency::Routine, because, rule, None, resume, session);
        self.run.say_handed_over(Urgency::Routine, Some(&self.revision.id));
        At::Stop
    }

    /// The default words of the second asking, by kind and reason.
    fn retry_words(&self, flow: &Flow, ask: &Ask, reason: Unclear) -> Vec<Paragraph> {
        let bounds = match self.expect(flow, ask) {
            Expect::Number { min, max, .. } => (min.map(Datum::Number), max.map(Datum::Number)),
            Expect::Date(bounds) => (bounds.from.map(Datum::Date), bounds.to.map(Datum::Date)),
            Expect::Text { min, max } => (number_of(min), number_of(max)),
            Expect::YesNo { .. }
            | Expect::OneOf(_)
            | Expect::AnyOf(_)
            | Expect::Temperature
            | Expect::Time
            | Expect::Duration
            | Expect::Phone
            | Expect::Email
            | Expect::Name
            | Expect::Place
            | Expect::Photo
            | Expect::Location
            | Expect::Consent
            | Expect::BirthYear
            | Expect::BirthDate
            | Expect::ContactName => (None, None),
        };
        let own = [("min", bounds.0.unwrap_or(Datum::Missing)), ("max", bounds.1.unwrap_or(Datum::Missing))];
        vec![self.run.shared(Some(&self.revision.id), retry_name(&ask.kind, reason), &own)]
    }

    /// SKIP: the answer is missing, the flow goes on; not for identity and consent.
    pub fn skip(&mut self) {
        let Some(flow) = self.flow() else { return };
        let Some(asked) = self.asked(&flow) else { return };
        if self.session.open.as_ref().is_some_and(|open| matches!(open.aside, Some(Aside::Switch(_) | Aside::Fix(_)))) {
            return self.ask_anew(Vec::new(), Purpose::Dialogue);
        }
        let at = match asked {
            Asked::Step(id, ask) => {
                if matches!(ask.kind, Kind::Consent | Kind::BirthYear) {
                    let before = vec![self.run.shared(Some(&self.revision.id), "cannot-skip", &[])];
                    return self.ask_again(before, Purpose::Dialogue);
                }
                if !self.stays_as_it_was(flow.step(id)) {
                    self.answer(&flow, flow.step(id), None, Private::default(), false, None);
                }
                self.session.open = None;
                At::After(id)
            }
            Asked::First(id, _) | Asked::More(id, _) => {
                self.session.open = None;
                self.leave_list(id)
            }
        };
        self.run.understood();
        self.walk(at);
    }
}

/// A tap as a reading: the key was made by us, and is checked against what was shown.
pub(super) fn tapped(expect: &Expect, key: &str) -> Reading {
    let clear = |value| Reading::Clear { value, how: crate::answer::How::Number };
    let known = |choices: &[Choice]| choices.iter().any(|choice| choice.key == key);
    match expect {
        Expect::YesNo { .. } | Expect::Consent => {
            let truth = match key {
                "yes" => Truth::Yes,
                "no" => Truth::No,
                "unsure" => Truth::Unsure,
                _ => return Reading::Unclear(Unclear::Unknown),
            };
            match (expect, truth) {
                (Expect::Consent, Truth::Unsure) => Reading::Unclear(Unclear::Unsure),
                (Expect::Consent, truth) => clear(Value::Consent(truth == Truth::Yes)),
                (_, truth) => clear(Value::Truth(truth)),
            }
        }
        Expect::OneOf(choices) if known(choices) => clear(Value::Choice(key.to_owned())),
        Expect::AnyOf(choices) if known(choices) => clear(Value::Choices(if key == NONE_KEY { Vec::new() } else { vec![key.to_owned()] })),
        Expect::OneOf(_)
        | Expect::AnyOf(_)
        | Expect::Number { .. }
        | Expect::Temperature
        | Expect::Date(_)
        | Expect::Time
        | Expect::Duration
        | Expect::Phone
        | Expect::Email
        | Expect::Name
        | Expect::Place
        | Expect::Text { .. }
        | Expect::Photo
        | Expect::Location
        | Expect::BirthYear
        | Expect::BirthDate
        | Expect::ContactName => Reading::Unclear(Unclear::Unknown),
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of characters are far below 2^52")]
const fn number_of(n: usize) -> Option<Datum> {
    Some(Datum::Number(n as f64))
}

/// The shared text of the second asking.
const fn retry_name(kind: &Kind, reason: Unclear) -> &'static str {
    match (reason, kind) {
        (Unclear::TooLow | Unclear::TooHigh, Kind::OneOf | Kind::OnePerson(_)) => "retry-one",
        (Unclear::TooLow | Unclear::TooHigh, Kind::AnyOf | Kind::People(_)) => "retry-several",
        (Unclear::TooLow, _) => "retry-too-low",
        (Unclear::TooHigh, _) => "retry-too-high",
        (Unclear::TooEarly, _) => "retry-too-early",
        (Unclear::TooLate, _) => "retry-too-late",
        (Unclear::NoSuchDay, _) => "retry-no-such-day",
        (Unclear::TooMany, _) => "retry-too-many",
        (Unclear::Contradiction, _) => "retry-contradiction",
        (Unclear::NotAPhone, _) | (_, Kind::Phone) => "retry-phone",
        (_, Kind::YesNo | Kind::YesNoUnsure | Kind::Consent) => "retry-yes-no",
        (_, Kind::OneOf | Kind::OnePerson(_)) => "retry-one",
        (_, Kind::AnyOf | Kind::People(_)) => "retry-several",
        (_, Kind::Number { .. }) => "retry-number",
        (_, Kind::Temperature) => "retry-temperature",
        (_, Kind::Date(_)) => "retry-date",
        (_, Kind::BirthYear) => "retry-year",
        (_, Kind::Text { .. }) => "retry-text",
        (_, Kind::Name) => "not-understood",
    }
}
