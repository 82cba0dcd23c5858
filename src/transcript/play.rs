//! A transcript is played, and what differs is told.

use jiff::civil::date;

use super::{
    answers,
    coverage::Visited,
    pattern::{fits, one_line},
    script::{Act, DeskLine, Expected, NamedPerson, Transcript, What},
    simulation::{Sent, Setting, Simulation, Turn},
};
use crate::{
    base::Private,
    engine::{
        Fact, Outcome, Refusal,
        event::{DeskAct, HandBack, NewPerson},
    },
    flow::{Library, model::Urgency},
};

/// What came of playing one transcript.
#[derive(Clone, Debug)]
pub struct Played {
    /// Everything that differs; empty is passed.
    pub failures: Vec<Failure>,
    /// What was visited.
    pub visited: Visited,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Failure {
    /// The line of the transcript, from 1.
    pub line: usize,
    /// What is wrong, in one line.
    pub what: String,
    /// What the transcript says.
    pub expected: Option<String>,
    /// What happened.
    pub got: Option<String>,
}

/// Plays a transcript with the flows of a library.
///
/// After each act either no message is written down, and messages are not compared; or all are, in order. Calls for a human must always be
/// written down. Where the first line is what somebody writes, the flow is not started: it is the welcome flow, or their words start it.
pub fn play(library: &Library, setting: &Setting, transcript: &Transcript) -> Played {
    let mut player = Player::new(library, setting, transcript);
    if library.current(&transcript.flow).is_none() {
        player.fail(1, format!("there is no flow `{}`", transcript.flow), None, None);
        return player.done();
    }
    let first_is_theirs =
        transcript.lines.first().is_some_and(|line| matches!(line.what, What::Do(Act::Write { .. } | Act::Picture { .. })));
    if !first_is_theirs {
        let people = transcript.phones.first().map(|phone| people(&phone.people)).unwrap_or_default();
        let turns = player.simulation.start(0, &transcript.flow, transcript.language.clone(), people);
        player.happened(1, turns);
    }
    for line in &transcript.lines {
        match &line.what {
            What::Do(act) => {
                player.settle(line.number);
                player.act(line.number, act);
            }
            What::Expect(expected) => player.expect(line.number, expected),
        }
    }
    let last = transcript.lines.last().map_or(1, |line| line.number);
    player.settle(last);
    player.done()
}

fn people(named: &[NamedPerson]) -> Vec<NewPerson> {
    let new = |person: &NamedPerson| NewPerson {
        first_name: Private::new(person.first_name.clone()),
        birth_year: person.birth_year,
        record: None,
    };
    named.iter().map(new).collect()
}

/// A call for a human that happened. What joins a live call is one with it.
struct Call {
    id: String,
    task: bool,
    urgency: Urgency,
    /// Reasons and quotes.
    about: Vec<String>,
}

struct Player<'t> {
    transcript: &'t Transcript,
    library: &'t Library,
    simulation: Simulation,
    /// Whose conversation the desk's lines are about.
    phone: usize,
    messages: Vec<(usize, Sent)>,
    calls: Vec<Call>,
    ends: Vec<String>,
    /// Whether a message was written down since the last act.
    compares: bool,
    facts: Vec<Fact>,
    failures: Vec<Failure>,
    visited: Visited,
}

impl<'t> Player<'t> {
    fn new(library: &'t Library, setting: &Setting, transcript: &'t Transcript) -> Self {
        let mut setting = setting.clone();
        let starts_on =
            library.current(&transcript.flow).and_then(|revision| revision.root()).is_some_and(|flow| !flow.starts_on.is_empty());
        if !starts_on || setting.welcome.is_none() {
            setting.welcome = Some(transcript.flow.clone());
        }
        // A Monday morning where none is given.
        let today = transcript.today.unwrap_or_else(|| date(2026, 3, 2).at(9, 0, 0, 0));
        let now = setting.at(today);
        let mut simulation = Simulation::new(library.clone(), setting, now);
        for phone in &transcript.phones {
            let number = simulation.add_phone(phone.address.clone(), transcript.language.clone());
            if transcript.identity_holds {
                simulation.identity_holds(number);
            }
        }
        Self {
            transcript,
            library,
            simulation,
            phone: 0,
            messages: Vec::new(),
            calls: Vec::new(),
            ends: Vec::new(),
            compares: false,
            facts: Vec::new(),
            failures: Vec::new(),
            visited: Visited::default(),
        }
    }

    fn done(self) -> Played {
        Played { failures: self.failures, visited: self.visited }
    }

    fn fail(&mut self, line: usize, what: impl Into<String>, expected: Option<String>, got: Option<String>) {
        self.failures.push(Failure { line, what: what.into(), expected, got });
    }

    fn act(&mut self, line: usize, act: &Act) {
        let turns = match act {
            Act::Write { phone, text } => {
                self.phone = *phone;
                self.simulation.write(*phone, text)
            }
            Act::Picture { phone } => {
                self.phone = *phone;
                self.simulation.picture(*phone)
            }
            Act::Card { phone, name, phones } => {
                self.phone = *phone;
                self.simulation.card(*phone, name, phones)
            }
            Act::Tap { phone, title } => {
                self.phone = *phone;
                match self.simulation.tap(*phone, title) {
                    Some(turns) => turns,
                    None => {
                        let shown = self.simulation.tappable(*phone);
                        let shown = if shown.is_empty() { "nothing".to_owned() } else { shown.join(", ") };
                        return self.fail(line, "there is nothing to tap with these words", Some(title.clone()), Some(shown));
                    }
                }
            }
            Act::Desk(desk) => self.simulation.desk(self.phone, desk_act(desk)),
            Act::Wait(seconds) => self.simulation.wait(*seconds),
        };
        if let (Act::Desk(_), Some(Outcome::Refused(why))) = (act, turns.first().map(|turn| &turn.outcome)) {
            self.fail(line, format!("the desk cannot do that now: {}", refused(why)), None, None);
        }
        self.happened(line, turns);
        if matches!(act, Act::Desk(_)) {
            // Taking a conversation over is a call of the tracer's own, written down by the desk's line.
            self.calls.retain(|call| call.task);
        }
    }

    fn happened(&mut self, line: usize, turns: Vec<Turn>) {
        for turn in turns {
            self.visited.take(self.library, &turn);
            for fault in turn.faults {
                self.fail(line, fault, None, None);
            }
            self.messages.extend(turn.messages.into_iter().map(|message| (turn.phone, message)));
            for fact in &turn.facts {
                self.note(line, fact);
            }
            self.facts.extend(turn.facts);
        }
    }

    fn note(&mut self, line: usize, fact: &Fact) {
        match fact {
            Fact::Escalated { escalation, urgency, because, quote, .. } => self.called(escalation, false, *urgency, quote, because),
            Fact::Task { task, urgency, because, quote, .. } => self.called(task, true, *urgency, quote, because),
            Fact::SessionEnded { end, .. } => self.ends.push(end.clone()),
            Fact::Fault { what } => self.fail(line, format!("the bot failed: {what}"), None, None),
            _ => {}
        }
    }

    fn called(&mut self, id: &str, task: bool, urgency: Urgency, quote: &Option<Private<String>>, because: &str) {
        let about = quote.iter().map(|quote| quote.reveal().clone()).chain([because.to_owned()]);
        match self.calls.iter_mut().find(|call| call.id == id) {
            Some(call) => {
                call.urgency = call.urgency.max(urgency);
                call.about.extend(about);
            }
            None => self.calls.push(Call { id: id.to_owned(), task, urgency, about: about.collect() }),
        }
    }

    fn expect(&mut self, line: usize, expected: &Expected) {
        match expected {
            Expected::Says { phone, pattern } => self.expect_words(line, *phone, pattern),
            Expected::Calls { task, urgency, about } => self.expect_call(line, *task, *urgency, about.as_deref()),
            Expected::Ends(end) => match self.ends.iter().position(|ended| ended == end) {
                Some(at) => {
                    self.ends.remove(at);
                }
                None => {
                    let got = self.ends.last().cloned().unwrap_or_else(|| "it has not ended".to_owned());
                    self.fail(line, "the session did not end so", Some(end.clone()), Some(got));
                }
            },
            Expected::Answer { name, value } => {
                let got = match self.simulation.conversation(self.phone) {
                    Some(conversation) => answers::answer(conversation, &self.facts, name),
                    None => "missing".to_owned(),
                };
                if !fits(&value.to_lowercase(), &got.to_lowercase()) {
                    self.fail(line, format!("`{name}` has another answer"), Some(value.clone()), Some(got));
                }
            }
        }
    }

    fn expect_words(&mut self, line: usize, phone: usize, pattern: &str) {
        self.phone = phone;
        self.compares = true;
        let name = self.transcript.phones.get(phone).map_or("", |phone| phone.name.as_str());
        let Some(at) = self.messages.iter().position(|(to, _)| *to == phone) else {
            return self.fail(line, format!("{name} gets no message here"), Some(one_line(pattern)), Some("nothing".to_owned()));
        };
        let (_, message) = self.messages.remove(at);
        let template = message.outgoing.template.as_deref().filter(|_| message.window_shut);
        let as_template = template.is_some_and(|key| fits(pattern, &format!("[template {key}]")));
        let fitting = fits(pattern, message.outgoing.text.reveal()) || fits(pattern, &message.readable()) || as_template;
        if !fitting {
            self.fail(line, format!("{name} gets other words"), Some(one_line(pattern)), Some(one_line(&message.readable())));
        }
    }

    fn expect_call(&mut self, line: usize, task: bool, urgency: Urgency, about: Option<&str>) {
        let expected = described(task, urgency, about.unwrap_or_default());
        let fitting = |call: &Call| {
            call.task == task
                && call.urgency == urgency
                && about.is_none_or(|about| call.about.iter().any(|said| fits(&about.to_lowercase(), &said.to_lowercase())))
        };
        match self.calls.iter().position(fitting) {
            Some(at) => {
                self.calls.remove(at);
            }
            None => {
                let got: Vec<String> = self.calls.drain(..).map(|call| call.described()).collect();
                let got = if got.is_empty() { "nobody is called".to_owned() } else { got.join("; ") };
                self.fail(line, "a human is not called so", Some(expected), Some(got));
            }
        }
    }

    /// Before the next act: what happened and was not written down.
    fn settle(&mut self, line: usize) {
        let messages = std::mem::take(&mut self.messages);
        if std::mem::take(&mut self.compares) {
            for (phone, message) in messages {
                let name = self.transcript.phones.get(phone).map_or("", |phone| phone.name.as_str());
                let what = format!("{name} gets one more message before this line");
                self.fail(line, what, None, Some(one_line(&message.readable())));
            }
        }
        for call in std::mem::take(&mut self.calls) {
            self.fail(line, "a human is called before this line, and it is not written down", None, Some(call.described()));
        }
    }
}

impl Call {
    fn described(&self) -> String {
        described(self.task, self.urgency, self.about.first().map_or("", String::as_str))
    }
}

fn described(task: bool, urgency: Urgency, about: &str) -> String {
    let kind = if task { "task" } else { "escalate" };
    if about.is_empty() { format!("! {kind} {}", urgency.word()) } else { format!("! {kind} {} \"{about}\"", urgency.word()) }
}

fn desk_act(line: &DeskLine) -> DeskAct {
    match line {
        DeskLine::Say(words) => DeskAct::Reply(Private::new(words.clone())),
        DeskLine::Claim => DeskAct::Claim,
        DeskLine::Release => DeskAct::Release,
        DeskLine::HandBack => DeskAct::HandBack(HandBack::AsPlanned),
        DeskLine::HandBackAt(step) => DeskAct::HandBack(HandBack::AtStep(step.clone())),
        DeskLine::HandBackToTheEnd => DeskAct::HandBack(HandBack::ToTheEnd),
        DeskLine::Resolve(outcome) => DeskAct::Resolve(*outcome),
        DeskLine::Answer { step, said } => DeskAct::Answer { step: step.clone(), said: Private::new(said.clone()) },
    }
}

/// Why something was refused, in a designer's words.
pub const fn refused(why: &Refusal) -> &'static str {
    match why {
        Refusal::Stale { .. } => "the conversation has gone on meanwhile",
        Refusal::HeldBy(_) => "another tracer has it",
        Refusal::NotYours => "the tracer does not hold the conversation; claim it first",
        Refusal::NothingToDo => "it is so already",
        Refusal::NotUnderstood => "the words are no answer to that question",
        Refusal::OptedOut => "they have opted out",
        Refusal::WindowShut => "the window for free text is shut",
        Refusal::SessionRuns => "a session of this flow runs already",
        Refusal::TooManyWaiting => "too many sessions wait",
        Refusal::NoSuchFlow => "there is no such flow, or it has errors",
    }
}
