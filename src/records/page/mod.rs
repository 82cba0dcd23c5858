//! Everything the record has about one conversation: the desk's page.

mod read;

use jiff::Timestamp;

use crate::{
    answer::Value,
    base::{Private, id::ConversationId},
    flow::model::Urgency,
};

/// One conversation, as the record has it. Who holds it now is the live store's to say.
#[derive(Clone, Debug, PartialEq)]
pub struct ConversationPage {
    /// Which.
    pub id: ConversationId,
    /// Where it stood after the last turn applied.
    pub standing: Standing,
    /// Who this address answers for, by number; 0 texts.
    pub people: Vec<PersonRow>,
    /// The newest messages, oldest first.
    pub transcript: Vec<MessageRow>,
    /// Whether the transcript goes further back than what is here.
    pub has_earlier: bool,
    /// Runs through flows, newest first.
    pub sessions: Vec<SessionRow>,
    /// Answers, oldest first; superseded ones among them.
    pub answers: Vec<AnswerRow>,
    /// Contacts named, in the order they were given.
    pub contacts: Vec<ContactRow>,
    /// Reports of symptoms, oldest first; those of superseded answers are left out.
    pub symptoms: Vec<SymptomRow>,
    /// Consents, oldest first.
    pub consents: Vec<ConsentRow>,
    /// Escalations, newest first.
    pub escalations: Vec<EscalationPart>,
    /// Tasks, newest first, done ones among them.
    pub tasks: Vec<TaskRow>,
}

/// Where a conversation stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// `sms`, `whatsapp`
    pub medium: String,
    /// The number or other id on it.
    pub address: Private<String>,
    /// The configured channel.
    pub channel: Option<String>,
    /// `bot`, `nobody` or a tracer's login.
    pub holder: String,
    /// The epoch.
    pub epoch: u64,
    /// The open question's flow and step.
    pub open: Option<(String, String)>,
    /// Since when they wait for a human's word.
    pub waiting_since: Option<Timestamp>,
    /// Their language's tag.
    pub language: Option<String>,
    /// Their last message.
    pub last_inbound_at: Option<Timestamp>,
    /// When they opted out.
    pub opted_out_at: Option<Timestamp>,
    /// When they last proved who they are.
    pub identity_held_at: Option<Timestamp>,
    /// The first turn.
    pub began_at: Timestamp,
    /// The last turn.
    pub changed_at: Timestamp,
    /// The last turn's number.
    pub n_turn: u64,
}

/// Someone this address answers for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRow {
    /// The number; 0 texts.
    pub number: u16,
    /// First name or nickname; may be empty.
    pub first_name: Private<String>,
    /// Year of birth.
    pub birth_year: Option<Private<String>>,
    /// The caller's id for them.
    pub record: Option<Private<String>>,
}

/// A line of the transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// Sorts them.
    pub n: i64,
    /// `in`, `out`, `note`, `mark`
    pub direction: String,
    /// When: theirs by the provider's time.
    pub at: Timestamp,
    /// The channel.
    pub channel: Option<String>,
    /// The words as they are now; of a mark, what it is about.
    pub text: Private<String>,
    /// The words it had before, oldest first.
    pub earlier: Vec<Private<String>>,
    /// Of ours: `dialogue`, `reminder`, `safety`, …; of a mark: `flow began`, `called`, `hands`, …
    pub purpose: Option<String>,
    /// The tracer whose words or act it is.
    pub tracer: Option<String>,
    /// Theirs: whether the flow read it.
    pub read: Option<bool>,
    /// Theirs: may be a repeat, was only shown.
    pub doubtful: bool,
    /// Ours: `waiting`, `accepted`, `sent`, `delivered`, `read`, `failed`, `superseded`, `cancelled`.
    pub state: Option<String>,
    /// Ours: why it failed.
    pub state_reason: Option<String>,
    /// Ours: the provider's code.
    pub state_code: Option<String>,
    /// Theirs: when they took it back.
    pub deleted_at: Option<Timestamp>,
}

/// A run through a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Its id.
    pub id: String,
    /// The flow.
    pub flow: String,
    /// The revision.
    pub revision: String,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub ended: Option<String>,
}

/// An answer beside what was typed.
#[derive(Clone, Debug, PartialEq)]
pub struct AnswerRow {
    /// Sorts them.
    pub n: i64,
    /// The session.
    pub session: String,
    /// The flow.
    pub flow: String,
    /// The step's path.
    pub step: String,
    /// How the question is called at the desk.
    pub label: String,
    /// The question's code.
    pub code: Option<String>,
    /// `p1/2`: person 1, third item.
    pub items: String,
    /// About whom: a person's number.
    pub who: u16,
    /// The value; `None`: skipped or given up.
    pub value: Option<Private<Value>>,
    /// The codes of the options chosen.
    pub codes: Private<Vec<String>>,
    /// As typed.
    pub said: Private<String>,
    /// Kept without being understood.
    pub flagged: bool,
    /// It took the place of an earlier one.
    pub corrected: bool,
    /// A later one took its place.
    pub superseded: bool,
    /// The tracer who filled it in.
    pub by: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A contact named.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactRow {
    /// The session.
    pub session: String,
    /// Which of the list, from 0.
    pub nth: u16,
    /// The name.
    pub name: Option<Private<String>>,
    /// The number, in E.164.
    pub phone: Option<Private<String>>,
    /// Step name and value of all that was answered.
    pub fields: Vec<(String, Private<Value>)>,
    /// Whether every question about them was passed.
    pub finished: bool,
    /// When it changed last.
    pub at: Timestamp,
}

/// A report of symptoms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymptomRow {
    /// The session.
    pub session: String,
    /// A person's number.
    pub who: u16,
    /// Codes; none: asked, and none reported.
    pub codes: Private<Vec<String>>,
    /// When.
    pub at: Timestamp,
}

/// A consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentRow {
    /// The step.
    pub step: String,
    /// The version of the text.
    pub revision: String,
    /// The language it was read in.
    pub language: String,
    /// Given or refused.
    pub given: bool,
    /// When.
    pub at: Timestamp,
}

/// An escalation with its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscalationPart {
    /// Its id.
    pub id: String,
    /// How urgent.
    pub urgency: Urgency,
    /// Its state.
    pub state: String,
    /// Why, oldest first.
    pub because: Vec<String>,
    /// The words that raised it.
    pub quote: Option<Private<String>>,
    /// The rule that fired.
    pub rule: String,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// When its next clock runs out.
    pub due_at: Option<Timestamp>,
    /// Who has it, or had it last.
    pub tracer: Option<String>,
    /// The outcome.
    pub outcome: Option<String>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What happened to it, oldest first.
    pub history: Vec<HistoryRow>,
}

/// One change of an escalation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// When.
    pub at: Timestamp,
    /// `raised`, `called again`, `claimed`, `released`, …
    pub change: String,
    /// The urgency it was raised with.
    pub urgency: Option<Urgency>,
    /// The reason it was raised for.
    pub because: Option<String>,
    /// Who did it.
    pub tracer: Option<String>,
    /// The outcome.
    pub outcome: Option<String>,
    /// When the next clock runs out.
    pub due_at: Option<Timestamp>,
}

/// A task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRow {
    /// Its id.
    pub id: String,
    /// How urgent.
    pub urgency: Urgency,
    /// Why.
    pub because: String,
    /// The words that raised it.
    pub quote: Option<Private<String>>,
    /// The rule that fired.
    pub rule: String,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// Who marked it done, and when.
    pub done: Option<(String, Timestamp)>,
}
