//! All that the engine knows about one address.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::session::Session;
use crate::{
    answer::auto_reply::Print,
    base::{
        Address, EventId, Language, Private,
        id::{PersonNumber, TracerId},
        limit, stamp,
    },
    flow::model::Urgency,
};

/// A conversation: one for each address. Changed only by [`super::step`], kept only by the store's commit.
///
/// Stored by postcard behind a versioned header: fields are only ever added at the end, with a new version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// Where it is held.
    pub address: Address,
    /// The configured channel by which replies go: the one they wrote to last.
    pub channel: String,
    /// The language they chose or wrote in; `None` until known.
    pub language: Option<Language>,
    /// Their own IANA time zone, where known.
    pub time_zone: Option<String>,
    /// Everyone this address answers for; the first is `you`.
    pub roster: Vec<Person>,
    /// Who leads.
    pub holder: Holder,
    /// Grows with every change of holder; late sends are fenced by it.
    pub epoch: u64,
    /// When they opted out, unless they came back.
    #[serde(with = "stamp::option")]
    pub opted_out_at: Option<Timestamp>,
    /// Their last message: the window of WhatsApp counts from it.
    #[serde(with = "stamp::option")]
    pub last_inbound_at: Option<Timestamp>,
    /// When the identity flow last held here.
    #[serde(with = "stamp::option")]
    pub identity_held_at: Option<Timestamp>,
    /// Failed tries at an identity question within the last hour, oldest first.
    #[serde(with = "stamp::list")]
    pub identity_tries_at: Vec<Timestamp>,
    /// Running sessions: the first is open, the others wait. At most [`limit::WAITING_SESSIONS`] + 1.
    pub sessions: Vec<Session>,
    /// The question that lapsed unanswered last, for late answers.
    pub lapsed: Option<Lapsed>,
    /// The live call for a human.
    pub escalation: Option<Escalation>,
    /// Resolved or cancelled last, so that it can be reopened.
    pub last_escalation: Option<Escalation>,
    /// Since when they wait for a human's word.
    #[serde(with = "stamp::option")]
    pub waiting_since: Option<Timestamp>,
    /// Ids of events seen.
    pub seen: Seen,
    /// Events that changed it so far: the next journal entry's number.
    pub n_turns: u64,
    /// Automatic replies in a row that were sent without anything understood, against loops with other bots.
    pub n_unread_in_a_row: u16,
    /// By what our newest messages are known when they come back; at most [`limit::SENT_PRINTS`].
    pub sent: Vec<Print>,
    /// The same texts again and again.
    pub repeats: Option<Repeats>,
}

/// Texts that came, counted within one window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeats {
    /// When the counting began.
    #[serde(with = "stamp")]
    pub since: Timestamp,
    /// What they are known by, and how often each came; at most [`limit::LOOP_TEXTS`].
    pub counts: Vec<(u64, u8)>,
}

/// A session that ended by silence and whose last question may still be answered late.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lapsed {
    /// The session as it stood.
    pub session: Session,
    /// When it ended.
    #[serde(with = "stamp")]
    pub at: Timestamp,
}

/// Someone this address answers for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// The number within this conversation; 0 is `you`.
    pub number: PersonNumber,
    /// First name or nickname, as the household calls them.
    pub first_name: Private<String>,
    /// Year of birth, where the record has it: the identity question compares it.
    pub birth_year: Option<i16>,
    /// The record's id for them, as the caller of the API gave it.
    pub record: Option<Private<String>>,
    /// Daily checks missed in a row.
    pub missed_in_a_row: u16,
}

/// Who leads a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Holder {
    /// The bot.
    Bot,
    /// Nobody yet: a human was called, the bot waits.
    Nobody,
    /// A tracer.
    Tracer(TracerId),
}

/// A call for a human, as it lives in the conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Escalation {
    /// `esc_` and a hash of what raised it.
    pub id: String,
    /// How urgent; a second call raises it.
    pub urgency: Urgency,
    /// Why, newest last, in the desk's language.
    pub because: Vec<String>,
    /// The patient's words that raised it, where words did.
    pub quote: Option<Private<String>>,
    /// The rule that fired: flow, step and arm, or `emergency words`, `asked for a person`, `not understood`, `fault`.
    pub rule: String,
    /// When it was raised.
    #[serde(with = "stamp")]
    pub raised_at: Timestamp,
    /// Its state.
    pub state: EscalationState,
    /// When its next clock runs out; every live one has one.
    #[serde(with = "stamp::option")]
    pub due_at: Option<Timestamp>,
    /// Whether its overdue notice went to the patient.
    pub told_overdue: bool,
    /// Where the bot goes on when handed back.
    pub resume: ResumeAt,
}

/// Where an escalation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EscalationState {
    /// Nobody has taken it.
    Waiting,
    /// Nobody took it in its time.
    Overdue,
    /// A tracer has it.
    Claimed,
    /// Put aside by its tracer until a time or until the patient writes.
    Parked,
    /// Back with the bot.
    HandedBack,
    /// Done, with an outcome.
    Resolved,
    /// Ended by STOP or elsewhere.
    Cancelled,
}

/// Where the bot goes on after a hand-back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResumeAt {
    /// Ask the open question again.
    OpenQuestion,
    /// The step after the one that called.
    NextStep,
    /// After the open question, which was answered meanwhile.
    AfterAnswer,
    /// At a step of the calling flow, for the same person.
    Step(String),
    /// The session ends as "resolved".
    End,
    /// Nothing was open.
    Nothing,
}

/// The ring of event ids: inbound messages, desk acts and API calls. Repeats of what is in it change nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The first eight bytes of the SHA-256 of each id, with the provider's time in ms; oldest first; at most [`limit::SEEN_IDS`].
    #[serde(with = "ring")]
    pub ring: Vec<(u64, i64)>,
    /// The newest time that fell out of the ring, in ms: what is older and unknown may be a repeat.
    pub evicted_through_ms: i64,
}

/// How the ring is stored: in one piece, 16 bytes each, since it is most of a stored conversation and its numbers have nothing to spare.
mod ring {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    pub fn serialize<S: Serializer>(ring: &[(u64, i64)], serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return ring.serialize(serializer);
        }
        let mut bytes = Vec::with_capacity(16 * ring.len());
        for (id, at_ms) in ring {
            bytes.extend_from_slice(&id.to_le_bytes());
            bytes.extend_from_slice(&at_ms.to_le_bytes());
        }
        serializer.serialize_bytes(&bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(u64, i64)>, D::Error> {
        if deserializer.is_human_readable() {
            return Vec::deserialize(deserializer);
        }
        let (entries, rest) = <&[u8]>::deserialize(deserializer)?.as_chunks::<16>();
        if !rest.is_empty() {
            return Err(de::Error::custom("the ring of ids ends within an entry"));
        }
        let entry = |bytes: &[u8; 16]| {
            let all = u128::from_le_bytes(*bytes);
            #[expect(clippy::cast_possible_truncation, reason = "one half each")]
            let (id, at_ms) = (all as u64, (all >> 64) as u64);
            (id, at_ms.cast_signed())
        };
        Ok(entries.iter().map(entry).collect())
    }
}

/// Whether an event was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenBefore {
    /// Never.
    No,
    /// Certainly.
    Yes,
    /// Too old to tell: read for STOP and emergencies only, shown to the tracer.
    Perhaps,
}

impl Seen {
    /// Whether an id was seen.
    pub fn ask(&self, id: &EventId, at: Timestamp) -> SeenBefore {
        let short = short_hash(id);
        if self.ring.iter().any(|(seen, _)| *seen == short) {
            SeenBefore::Yes
        } else if at.as_millisecond() <= self.evicted_through_ms {
            SeenBefore::Perhaps
        } else {
            SeenBefore::No
        }
    }

    /// Remembers an id; the oldest falls out where the ring is full.
    pub fn remember(&mut self, id: &EventId, at: Timestamp) {
        if self.ring.len() >= limit::SEEN_IDS {
            let (_, evicted_ms) = self.ring.remove(0);
            self.evicted_through_ms = self.evicted_through_ms.max(evicted_ms);
        }
        self.ring.push((short_hash(id), at.as_millisecond()));
    }
}

fn short_hash(id: &EventId) -> u64 {
    use sha2::Digest;
    let hash = sha2::Sha256::digest(id.as_str().as_bytes());
    hash.iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

impl Conversation {
    /// What may be kept of it once everything of the person is erased: ids seen and an opt-out, so that late repeats change nothing and
    /// nobody who said STOP is written to; the epoch, so that nothing that was decided before leaves. No address, nobody's name.
    pub fn erased(&self) -> Self {
        let address = Address::new(self.address.medium, "");
        Self {
            epoch: self.epoch.saturating_add(1),
            opted_out_at: self.opted_out_at,
            seen: self.seen.clone(),
            n_turns: self.n_turns,
            ..Self::new(address, self.channel.as_str())
        }
    }

    /// Whether it is what [`Conversation::erased`] leaves.
    pub fn is_erased(&self) -> bool {
        self.address.id.reveal().is_empty()
    }

    /// A conversation that nothing has happened in yet.
    pub fn new(address: Address, channel: impl Into<String>) -> Self {
        Self {
            address,
            channel: channel.into(),
            language: None,
            time_zone: None,
            roster: vec![Person::unnamed(PersonNumber::YOU)],
            holder: Holder::Bot,
            epoch: 0,
            opted_out_at: None,
            last_inbound_at: None,
            identity_held_at: None,
            identity_tries_at: Vec::new(),
            sessions: Vec::new(),
            lapsed: None,
            escalation: None,
            last_escalation: None,
            waiting_since: None,
            seen: Seen::default(),
            n_turns: 0,
            n_unread_in_a_row: 0,
            sent: Vec::new(),
            repeats: None,
        }
    }

    /// The person of a number.
    pub fn person(&self, number: PersonNumber) -> Option<&Person> {
        self.roster.iter().find(|person| person.number == number)
    }

    /// The bytes of what its sessions hold, about: see [`limit::SESSIONS_BYTES`].
    pub fn sessions_bytes(&self) -> usize {
        self.sessions.iter().chain(self.lapsed.as_ref().map(|lapsed| &lapsed.session)).map(Session::bytes).sum()
    }

    /// The open session.
    pub fn open_session(&self) -> Option<&Session> {
        self.sessions.first()
    }
}

impl Person {
    /// Someone of whom nothing is known yet.
    pub const fn unnamed(number: PersonNumber) -> Self {
        Self { number, first_name: Private::new(String::new()), birth_year: None, record: None, missed_in_a_row: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_remembered_until_it_falls_out_and_then_doubted() {
        let mut seen = Seen::default();
        let at = |ms| Timestamp::from_millisecond(ms).unwrap();
        for n in 0..=64_i64 {
            seen.remember(&EventId(format!("SM{n}")), at(n));
        }
        assert_eq!(seen.ask(&"SM64".into(), at(64)), SeenBefore::Yes);
        assert_eq!(seen.ask(&"SM0".into(), at(0)), SeenBefore::Perhaps);
        assert_eq!(seen.ask(&"new".into(), at(65)), SeenBefore::No);
    }
}
