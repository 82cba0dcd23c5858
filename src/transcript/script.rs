//! A transcript as data: who it is about, what is done, what is expected.

use jiff::civil::DateTime;

use crate::{
    base::{Address, Language},
    flow::model::Urgency,
};

/// A conversation written down as an example, and run as a test.
#[derive(Clone, Debug, PartialEq)]
pub struct Transcript {
    /// The file, as shown to the author.
    pub file: String,
    /// The flow that it is an example of.
    pub flow: String,
    /// The language it is held in; the flow's own where none is given.
    pub language: Option<Language>,
    /// When it begins, at the agency.
    pub today: Option<DateTime>,
    /// The telephones in it; the flow is started at the first.
    pub phones: Vec<Phone>,
    /// Whether identity was proved a moment ago, so that a flow with `needs: identity` begins at once.
    pub identity_holds: bool,
    /// What happens, in order.
    pub lines: Vec<Line>,
}

/// A telephone.
#[derive(Clone, Debug, PartialEq)]
pub struct Phone {
    /// What it is called in the transcript: `ana`.
    pub name: String,
    /// Its address.
    pub address: Address,
    /// For whom it answers, the texter first; empty for a stranger's.
    pub people: Vec<NamedPerson>,
}

/// Someone who is answered for: `Ana (1980)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPerson {
    /// First name.
    pub first_name: String,
    /// Year of birth.
    pub birth_year: Option<i16>,
}

/// One line, with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its number in the file, from 1.
    pub number: usize,
    /// What it says.
    pub what: What,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Something is done.
    Do(Act),
    /// Something is expected of what was done before.
    Expect(Expected),
}

/// Something done.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// `ana > 2`
    Write {
        /// Index into [`Transcript::phones`].
        phone: usize,
        /// The words.
        text: String,
    },
    /// `ana tap Cough`
    Tap {
        /// Index into [`Transcript::phones`].
        phone: usize,
        /// What stands on the button or row.
        title: String,
    },
    /// `ana card Beto +15550100001`
    Card {
        /// Index into [`Transcript::phones`].
        phone: usize,
        /// The name on the card.
        name: String,
        /// The numbers on it.
        phones: Vec<String>,
    },
    /// `ana picture`
    Picture {
        /// Index into [`Transcript::phones`].
        phone: usize,
    },
    /// What a tracer does, in the conversation of the phone last heard of.
    Desk(DeskLine),
    /// `+26h`: seconds that pass.
    Wait(i64),
}

/// What a tracer does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeskLine {
    /// `desk > Hello, this is Marta.`
    Say(String),
    /// `desk claims`
    Claim,
    /// `desk releases`
    Release,
    /// `desk hands back`
    HandBack,
    /// `desk hands back at contacts`
    HandBackAt(String),
    /// `desk hands back to the end`
    HandBackToTheEnd,
    /// `desk resolves reached`
    Resolve(crate::engine::event::DeskOutcome),
    /// `desk answers onset: yesterday`
    Answer {
        /// The step's path.
        step: String,
        /// In words.
        said: String,
    },
}

/// Something expected.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// `ana < Good morning …`
    Says {
        /// Index into [`Transcript::phones`].
        phone: usize,
        /// The words, `…` for any.
        pattern: String,
    },
    /// `! escalate emergency "cant breath"`, `! task routine "because"`
    Calls {
        /// Whether the bot goes on: a task.
        task: bool,
        /// How urgent.
        urgency: Urgency,
        /// The reason or the words quoted, `…` for any; `None` leaves them open.
        about: Option<String>,
    },
    /// `end: no reply`
    Ends(String),
    /// `= Luis.danger: breathless`
    Answer {
        /// `Luis.danger`, `contacts.1.name`, `each_unwell.onset`
        name: String,
        /// `breathless`, `yes`, `2026-03-01`, `none`, `missing`
        value: String,
    },
}

/// Something that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Unreadable {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to write.
    pub help: String,
}
