//! What happened: the only way into the engine.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    base::{
        Address, EventId, Language, Private,
        id::{OutboxId, TracerId},
        stamp,
    },
    flow::model::Urgency,
};

/// Something that happened to one conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// What makes it one event; the same id again has no effect.
    pub id: EventId,
    /// When it happened, by the provider's word where it gives one.
    #[serde(with = "stamp")]
    pub at: Timestamp,
    /// What happened.
    pub kind: EventKind,
}

/// The kinds of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EventKind {
    /// They wrote.
    Message {
        /// The configured channel it came by.
        channel: String,
        /// What they sent.
        content: Content,
    },
    /// A flow is to be started for this address: by the API, the desk or another conversation.
    Start(Start),
    /// A stored timer ran out.
    Wake,
    /// A message of ours cannot be delivered.
    Undeliverable {
        /// Which.
        outbox: OutboxId,
        /// Why.
        reason: Undeliverable,
    },
    /// The bot could not handle an event by itself: a text that cannot be rendered, a panic. A human is called.
    Fault {
        /// What was wrong, without private values.
        what: String,
        /// The event that could not be handled.
        during: Box<EventKind>,
        /// Whether the person is told that somebody will write: not where those very words cannot be said.
        told: bool,
    },
    /// Staff at this address are told that someone waits.
    Notice {
        /// How urgent.
        urgency: Urgency,
    },
    /// A tracer did something.
    Desk {
        /// Who.
        tracer: TracerId,
        /// The first name that the patient is told.
        first_name: String,
        /// The epoch the tracer's page showed: another one is refused.
        epoch: u64,
        /// What.
        act: DeskAct,
    },
}

/// Why a message cannot be delivered, by kind; a provider's own code never reaches the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Undeliverable {
    /// They opted out at the provider.
    OptedOut,
    /// No such number, not a mobile, not on WhatsApp.
    WrongNumber,
    /// The free-form window is shut and no template serves.
    WindowShut,
    /// The provider refused the content or the template.
    Content,
    /// Our account or configuration is at fault.
    Configuration,
    /// Tried too often, or for another reason.
    GaveUp,
}

/// What they sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// Words.
    Text(Private<String>),
    /// A tap on a button or a row: our id that it carried, and its title.
    Tap {
        /// The id, as we made it.
        id: String,
        /// The title shown.
        title: Private<String>,
    },
    /// Contact cards from their address book: close contacts.
    Cards(Vec<Card>),
    /// Their own number, given when we asked for it (`origin: contact_request`): the patient, never a contact.
    OwnNumber(Private<String>),
    /// A position.
    Location {
        /// Degrees.
        latitude: f64,
        /// Degrees.
        longitude: f64,
    },
    /// A picture, sound, document: not fetched; the provider's reference and caption.
    Media {
        /// `image`, `audio`, `video`, `document`, `sticker`
        kind: String,
        /// The provider's reference.
        reference: Private<String>,
        /// What they wrote with it.
        caption: Private<String>,
    },
    /// A thumb or a heart on a message of ours; `None` when taken back.
    Reaction {
        /// The sign.
        emoji: Option<String>,
    },
    /// They changed a message they had sent.
    Edited {
        /// The id of the message changed.
        original: EventId,
        /// The new words.
        text: Private<String>,
    },
    /// They deleted a message they had sent.
    Revoked {
        /// Its id.
        original: EventId,
    },
    /// Something that the provider could not pass on, or that we do not know.
    Unsupported {
        /// The provider's word for it.
        kind: String,
    },
    /// The provider handled an opt-out word by itself (`OptOutType`): the words, and which.
    OptOut {
        /// `STOP`, `START` or `HELP`, already answered by the provider.
        word: String,
        /// What they wrote.
        text: Private<String>,
    },
}

/// A contact card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The name on it; may be empty.
    pub name: Private<String>,
    /// The numbers on it, as written.
    pub phones: Vec<Private<String>>,
}

/// A flow to be started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Which.
    pub flow: String,
    /// The channel to write by.
    pub channel: String,
    /// The language to begin in.
    pub language: Option<Language>,
    /// Who answers at this address, `you` first; empty leaves the roster as it is.
    pub people: Vec<NewPerson>,
    /// What is to be done when a session already runs.
    pub if_busy: IfBusy,
}

/// What is to be done with a start when a session already runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IfBusy {
    /// Refuse it: the caller is told.
    Refuse,
    /// Wait until the open one ends or has been silent for two hours; the same flow again ends the old one as "no reply".
    Wait,
}

/// A person as the API or another conversation gives them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPerson {
    /// First name or nickname.
    pub first_name: Private<String>,
    /// Year of birth, for the identity question.
    pub birth_year: Option<i16>,
    /// The caller's own id for them.
    pub record: Option<Private<String>>,
}

/// What a tracer does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum DeskAct {
    /// Takes the conversation.
    Claim,
    /// Gives it back to the queue.
    Release,
    /// Gives it to another tracer.
    Transfer(TracerId),
    /// Writes to the patient. In a conversation the bot holds it is a claim too.
    Reply(Private<String>),
    /// Fills in an answer on the patient's behalf.
    Answer {
        /// The step's path.
        step: String,
        /// In words, as the patient would.
        said: Private<String>,
    },
    /// Hands back to the bot.
    HandBack(HandBack),
    /// Ends the escalation with an outcome; the session ends as "resolved".
    Resolve(DeskOutcome),
    /// Puts it aside until a time, or until the patient writes.
    Park(Option<Timestamp>),
    /// Opens a resolved one again.
    Reopen,
    /// Takes note for the record; the patient sees nothing.
    Note(Private<String>),
    /// A task is done.
    TaskDone(String),
}

/// Where the bot is to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HandBack {
    /// Where the escalation says.
    AsPlanned,
    /// At a step, by path.
    AtStep(String),
    /// At the end of the session.
    ToTheEnd,
}

/// How an escalation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeskOutcome {
    /// The patient was reached.
    Reached,
    /// Not reached.
    NotReached,
    /// The patient refused.
    Refused,
    /// Referred to care.
    Referred,
    /// There was nothing.
    FalseAlarm,
    /// Somebody else has it.
    Duplicate,
}

impl DeskOutcome {
    /// All, in the order of the desk's menu, with their words.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Reached, "reached"),
        (Self::NotReached, "not reached"),
        (Self::Refused, "refused"),
        (Self::Referred, "referred"),
        (Self::FalseAlarm, "false alarm"),
        (Self::Duplicate, "duplicate"),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(outcome, _)| *outcome == self).map_or("", |(_, word)| word)
    }
}

/// An event for another address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deliver {
    /// Whose conversation.
    pub address: Address,
    /// The channel it is reached by.
    pub channel: String,
    /// What happens there; its id is derived from what caused it, so that a repeat is one.
    pub event: Event,
}
