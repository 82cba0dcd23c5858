//! What to do: the only way out of the engine.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    event::{Deliver, DeskOutcome},
    session::Item,
};
use crate::{
    answer::Value,
    base::{
        EventId, Language, Private,
        id::{PersonNumber, RevisionId, TracerId},
        stamp,
    },
    flow::{
        condition::Datum,
        model::{TextId, Urgency},
    },
};

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Say something to this address.
    Say(Say),
    /// Hand an event to another address's conversation.
    Deliver(Deliver),
    /// Keep a fact for the record.
    Fact(Fact),
}

/// Something to be said, not yet in words: `render` makes it so.
#[derive(Clone, Debug, PartialEq)]
pub struct Say {
    /// What it is for: decides the fence and its class.
    pub purpose: Purpose,
    /// In which language.
    pub language: Language,
    /// Its paragraphs.
    pub paragraphs: Vec<Paragraph>,
    /// The question at its end.
    pub question: Option<Question>,
    /// The template that may be sent instead when the window is shut: a key of the channel's `templates`.
    pub template: Option<String>,
}

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Purpose {
    /// The flow's own words, in reply to what they wrote.
    Dialogue,
    /// A first message that they did not ask for, or a reminder.
    Reminder,
    /// What to do in an emergency.
    Safety,
    /// The answer to STOP, START, HELP or a consent.
    Confirmation,
    /// The change of hands: "a person will write here".
    Handover,
    /// A tracer's words.
    Tracer,
    /// A notice to staff on call.
    Notice,
}

/// Who goes before whom where not all can leave at once; the first go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// What to do in an emergency.
    Safety,
    /// An answer to somebody who just wrote, and word to staff on call.
    Interactive,
    /// What nobody waits for: daily checks and other first messages, reminders.
    Bulk,
}

impl Class {
    /// All, in order.
    pub const ALL: [Self; 3] = [Self::Safety, Self::Interactive, Self::Bulk];

    /// Its word, for metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Safety => "safety",
            Self::Interactive => "interactive",
            Self::Bulk => "bulk",
        }
    }
}

/// Whether a message may still leave when the holder has changed since it was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fence {
    /// Superseded by any change of holder.
    Bot,
    /// Goes out all the same.
    None,
}

impl Purpose {
    /// Its fence.
    pub const fn fence(self) -> Fence {
        match self {
            Self::Dialogue | Self::Reminder => Fence::Bot,
            Self::Safety | Self::Confirmation | Self::Handover | Self::Tracer | Self::Notice => Fence::None,
        }
    }

    /// Whether STOP cancels it while it waits to be sent.
    pub const fn stopped_by_stop(self) -> bool {
        match self {
            Self::Dialogue | Self::Reminder | Self::Handover | Self::Tracer => true,
            Self::Safety | Self::Confirmation | Self::Notice => false,
        }
    }

    /// Who goes before whom where not all can leave at once.
    pub const fn class(self) -> Class {
        match self {
            Self::Safety => Class::Safety,
            // Staff on call are told that somebody waits: few messages, and never behind the daily checks.
            Self::Dialogue | Self::Confirmation | Self::Handover | Self::Tracer | Self::Notice => Class::Interactive,
            Self::Reminder => Class::Bulk,
        }
    }

    /// Its word, for records and metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dialogue => "dialogue",
            Self::Reminder => "reminder",
            Self::Safety => "safety",
            Self::Confirmation => "confirmation",
            Self::Handover => "handover",
            Self::Tracer => "tracer",
            Self::Notice => "notice",
        }
    }
}

/// One paragraph.
#[derive(Clone, Debug, PartialEq)]
pub struct Paragraph {
    /// Where its words stand.
    pub words: Words,
    /// Names and their values, those that the text uses.
    pub data: Vec<(String, Datum)>,
    /// Only its last line is said: the question itself, where it is asked again below other words.
    pub brief: bool,
}

/// Where words stand.
#[derive(Clone, Debug, PartialEq)]
pub enum Words {
    /// A text of a flow; by language, with the source language's where there is no translation.
    Flow {
        /// The revision.
        revision: RevisionId,
        /// The flow.
        flow: String,
        /// The text.
        text: TextId,
    },
    /// A shared text under `templates/messages/`: of the revision, or the current one where there is none.
    Shared {
        /// The revision.
        revision: Option<RevisionId>,
        /// Its name, `emergency-text`.
        name: String,
    },
    /// Words as they are: a tracer's.
    Plain(Private<String>),
}

/// How a question is to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What is expected, for the line that says how to answer.
    pub hint: Hint,
    /// The choices in order, the exclusive one last (typed as 0).
    pub choices: Vec<ShownChoice>,
    /// Whether several may be chosen: then no buttons, but numbers.
    pub several: bool,
    /// What every tap's id begins with: session, step and asking; the choice's key follows after a colon.
    pub tap: String,
}

/// What the line that says how to answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Nothing to add: the words say it all (text, name).
    None,
    /// "Reply YES or NO."
    YesNo,
    /// "Reply YES, NO or NOT SURE."
    YesNoUnsure,
    /// "Reply with a number."
    One,
    /// "Reply with the numbers, or 0 for …"
    Several,
    /// "Reply with a date, for example …"
    Date,
    /// The same where only days to come are taken.
    DateAhead,
    /// "Reply with a telephone number."
    Phone,
    /// "Reply with a temperature, for example …"
    Temperature,
    /// "Reply with a number."
    Number,
    /// "Reply with four digits."
    Year,
}

/// A choice as shown.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownChoice {
    /// The key.
    pub key: String,
    /// Its label.
    pub label: Words,
    /// Its names and their values.
    pub data: Vec<(String, Datum)>,
    /// Whether it excludes the others.
    pub exclusive: bool,
}

/// A fact for the record: a closed list. The journal keeps it sealed; the recorder applies it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Fact {
    /// They wrote, as shown at the desk: a text, or `[picture]`, `[contact card]`.
    Received {
        /// As typed or described.
        text: Private<String>,
        /// The channel.
        channel: String,
        /// Whether it was read by the flow (false: while a human held the conversation, or nothing was open).
        read: bool,
    },
    /// An earlier message was changed or deleted by them.
    Revised {
        /// The message.
        original: EventId,
        /// The new words; `None` when deleted.
        text: Option<Private<String>>,
    },
    /// The address answers for someone, or what is known of them changed.
    Person {
        /// Their number.
        number: PersonNumber,
        /// First name or nickname.
        first_name: Private<String>,
        /// Year of birth.
        birth_year: Option<i16>,
        /// The caller's id for them.
        record: Option<Private<String>>,
    },
    /// A session began.
    SessionStarted {
        /// Its id.
        session: String,
        /// The flow.
        flow: String,
        /// The revision.
        revision: RevisionId,
    },
    /// A session ended.
    SessionEnded {
        /// Its id.
        session: String,
        /// The flow.
        flow: String,
        /// How: `complete`, `no reply`, `not understood`, …
        end: String,
    },
    /// A question was answered, skipped, or given up.
    Answered(AnsweredFact),
    /// An item of a repeat was given, whole or not.
    ItemGiven {
        /// The session.
        session: String,
        /// What an item is: `contact`.
        noun: String,
        /// The repeat's path.
        group: String,
        /// Which, from 0.
        nth: u16,
        /// Step name and value, of those answered.
        fields: Vec<(String, Private<Value>)>,
        /// Whether all steps were passed.
        finished: bool,
    },
    /// A consent was given or refused.
    Consent {
        /// The session.
        session: String,
        /// The step.
        step: String,
        /// The text's version: the revision.
        revision: RevisionId,
        /// The language it was read in.
        language: Language,
        /// Given or refused.
        given: bool,
    },
    /// They proved who they are, or failed to.
    Identity {
        /// Whether it held.
        held: bool,
    },
    /// A human is called, or the live call was raised.
    Escalated {
        /// The escalation's id.
        escalation: String,
        /// How urgent it is now.
        urgency: Urgency,
        /// The reason added.
        because: String,
        /// The rule that fired.
        rule: String,
        /// Words quoted.
        quote: Option<Private<String>>,
        /// The session it happened in.
        session: Option<String>,
        /// When its next clock runs out.
        #[serde(with = "stamp::option")]
        due_at: Option<Timestamp>,
    },
    /// An escalation changed its state.
    EscalationChanged {
        /// Its id.
        escalation: String,
        /// `claimed`, `released`, `transferred`, `overdue`, `parked`, `handed back`, `resolved`, `cancelled`, `reopened`, `not reached`
        change: String,
        /// Who did it.
        tracer: Option<TracerId>,
        /// The outcome, when resolved.
        outcome: Option<DeskOutcome>,
        /// When its next clock runs out.
        #[serde(with = "stamp::option")]
        due_at: Option<Timestamp>,
    },
    /// The desk is told; the bot goes on.
    Task {
        /// `task_` and a hash of what raised it.
        task: String,
        /// How urgent.
        urgency: Urgency,
        /// Why.
        because: String,
        /// The rule that fired.
        rule: String,
        /// Words quoted.
        quote: Option<Private<String>>,
        /// The session it happened in.
        session: Option<String>,
    },
    /// A tracer did a task.
    TaskDone {
        /// The task's id.
        task: String,
        /// Who.
        tracer: TracerId,
    },
    /// A tracer's note.
    Noted {
        /// Who.
        tracer: TracerId,
        /// What.
        note: Private<String>,
    },
    /// They opted out.
    OptedOut,
    /// They came back.
    OptedIn,
    /// A language was chosen.
    LanguageSet {
        /// Which.
        language: Language,
    },
    /// A message of ours cannot be delivered.
    Undeliverable {
        /// Why, in the desk's words.
        reason: String,
    },
    /// The bot could not go on by itself.
    Fault {
        /// What was wrong, without private values.
        what: String,
    },
    /// An event that may be a repeat was only shown.
    PerhapsRepeated {
        /// As typed.
        text: Private<String>,
    },
    /// Where the conversation stands after this turn: the line of the desk's lists.
    Standing {
        /// `bot`, `nobody` or the tracer's login.
        holder: String,
        /// The epoch.
        epoch: u64,
        /// The open question's flow and step.
        open: Option<(String, String)>,
        /// Since when they wait for a human's word.
        #[serde(with = "stamp::option")]
        waiting_since: Option<Timestamp>,
        /// Their language.
        language: Option<Language>,
        /// Their last message.
        #[serde(with = "stamp::option")]
        last_inbound_at: Option<Timestamp>,
    },
    /// A reply was not understood: for those who add words.
    NotUnderstood {
        /// The session.
        session: String,
        /// The flow.
        flow: String,
        /// The step's path; behind `#` the question around a repeat.
        step: String,
        /// The language spoken.
        language: Language,
        /// Why, by [`crate::answer::Unclear::word`].
        reason: String,
        /// As typed.
        said: Private<String>,
    },
    /// An answer no longer holds, because an earlier one was changed: it stays as history.
    AnswerDropped {
        /// The session.
        session: String,
        /// The step's path.
        step: String,
        /// For whom or which item.
        items: Vec<Item>,
    },
    /// One message too many in too short a time: kept and shown, and read for STOP and emergencies only.
    Throttled {
        /// As typed.
        text: Private<String>,
    },
}

/// An answer, as a fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnsweredFact {
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
    /// For whom or which item.
    pub items: Vec<Item>,
    /// About whom it is.
    pub who: PersonNumber,
    /// The value; `None` was skipped or given up.
    pub value: Option<Private<Value>>,
    /// The codes of the options chosen.
    pub codes: Vec<String>,
    /// As typed.
    pub said: Private<String>,
    /// Whether the words were kept without being understood.
    pub flagged: bool,
    /// Whether it takes the place of an earlier one.
    pub corrected: bool,
    /// Who gave it: `None` the patient, else the tracer who filled it in.
    pub by: Option<TracerId>,
}
