//! Listening: what a reply does to the open question.

use super::{
    ask::{Asked, NONE_KEY},
    conversation::ResumeAt,
    effect::{Fact, Paragraph, Purpose},
    event::Card,
    scope,
    session::{Item, LoopPhase},
    walk::{At, Walk},
};
use crate::{
    answer::{
        Choice, Context, Expect, Reading, Truth, Unclear, Value,
        extra::{self, Extra},
        keyword::Keyword,
    },
    base::{Language, Private, limit},
    flow::{
        Flow, Step,
        condition::Datum,
        model::{Ask, Body, IfUnclear, Kind, Repeat, StepId, Urgency},
    },
};

/// A reply to the open question.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reply<'e> {
    /// Words.
    Text(&'e str),
    /// A tap on the open question's own button or row: the choice's key, and the title shown.
    Tap(&'e str, &'e str),
}

impl Reply<'_> {
    fn said(self) -> Private<String> {
        match self {
            Self::Text(text) | Self::Tap(_, text) => Private::from(text),
        }
    }
}

impl Walk<'_, '_> {
    /// Reads a reply to the open question and moves on, asks again, or gives up.
    pub fn hear(&mut self, reply: Reply<'_>) {
        let Some(flow) = self.flow() else { return self.fault("a flow of the session's revision is missing") };
        let Some(asked) = self.asked(&flow) else { return };
        let at = match asked {
            Asked::Step(id, ask) => self.hear_answer(&flow, id, ask, reply),
            Asked::First(id, _) | Asked::More(id, _) => self.hear_around(&flow, id, matches!(asked, Asked::First(..)), reply),
        };
        self.walk(at);
    }

    /// The reading of a reply to the open question, if it is a step's own.
    pub fn reading(&self, reply: Reply<'_>) -> Option<Reading> {
        let flow = self.flow()?;
        let Some(Asked::Step(_, ask)) = self.asked(&flow) else { return None };
        Some(self.read(&flow, ask, reply))
    }

    fn read(&self, flow: &Flow, ask: &Ask, reply: Reply<'_>) -> Reading {
        let expect = self.expect(flow, ask);
        match reply {
            Reply::Text(text) => self.understand(flow, &expect, text),
            Reply::Tap(key, _) => tapped(&expect, key),
        }
    }

    pub fn understand(&self, flow: &Flow, expect: &Expect, text: &str) -> Reading {
        let language = self.language();
        let others: Vec<Language> = flow.languages.iter().filter(|other| **other != language).cloned().collect();
        crate::answer::read(expect, text, &self.context(&language, &others))
    }

    fn context<'c>(&'c self, language: &'c Language, others: &'c [Language]) -> Context<'c> {
        Context {
            language,
            others,
            today: scope::today(self.run.world, &self.run.conversation, self.run.now),
            country: &self.run.world.agency.country,
        }
    }

    fn hear_answer(&mut self, flow: &Flow, id: StepId, ask: &Ask, reply: Reply<'_>) -> At {
        let step = flow.step(id);
        if let Some(at) = self.hear_offer(flow, id, reply) {
            return at;
        }
        match self.read(flow, ask, reply) {
            Reading::Clear { value, .. } if ask.kind == Kind::BirthYear => self.hear_identity(flow, id, value),
            Reading::Clear { value, how } => {
                self.run.note(&step.path, format!("read ({how:?})"));
                self.run.conversation.n_unread_in_a_row = 0;
                self.answer(flow, step, Some(value), reply.said(), false, None);
                self.session.open = None;
                self.hear_beside(flow, ask, reply);
                At::After(id)
            }
            Reading::Ambiguous(_) => self.not_understood(flow, id, ask, Unclear::Unknown, reply),
            Reading::Unclear(reason) => self.not_understood(flow, id, ask, reason, reply),
        }
    }

    /// What was said beside the answer: kept for the question that asks it, or told to the desk.
    fn hear_beside(&mut self, flow: &Flow, ask: &Ask, reply: Reply<'_>) {
        let Reply::Text(text) = reply else { return };
        let expect = self.expect(flow, ask);
        let language = self.language();
        let others: Vec<Language> = flow.languages.iter().filter(|other| **other != language).cloned().collect();
        for extra in extra::read(&expect, text, &self.context(&language, &others)) {
            match extra {
                Extra::Value(value) => self.session.beside = Some(Private::new(value)),
                Extra::SomeoneElse => {
                    let rule = format!("{} {} someone else", flow.name, self.frame().at);
                    let session = Some(self.session.id.clone());
                    self.run.task(Urgency::Routine, "Says that someone else is meant too", &rule, Some(Private::from(text)), session);
                }
            }
        }
    }

    /// A value said beside an earlier answer that this question asks for.
    pub fn said_before(&self, flow: &Flow, ask: &Ask) -> Option<Value> {
        let value = self.session.beside.as_ref()?.reveal();
        match (self.expect(flow, ask), value) {
            (Expect::Date(bounds), Value::Date(day)) => {
                let within = bounds.from.is_none_or(|from| from <= *day) && bounds.to.is_none_or(|to| *day <= to);
                within.then(|| value.clone())
            }
            (Expect::Phone, Value::Phone(_)) => Some(value.clone()),
            _ => None,
        }
    }

    /// Yes or no to "you said …: is that right?"; anything else is read as the answer itself.
    fn hear_offer(&mut self, flow: &Flow, id: StepId, reply: Reply<'_>) -> Option<At> {
        let offered = self.session.open.as_mut()?.offered.take()?;
        let said = match reply {
            Reply::Text(text) => match self.understand(flow, &Expect::YesNo { unsure: false }, text) {
                Reading::Clear { value: Value::Truth(truth), .. } => truth,
                Reading::Clear { .. } | Reading::Ambiguous(_) | Reading::Unclear(_) => return None,
            },
            Reply::Tap("yes", _) => Truth::Yes,
            Reply::Tap(..) => Truth::No,
        };
        let step = flow.step(id);
        if said == Truth::Yes {
            self.answer(flow, step, Some(offered.into_inner()), reply.said(), false, None);
            self.session.open = None;
            return Some(At::After(id));
        }
        self.ask_again(Vec::new(), Purpose::Dialogue);
        Some(At::Stop)
    }

    fn not_understood(&mut self, flow: &Flow, id: StepId, ask: &Ask, reason: Unclear, reply: Reply<'_>) -> At {
        let step = flow.step(id);
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
                self.answer(flow, step, None, reply.said(), true, None);
                self.give_up(&rule, "Not understood", ResumeAt::NextStep)
            }
            IfUnclear::Accept => {
                let said = reply.said();
                self.answer(flow, step, Some(Value::Text(said.reveal().clone())), said, true, None);
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

    fn count_unclear(&mut self) -> u8 {
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
    fn give_up(&mut self, rule: &str, because: &str, resume: ResumeAt) -> At {
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

    // Identity.

    fn hear_identity(&mut self, flow: &Flow, id: StepId, value: Value) -> At {
        let step = flow.step(id);
        let given = if let Value::Number(year) = &value { Some(*year) } else { None };
        let known = self.run.conversation.person(self.who()).and_then(|person| person.birth_year).map(f64::from);
        if given.is_some() && given == known {
            self.run.conversation.identity_tries_at.clear();
            self.answer(flow, step, Some(value), Private::default(), false, None);
            self.session.open = None;
            return At::After(id);
        }
        self.run.note(&step.path, "does not match the record");
        self.run.conversation.identity_tries_at.push(self.run.now);
        let tries = self.count_unclear();
        let Body::Ask(ask) = &step.body else { return At::Stop };
        if self.run.identity_locked() || tries >= ask.tries {
            return self.give_up_on_identity(flow, step, "Identity not confirmed");
        }
        match ask.retry.and_then(|retry| self.paragraph(retry)) {
            Some(retry) => {
                let question = self.question_of(flow, ask);
                self.say_question(vec![retry], question, Purpose::Dialogue);
            }
            None => {
                let again = vec![self.run.shared(Some(&self.revision.id), "retry-year", &[])];
                self.ask_again(again, Purpose::Dialogue);
            }
        }
        At::Stop
    }

    /// Nothing is said of the record: the question's own `if unclear`, else a human.
    pub fn give_up_on_identity(&mut self, flow: &Flow, step: &Step, because: &str) -> At {
        self.session.open = None;
        self.run.fact(Fact::Identity { held: false });
        self.answer(flow, step, None, Private::default(), true, None);
        let Some(id) = flow.find(&step.path) else { return At::Stop };
        if let Body::Ask(Ask { if_unclear: IfUnclear::Arm(actions), .. }) = &step.body {
            return self.actions(flow, id, "if unclear", actions).unwrap_or_else(|| Self::next(flow, id));
        }
        self.give_up(&format!("{} {} identity", flow.name, step.path), because, ResumeAt::End)
    }

    // Around a repeat.

    fn hear_around(&mut self, flow: &Flow, id: StepId, first: bool, reply: Reply<'_>) -> At {
        let step = flow.step(id);
        let expect = Expect::YesNo { unsure: false };
        let reading = match reply {
            Reply::Text(text) => self.understand(flow, &expect, text),
            Reply::Tap(key, _) => tapped(&expect, key),
        };
        let path = format!("{}{}", step.path, if first { "#first" } else { "#more" });
        match reading {
            Reading::Clear { value: Value::Truth(truth @ (Truth::Yes | Truth::No)), .. } => {
                self.run.conversation.n_unread_in_a_row = 0;
                self.keep(flow, &path, Some(Private::new(Value::Truth(truth))), reply.said(), false);
                self.session.open = None;
                if truth == Truth::Yes { self.next_item(flow, id) } else { self.leave_list(id) }
            }
            Reading::Clear { .. } | Reading::Ambiguous(_) | Reading::Unclear(_) => {
                if self.count_unclear() < 3 {
                    let again = vec![self.run.shared(Some(&self.revision.id), "retry-yes-no", &[])];
                    self.ask_again(again, Purpose::Dialogue);
                    return At::Stop;
                }
                self.session.open = None;
                let rule = format!("{path} not understood", path = step.path);
                if let Some(frame) = self.session.frames.last_mut() {
                    frame.loops.pop();
                }
                self.give_up(&rule, "Not understood", ResumeAt::NextStep)
            }
        }
    }

    /// Ends the innermost repeat; its step is done.
    fn leave_list(&mut self, id: StepId) -> At {
        if let Some(frame) = self.session.frames.last_mut() {
            frame.loops.pop();
        }
        At::After(id)
    }

    /// NOBODY, DONE and TELL: heard anywhere inside a repeat. Gives whether it was one.
    pub fn hear_in_repeat(&mut self, keyword: Keyword) -> bool {
        let Some(flow) = self.flow() else { return false };
        let frame = self.frame();
        let is_repeat = |group: &str| flow.find(group).is_some_and(|id| matches!(flow.step(id).body, Body::Repeat(_)));
        let Some(position) = frame.loops.iter().rposition(|entered| is_repeat(&entered.group)) else { return false };
        let Some(id) = frame.loops.get(position).and_then(|entered| flow.find(&entered.group)) else { return false };
        let tell = match keyword {
            Keyword::Nobody | Keyword::Done => false,
            Keyword::Tell => true,
            Keyword::Stop
            | Keyword::Start
            | Keyword::Help
            | Keyword::Human
            | Keyword::Language
            | Keyword::Back
            | Keyword::Fix
            | Keyword::Restart
            | Keyword::Skip => return false,
        };
        self.session.open = None;
        while self.frame().loops.len() > position {
            self.leave_group(&flow);
        }
        self.run.note(&flow.step(id).path, format!("{keyword:?} leaves the repeat"));
        if tell {
            let rule = format!("{} {} tell a person", flow.name, flow.step(id).path);
            let session = Some(self.session.id.clone());
            self.run.task(Urgency::Routine, "Wants to tell a person about contacts", &rule, None, session);
            let told = self.run.shared(Some(&self.revision.id), "told-a-person", &[]);
            self.pending.push(told);
        }
        self.walk(At::After(id));
        true
    }

    /// Contact cards: each makes an item of the repeat that is running. Gives whether one was.
    pub fn hear_cards(&mut self, cards: &[Card]) -> bool {
        let Some(flow) = self.flow() else { return false };
        let Some(entered) = self.frame().loops.last().cloned() else { return false };
        let Some(id) = flow.find(&entered.group) else { return false };
        let Body::Repeat(repeat) = &flow.step(id).body else { return false };
        let empty_item = entered.phase == LoopPhase::Steps && !self.any_given(&flow, repeat);
        let first = match entered.phase {
            LoopPhase::First => 0,
            LoopPhase::Steps if empty_item => entered.at,
            LoopPhase::Steps | LoopPhase::More => self.list(&flow, flow.step(id)).map_or(0, |list| list.n_begun),
        };
        if entered.phase == LoopPhase::Steps && !empty_item && self.hear_card_as_phone(&flow, cards) {
            return true;
        }
        let room = usize::from(repeat.up_to.min(limit::REPEAT_ITEMS).saturating_sub(first));
        for (nth, card) in (first..).zip(cards.iter().take(room)) {
            self.at_item(nth);
            self.fill_from_card(&flow, repeat, card);
            if let Some(list) = self.list_mut(&flow, &entered.group) {
                list.n_begun = list.n_begun.max(nth + 1);
            }
        }
        self.at_item(entered.at);
        self.session.open = None;
        self.run.conversation.n_unread_in_a_row = 0;
        let begin = |nth: u16, walk: &mut Self| {
            walk.at_item(nth);
            repeat.steps.first().map_or(At::After(id), |step| At::Enter { step: *step, again: false })
        };
        let at = match entered.phase {
            LoopPhase::First => begin(0, self),
            LoopPhase::More => begin(first, self),
            LoopPhase::Steps if empty_item => begin(entered.at, self),
            // In the middle of another item: its open question goes on, the card's own fields are asked after it.
            LoopPhase::Steps => match flow.find(&self.frame().at) {
                Some(step) => At::Enter { step, again: true },
                None => At::Stop,
            },
        };
        self.walk(at);
        true
    }

    /// Asked for this one's number, they share the card with it: the usual way to give a number. Gives whether it was so.
    fn hear_card_as_phone(&mut self, flow: &Flow, cards: &[Card]) -> bool {
        let Some(Asked::Step(step, Ask { kind: Kind::Phone, .. })) = self.asked(flow) else { return false };
        let [card] = cards else { return false };
        let Some(phone) = self.phone_of(card) else { return false };
        self.answer(flow, flow.step(step), Some(phone), Private::from("[contact card]"), false, None);
        self.session.open = None;
        self.walk(At::After(step));
        true
    }

    fn phone_of(&self, card: &Card) -> Option<Value> {
        let flow = self.flow()?;
        card.phones.iter().find_map(|phone| match self.understand(&flow, &Expect::Phone, phone.reveal()) {
            Reading::Clear { value, .. } => Some(value),
            Reading::Ambiguous(_) | Reading::Unclear(_) => None,
        })
    }

    fn at_item(&mut self, nth: u16) {
        if let Some(entered) = self.session.frames.last_mut().and_then(|frame| frame.loops.last_mut()) {
            entered.at = nth;
            entered.phase = LoopPhase::Steps;
        }
    }

    fn any_given(&self, flow: &Flow, repeat: &Repeat) -> bool {
        repeat.steps.iter().any(|step| self.with_view(|view| view.answered(&flow.step(*step).path).is_some()))
    }

    fn fill_from_card(&mut self, flow: &Flow, repeat: &Repeat, card: &Card) {
        let asks = |wanted: &Kind| {
            repeat.steps.iter().map(|id| flow.step(*id)).find(|step| match &step.body {
                Body::Ask(ask) => ask.kind == *wanted,
                Body::Plain | Body::Repeat(_) | Body::ForEach(_) | Body::Call(_) => false,
            })
        };
        let name = card.name.reveal().trim();
        if let Some(step) = asks(&Kind::Name)
            && !name.is_empty()
        {
            self.answer(flow, step, Some(Value::Name(name.to_owned())), Private::from("[contact card]"), false, None);
        }
        if let (Some(step), Some(phone)) = (asks(&Kind::Phone), self.phone_of(card)) {
            self.answer(flow, step, Some(phone), Private::from("[contact card]"), false, None);
        }
    }

    /// SKIP: the answer is missing, the flow goes on; not for identity and consent.
    pub fn skip(&mut self) {
        let Some(flow) = self.flow() else { return };
        let Some(asked) = self.asked(&flow) else { return };
        let at = match asked {
            Asked::Step(id, ask) => {
                if matches!(ask.kind, Kind::Consent | Kind::BirthYear) {
                    let before = vec![self.run.shared(Some(&self.revision.id), "cannot-skip", &[])];
                    return self.ask_again(before, Purpose::Dialogue);
                }
                self.answer(&flow, flow.step(id), None, Private::default(), false, None);
                self.session.open = None;
                At::After(id)
            }
            Asked::First(id, _) | Asked::More(id, _) => {
                self.session.open = None;
                self.leave_list(id)
            }
        };
        self.run.conversation.n_unread_in_a_row = 0;
        self.walk(at);
    }

    /// Whether the open question stands in a repeat.
    pub fn in_repeat(&self) -> bool {
        self.items().iter().any(|item| matches!(item, Item::Nth(_)))
    }
}

/// A tap as a reading: the key was made by us, and is checked against what was shown.
fn tapped(expect: &Expect, key: &str) -> Reading {
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
