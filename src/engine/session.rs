//! One run through one flow.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    answer::Value,
    base::{
        Language, Private,
        id::{PersonNumber, RevisionId},
        stamp,
    },
};

/// A run through one flow, and the flows it calls, pinned to the revision it began with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// `ses_` and a hash of what started it.
    pub id: String,
    /// The root flow.
    pub flow: String,
    /// The revision it began with.
    pub revision: RevisionId,
    /// When it began.
    #[serde(with = "stamp")]
    pub started_at: Timestamp,
    /// Where it is: the root flow's frame first, called flows' on top.
    pub frames: Vec<Frame>,
    /// What was answered and set, in order. What BACK or FIX made history stays until the question has a newer answer.
    pub answers: Vec<Answered>,
    /// Items of repeats, begun or done.
    pub lists: Vec<List>,
    /// The question that waits for a reply.
    pub open: Option<Open>,
    /// Questions asked so far: taps carry the count, so that a tap on an old question is known.
    pub n_askings: u16,
    /// Flows that this one called and how they ended.
    pub called: Vec<(String, String)>,
    /// Rules that called a human, with a hash of their inputs: the same inputs do not fire again.
    pub fired: Vec<(String, u64)>,
    /// Whether the last hand-over was given up because nobody took it.
    pub handover_not_reached: bool,
    /// Things said beside earlier answers: offered to the question that asks them. At most [`crate::base::limit::SAID_BESIDE`].
    pub beside: Vec<Beside>,
    /// Whether another language was offered: once a session.
    pub language_offered: bool,
    /// An earlier answer is being changed.
    pub fix: Option<Fix>,
}

/// A day, temperature or telephone number said beside an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Beside {
    /// What.
    pub value: Private<Value>,
    /// The words it was said in.
    pub said: Private<String>,
    /// Where it was said: it is offered there and further in.
    pub items: Vec<Item>,
    /// Of whom it was said; each is asked once.
    pub about: Vec<PersonNumber>,
}

/// An earlier answer is being changed: from there on, what was answered is passed unless it no longer holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    /// Where the conversation stood, and goes back to.
    pub back_to: Frame,
    /// Steps whose answer changed since, by path.
    pub changed: Vec<String>,
}

/// A place in one flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// The flow.
    pub flow: String,
    /// The step, by path. Empty before the first.
    pub at: String,
    /// The groups that were entered, outermost first.
    pub loops: Vec<Loop>,
}

/// A group that was entered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loop {
    /// The group's path.
    pub group: String,
    /// The people of a `for each`; empty for a repeat.
    pub people: Vec<PersonNumber>,
    /// Which person, or which item of the repeat.
    pub at: u16,
    /// Where in the repeat.
    pub phase: LoopPhase,
}

/// Where in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoopPhase {
    /// The first question of a repeat.
    First,
    /// The steps.
    Steps,
    /// The question after an item.
    More,
}

/// For whom or which item an answer holds: a person of a `for each`, an item of a repeat; outermost first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Item {
    /// A person.
    Person(PersonNumber),
    /// The number of an item, from 0.
    Nth(u16),
}

/// Bytes that an entry of a session takes beside its texts, at most: numbers, times, lengths.
const ENTRY_BYTES: usize = 48;

impl Session {
    /// The bytes of what it gathers as it goes on, about.
    pub fn bytes(&self) -> usize {
        let answers = self.answers.iter().map(|answer| {
            let value = answer.value.as_ref().map_or(0, |value| value.reveal().text_bytes());
            answer.flow.len() + answer.step.len() + answer.said.reveal().len() + value + ENTRY_BYTES
        });
        let called = self.called.iter().map(|(flow, end)| flow.len() + end.len() + ENTRY_BYTES);
        let fired = self.fired.iter().map(|(rule, _)| rule.len() + ENTRY_BYTES);
        answers.chain(called).chain(fired).sum()
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// The flow that asked.
    pub flow: String,
    /// The step's path, or the name of a value that was set.
    pub step: String,
    /// For whom or which item.
    pub items: Vec<Item>,
    /// The value; `None` was skipped, or given up.
    pub value: Option<Private<Value>>,
    /// As typed; empty for values set and taps' titles that equal the label.
    pub said: Private<String>,
    /// Whether the words were kept without being understood (`if unclear: accept`).
    pub flagged: bool,
    /// Whether a later answer took its place.
    pub superseded: bool,
    /// When.
    #[serde(with = "stamp")]
    pub at: Timestamp,
}

/// The items of a repeat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct List {
    /// The flow.
    pub flow: String,
    /// The repeat's path.
    pub group: String,
    /// The outer items where the repeat stands in a `for each`.
    pub items: Vec<Item>,
    /// Items begun.
    pub n_begun: u16,
    /// Items done: with all their steps passed.
    pub n_done: u16,
}

/// A question that waits for a reply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// When it was asked, or asked again: silence counts from it.
    #[serde(with = "stamp")]
    pub asked_at: Timestamp,
    /// Which asking of the session it is.
    pub asking: u16,
    /// Replies read so far without being understood.
    pub n_unclear: u8,
    /// Arms of `silence` done so far.
    pub n_silence: u8,
    /// The language it was asked in.
    pub language: Language,
    /// A short question of the engine's own in between.
    pub aside: Option<Aside>,
    /// Whether a template went out in its place because the window was shut: their next words open it, and are no answer to it.
    pub unseen: bool,
    /// What is offered as the answer: a yes takes it, or a choice among several.
    pub offered: Option<Offered>,
    /// Questions back that were answered meanwhile.
    pub n_back: u8,
}

/// Values offered as the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offered {
    /// One to be confirmed, or several to choose from.
    pub values: Vec<Private<Value>>,
    /// The words they were read from.
    pub said: Private<String>,
}

/// A short question of the engine's own in between.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Aside {
    /// "Which language?"
    Language,
    /// "Shall we go on in this one?"
    Switch(Language),
    /// "Which answer do you want to change?", with the places of the answers listed.
    Fix(Vec<u16>),
    /// "Is that right?", of a reading.
    Confirm,
}
