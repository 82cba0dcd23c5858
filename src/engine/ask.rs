//! Asking: a step's question, the questions around a repeat, and what a reply to them may be.

use super::{
    effect::{Hint, Paragraph, Purpose, Question, ShownChoice, Words},
    run::open_question,
    scope,
    session::{Aside, LoopPhase, Open},
    walk::{At, Walk},
};
use crate::{
    answer::{Choice, DateBounds, Expect, Value},
    base::{Language, Private},
    flow::{
        Flow, Step,
        condition::{Datum, Expression, Truth},
        model::{Ask, Body, FlowOption, Kind, Repeat, StepId, TextId},
    },
};

/// The key of the exclusive option where it is tapped.
pub(super) const NONE_KEY: &str = "none";

/// The question that is open, wherever it comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked<'f> {
    /// A step's own.
    Step(StepId, &'f Ask),
    /// Before the first item of a repeat.
    First(StepId, &'f Repeat),
    /// After an item of a repeat.
    More(StepId, &'f Repeat),
}

impl Walk<'_, '_> {
    /// The open question.
    pub fn asked<'f>(&self, flow: &'f Flow) -> Option<Asked<'f>> {
        self.session.open.as_ref()?;
        let frame = self.session.frames.last()?;
        if let Some(entered) = frame.loops.last()
            && entered.people.is_empty()
            && entered.phase != LoopPhase::Steps
        {
            let id = flow.find(&entered.group)?;
            let Body::Repeat(repeat) = &flow.step(id).body else { return None };
            return Some(if entered.phase == LoopPhase::First { Asked::First(id, repeat) } else { Asked::More(id, repeat) });
        }
        let id = flow.find(&frame.at)?;
        match &flow.step(id).body {
            Body::Ask(ask) => Some(Asked::Step(id, ask)),
            Body::Plain | Body::Repeat(_) | Body::ForEach(_) | Body::Call(_) => None,
        }
    }

    /// Asks a step's question.
    pub fn ask(&mut self, flow: &Flow, step: &Step, ask: &Ask) -> At {
        if ask.kind == Kind::BirthYear && (self.run.identity_locked() || !self.birth_year_known()) {
            let because = if self.run.identity_locked() {
                "Identity not confirmed: too many tries"
            } else {
                "Identity cannot be checked: no birth year"
            };
            return self.give_up_on_identity(flow, step, because);
        }
        let no_options = matches!(ask.kind, Kind::OneOf | Kind::AnyOf | Kind::OnePerson(_) | Kind::People(_))
            && self.choices(flow, ask, &self.language()).iter().all(|choice| choice.exclusive);
        if no_options {
            self.run.note(&step.path, "no option to choose from: skipped");
            return At::After(flow.find(&step.path).unwrap_or(StepId(0)));
        }
        if let Some(at) = self.open_with_offer() {
            return at;
        }
        let text = step.say.as_ref().map(|wording| self.choose(wording));
        let paragraph = text.and_then(|text| self.paragraph(text));
        self.pending.extend(paragraph);
        self.open();
        if let Some(offered) = self.said_before(flow, ask) {
            let value = offered.values.first().map_or(Datum::Missing, |value| self.shown_value(flow, ask, value.reveal()));
            self.pending.push(self.run.shared(Some(&self.revision.id), "said-before", &[("value", value)]));
            if let Some(open) = &mut self.session.open {
                open.offered = Some(offered);
            }
            let question = self.yes_no_question(false);
            return self.send(Some(question));
        }
        let question = self.question_of(flow, ask);
        self.send(question)
    }

    pub fn ask_first(&mut self, step: &Step, repeat: &Repeat) -> At {
        self.ask_around(step, repeat.first)
    }

    pub fn ask_more(&mut self, step: &Step, repeat: &Repeat) -> At {
        if let Some(entered) = self.session.frames.last_mut().and_then(|frame| frame.loops.last_mut()) {
            entered.phase = LoopPhase::More;
        }
        self.ask_around(step, repeat.more)
    }

    fn ask_around(&mut self, step: &Step, text: Option<TextId>) -> At {
        if let Some(frame) = self.session.frames.last_mut() {
            frame.at.clone_from(&step.path);
        }
        if let Some(at) = self.open_with_offer() {
            return at;
        }
        let paragraph = text.and_then(|text| self.paragraph(text));
        self.pending.extend(paragraph);
        self.open();
        let question = self.yes_no_question(false);
        self.send(Some(question))
    }

    /// Opens the question unseen where another language is to be offered first, and offers it.
    fn open_with_offer(&mut self) -> Option<At> {
        let language = self.run.offer.take()?;
        self.flush();
        self.open();
        self.offer_language(language);
        if let Some(open) = &mut self.session.open {
            open.unseen = true;
        }
        Some(At::Stop)
    }

    fn open(&mut self) {
        self.session.n_askings = self.session.n_askings.wrapping_add(1);
        self.session.open = Some(Open {
            asked_at: self.run.now,
            asking: self.session.n_askings,
            n_unclear: 0,
            n_silence: 0,
            language: self.language(),
            aside: None,
            unseen: self.run.window_shut(),
            offered: None,
            n_back: 0,
        });
    }

    fn send(&mut self, question: Option<Question>) -> At {
        let paragraphs = std::mem::take(&mut self.pending);
        let (language, template) = (self.language(), self.template());
        self.run.say_with(self.purpose, paragraphs, question, template, language);
        At::Stop
    }

    /// Asks the open question again, after some words: only its last line where it was read before in the same language.
    pub fn ask_again(&mut self, before: Vec<Paragraph>, purpose: Purpose) {
        let language = self.language();
        let read = self.session.open.as_ref().is_some_and(|open| !open.unseen && open.language == language);
        self.ask_once_more(read && !before.is_empty(), before, purpose);
    }

    /// Asks the open question again in all its words: much was said since.
    pub fn ask_anew(&mut self, before: Vec<Paragraph>, purpose: Purpose) {
        self.ask_once_more(false, before, purpose);
    }

    fn ask_once_more(&mut self, brief: bool, before: Vec<Paragraph>, purpose: Purpose) {
        let Some(flow) = self.flow() else { return };
        let Some(asked) = self.asked(&flow) else { return };
        let offered = self.session.open.as_mut().and_then(Open::asked_again);
        let mut offer = None;
        let (text, question) = match asked {
            Asked::Step(id, ask) => {
                let step = flow.step(id);
                offer = offered.map(|(name, value)| {
                    self.run.shared(Some(&self.revision.id), name, &[("value", self.shown_value(&flow, ask, value.reveal()))])
                });
                let question = if offer.is_some() { Some(self.yes_no_question(false)) } else { self.question_of(&flow, ask) };
                (step.say.as_ref().map(|wording| self.choose(wording)), question)
            }
            Asked::First(_, repeat) => (repeat.first, Some(self.yes_no_question(false))),
            Asked::More(_, repeat) => (repeat.more, Some(self.yes_no_question(false))),
        };
        let mut paragraphs = before;
        paragraphs.extend(text.and_then(|text| self.paragraph(text)).map(|asking| Paragraph { brief, ..asking }));
        paragraphs.extend(offer);
        self.say_question(paragraphs, question, purpose);
    }

    /// Some words with the open question's choices under them, but not its own words.
    pub fn say_question(&mut self, paragraphs: Vec<Paragraph>, question: Option<Question>, purpose: Purpose) {
        let (language, shut) = (self.language(), self.run.window_shut());
        if let Some(open) = &mut self.session.open {
            open.unseen = shut;
            open.language = language.clone();
        }
        let template = (purpose == Purpose::Reminder).then(|| "reminder".to_owned());
        self.run.say_with(purpose, paragraphs, question, template, language);
    }

    pub fn tap(&self) -> String {
        format!("{}.{}", self.session.id, self.session.n_askings)
    }

    pub fn yes_no_question(&self, unsure: bool) -> Question {
        let word = |key: &str, name: &str| ShownChoice {
            key: key.to_owned(),
            label: Words::Shared { revision: Some(self.revision.id.clone()), name: name.to_owned() },
            data: Vec::new(),
            exclusive: false,
        };
        let mut choices = vec![word("yes", "word-yes"), word("no", "word-no")];
        if unsure {
            choices.push(word("unsure", "word-unsure"));
        }
        Question { hint: if unsure { Hint::YesNoUnsure } else { Hint::YesNo }, choices, several: false, tap: self.tap() }
    }

    /// How a step's question is shown.
    pub fn question_of(&self, flow: &Flow, ask: &Ask) -> Option<Question> {
        if let Some(question) = self.of_you_alone(flow, ask) {
            return Some(question);
        }
        let hint = match &ask.kind {
            Kind::YesNo | Kind::Consent => return Some(self.yes_no_question(false)),
            Kind::YesNoUnsure => return Some(self.yes_no_question(true)),
            Kind::OneOf | Kind::OnePerson(_) => return Some(self.shown(flow, ask, Hint::One, false)),
            Kind::AnyOf | Kind::People(_) => return Some(self.shown(flow, ask, Hint::Several, true)),
            Kind::Number { .. } => Hint::Number,
            Kind::Temperature => Hint::Temperature,
            Kind::Date(bounds) => {
                let today = scope::today(self.run.world, &self.run.conversation, self.run.now);
                let ahead = self.day(bounds.from.as_ref()).is_some_and(|from| from >= today);
                if ahead { Hint::DateAhead } else { Hint::Date }
            }
            Kind::Phone => Hint::Phone,
            Kind::BirthYear => Hint::Year,
            Kind::Name | Kind::Text { .. } => return None,
        };
        Some(open_question(hint, self.tap()))
    }

    /// "Do you feel unwell?", to the one person there is: yes is that person, no is nobody.
    fn of_you_alone(&self, flow: &Flow, ask: &Ask) -> Option<Question> {
        let (Kind::People(list), true) = (&ask.kind, ask.none.is_some()) else { return None };
        let worded = self.session.frames.last().and_then(|frame| flow.find(&frame.at)).and_then(|id| flow.step(id).say.as_ref())?;
        let alone = self.run.conversation.roster.len() <= 1 && worded.if_alone.is_some();
        let people = self.people(list);
        let [(you, _)] = people.as_slice() else { return None };
        let mut question = self.yes_no_question(false);
        for (choice, (key, exclusive)) in question.choices.iter_mut().zip([(you.as_str(), false), (NONE_KEY, true)]) {
            key.clone_into(&mut choice.key);
            choice.exclusive = exclusive;
        }
        alone.then_some(question)
    }

    fn shown(&self, flow: &Flow, ask: &Ask, hint: Hint, several: bool) -> Question {
        let words = |text: TextId| Words::Flow { revision: self.revision.id.clone(), flow: flow.name.clone(), text };
        let data = |text: TextId| {
            let language = self.language();
            let names = &flow.text(text).names;
            self.with_view(|view| names.iter().map(|name| (name.clone(), view.printed(name, &language))).collect())
        };
        let mut choices: Vec<ShownChoice> = match &ask.kind {
            Kind::OnePerson(list) | Kind::People(list) => self
                .people(list)
                .into_iter()
                .map(|(key, name)| ShownChoice { key, label: Words::Plain(Private::new(name)), data: Vec::new(), exclusive: false })
                .collect(),
            Kind::OneOf
            | Kind::AnyOf
            | Kind::YesNo
            | Kind::YesNoUnsure
            | Kind::Number { .. }
            | Kind::Temperature
            | Kind::Date(_)
            | Kind::Phone
            | Kind::Name
            | Kind::Text { .. }
            | Kind::Consent
            | Kind::BirthYear => self
                .options(ask)
                .map(|option| ShownChoice { key: option.key.clone(), label: words(option.say), data: data(option.say), exclusive: false })
                .collect(),
        };
        if let Some(none) = ask.none {
            choices.push(ShownChoice { key: NONE_KEY.to_owned(), label: words(none), data: data(none), exclusive: true });
        }
        Question { hint, choices, several, tap: self.tap() }
    }

    /// The options that are shown: those whose `when` holds.
    fn options<'f>(&self, ask: &'f Ask) -> impl Iterator<Item = &'f FlowOption> {
        let shown = move |option: &FlowOption| {
            option.when.as_ref().is_none_or(|condition| self.with_view(|view| condition.holds(view)) == Truth::Yes)
        };
        ask.options.iter().filter(|option| shown(option)).collect::<Vec<_>>().into_iter()
    }

    /// The people of a list: number as key, and name.
    fn people(&self, list: &str) -> Vec<(String, String)> {
        let numbers = self.with_view(|view| scope::people_of(view, list));
        let name = |number| {
            let name = self.run.conversation.person(number).map(|person| person.first_name.reveal().clone()).unwrap_or_default();
            if name.is_empty() { (number.0 + 1).to_string() } else { name }
        };
        numbers.into_iter().map(|number| (number.0.to_string(), name(number))).collect()
    }

    /// The choices as a reply is read against them: labels in the language spoken, those in others as words.
    pub fn choices(&self, flow: &Flow, ask: &Ask, language: &Language) -> Vec<Choice> {
        let Some(source) = flow.languages.first() else { return Vec::new() };
        let choice = |key: &str, text: TextId, words: &[String], exclusive: bool| {
            let text = flow.text(text);
            let label = text.in_language(language, source).0.to_owned();
            let others = flow.languages.iter().map(|other| text.in_language(other, source).0.to_owned());
            let mut words = words.to_vec();
            words.extend(others.filter(|other| *other != label));
            words.dedup();
            Choice { key: key.to_owned(), label, words, exclusive }
        };
        let mut choices: Vec<Choice> = match &ask.kind {
            Kind::OnePerson(list) | Kind::People(list) => {
                self.people(list).into_iter().map(|(key, label)| Choice { key, label, words: Vec::new(), exclusive: false }).collect()
            }
            Kind::OneOf
            | Kind::AnyOf
            | Kind::YesNo
            | Kind::YesNoUnsure
            | Kind::Number { .. }
            | Kind::Temperature
            | Kind::Date(_)
            | Kind::Phone
            | Kind::Name
            | Kind::Text { .. }
            | Kind::Consent
            | Kind::BirthYear => self.options(ask).map(|option| choice(&option.key, option.say, &option.words, false)).collect(),
        };
        choices.extend(ask.none.map(|none| choice(NONE_KEY, none, &[], true)));
        choices
    }

    /// What a step's question expects of a reply.
    pub fn expect(&self, flow: &Flow, ask: &Ask) -> Expect {
        match &ask.kind {
            Kind::YesNo => Expect::YesNo { unsure: false },
            Kind::YesNoUnsure => Expect::YesNo { unsure: true },
            Kind::OneOf | Kind::OnePerson(_) => Expect::OneOf(self.choices(flow, ask, &self.language())),
            Kind::AnyOf | Kind::People(_) => Expect::AnyOf(self.choices(flow, ask, &self.language())),
            Kind::Number { min, max, whole, .. } => Expect::Number { min: *min, max: *max, whole: *whole },
            Kind::Temperature => Expect::Temperature,
            Kind::Date(bounds) => Expect::Date(DateBounds { from: self.day(bounds.from.as_ref()), to: self.day(bounds.to.as_ref()) }),
            Kind::Phone => Expect::Phone,
            Kind::Name => Expect::Name,
            Kind::Text { min, max } => Expect::Text { min: *min, max: *max },
            Kind::Consent => Expect::Consent,
            Kind::BirthYear => Expect::BirthYear,
        }
    }

    fn day(&self, expression: Option<&Expression>) -> Option<jiff::civil::Date> {
        match self.with_view(|view| expression.map(|expression| expression.datum(view)))? {
            Datum::Date(date) => Some(date),
            Datum::Missing
            | Datum::Truth(_)
            | Datum::Unsure
            | Datum::Number(_)
            | Datum::Days(_)
            | Datum::Text(_)
            | Datum::Choice(_)
            | Datum::Choices(_) => None,
        }
    }

    /// Whether the record has the year that an identity question would compare.
    pub fn birth_year_known(&self) -> bool {
        self.run.conversation.person(self.who()).is_some_and(|person| person.birth_year.is_some())
    }
}

impl Open {
    /// The question is asked again: what stood in between is over, but for one value that waits for a yes. Gives the words it is offered in, and the value.
    fn asked_again(&mut self) -> Option<(&'static str, Private<Value>)> {
        let confirms = self.aside == Some(Aside::Confirm);
        if !confirms {
            self.aside = None;
        }
        match self.offered.as_ref().map(|offered| offered.values.as_slice()) {
            Some([value]) => Some((if confirms { "did-you-mean" } else { "said-before" }, value.clone())),
            Some(_) | None => {
                self.aside = None;
                self.offered = None;
                None
            }
        }
    }
}
